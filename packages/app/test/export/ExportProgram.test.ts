/** An exported ledger, recomputed from the export alone, and held against what is stored. */
import { execFileSync, spawnSync } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { commandLine, type Line, type Ran } from "../support/Cli.ts"
import { folderDatabases, lookingInto, serverDatabase } from "../support/Databases.ts"
import { temporaryFolder } from "../support/Files.ts"
import { isInstalled, titleOf } from "../support/Installed.ts"
import { parseCsv } from "../support/ParseCsv.ts"
import type { ReadEntry, ReadPosting } from "../support/PlainText.ts"
import { balances, hledgerAccount, readBeancount, readHledger } from "../support/PlainText.ts"

const HOSTILE = ["a : b; c  d", '"quoted" \\ {1 PTS}', "(x) | *!", "%3A é 中 ‮", "#tag ^link, a:b", "'=1+1"]

const answer = ({ code, err, out }: Ran): string => {
  assert.deepStrictEqual([code, err], [0, ""])
  return out
}

const toUnits = (text: string): bigint => {
  const [integer, fraction = ""] = text.replace("-", "").split(".")
  const magnitude = BigInt(integer! + fraction.padEnd(4, "0"))
  return text.startsWith("-") ? -magnitude : magnitude
}

/** What is known of a lot under a hostile name, with late facts that correct what a sweep has booked. */
const hostile = (account: string): ReadonlyArray<Line> => [
  ...HOSTILE.flatMap((name, index): ReadonlyArray<Line> => {
    const of = ["--program", "hostile", "--account", account]
    return [
      ["earn", ...of, "--lot", name, "--points", "100.25", "--earned-at", "2025-01-10", "--expires-at", "2026-01-10"],
      [
        "redeem",
        ...of,
        "--redemption",
        `${name} r`,
        "--points",
        "60.5",
        "--type",
        "TRAVEL",
        "--processed-by",
        "E1"
      ].concat(["--at", `2025-02-0${index + 1}`, "--draw", `${name}=60.5`]),
      ["credit", ...of, "--redemption", `${name} r`, "--credit-id", `${name} c`, "--points", "10", "--local"].concat([
        "--at",
        "2025-03-01",
        "--actor",
        name
      ])
    ]
  }),
  "expire --program hostile --as-of 2026-02-01",
  // Recorded after the sweep, and true before the lots' end: the sweep's bookings are corrected in both directions.
  [...late("adjust", account), "--points=-20.25", "--reason", "late", "--key", "down", "--at", "2025-06-01"],
  [...late("adjust", account), "--points=1.75", "--reason", "late", "--key", "up", "--at", "2025-05-01"],
  ["credit", "--program", "hostile", "--account", account, "--redemption", `${HOSTILE[0]} r`].concat([
    "--credit-id",
    "after",
    "--points",
    "5",
    "--local",
    "--at",
    "2026-03-01"
  ])
]

const late = (command: string, account: string) => [
  command,
  "--program",
  "hostile",
  "--account",
  account,
  "--lot",
  HOSTILE[0]!
]

const postingsOf = (entries: ReadonlyArray<ReadEntry>): ReadonlyArray<ReadPosting> =>
  entries.flatMap(({ postings }) => postings)

describe("an exported ledger", () => {
  const url = serverDatabase()
  const type = commandLine(url)
  const look = lookingInto(url)
  const folder = temporaryFolder()
  const files = { generated: "", hostile: "" }

  const exported = async (program: string, format: string, more = ""): Promise<string> => {
    const out = join(folder, `${program}-${format}${more.replace(/\W/g, "-")}`)
    answer(await type(`export --program ${program} --format ${format} --out ${out} --force${more}`))
    return out
  }

  /** What is stored: credits less debits of every ledger account, by lot or redemption; debits are positive here. */
  const stored = async (program: string): Promise<Map<string, bigint>> => {
    const found = await look(
      rows<{ side: string; account: string; label: string; points: string }>(
        `select side, account, label, sum(points)::text as points from (
          select debit as side, account_key as account, points,
            case debit when 'lot' then lot_id when 'redeemed' then redemption_id else '' end as label
          from postings where program = '${program}'
          union all
          select credit, account_key, -points,
            case credit when 'lot' then lot_id when 'redeemed' then redemption_id else '' end
          from postings where program = '${program}'
        ) sides group by side, account, label having sum(points) <> 0`
      )
    )
    return new Map(
      found.map(({ account, label, points, side }) => [JSON.stringify([side, account, label]), toUnits(points)])
    )
  }

  beforeAll(async () => {
    answer(await type(`generate --seed 11 --redemptions 400 --out ${join(folder, "made")} --program generated`))
    answer(await type(`import ${join(folder, "made", "import.ndjson")}`))
    answer(await type("program set hostile --scale 2 --zone America/Chicago --expired-lots extend:30"))
    for (const line of hostile("2200941101786412")) answer(await type(line))
    files.generated = readFileSync(await exported("generated", "hledger"), "utf8")
    files.hostile = readFileSync(await exported("hostile", "hledger"), "utf8")
  })

  it.each(["generated", "hostile"])(
    "L5 conservation: every entry of %s sums to zero, in both languages",
    async (program) => {
      const events = await look(
        rows<{ count: number }>(
          `select count(distinct (partition, position))::int as count from postings where program = '${program}'`
        )
      )
      const journal = readHledger(readFileSync(await exported(program, "hledger"), "utf8"))
      const file = readBeancount(readFileSync(await exported(program, "beancount"), "utf8"))
      assert.strictEqual(journal.length, events[0]!.count)
      assert.strictEqual(new Set(file.map(({ tags }) => tags["event"])).size, events[0]!.count)
      for (const { postings, tags } of [...journal, ...file]) {
        assert.isAtLeast(postings.length, 2)
        assert.strictEqual(
          postings.reduce((sum, { units }) => sum + units, 0n),
          0n,
          tags["event"]
        )
        assert.match(tags["occurred"]!, /^\d{4}-\d\d-\d\dT/)
        assert.match(tags["recorded"]!, /^\d{4}-\d\d-\d\dT/)
      }
    }
  )

  it.each(["generated", "hostile"])("adds up, read by itself, to what %s has stored, lot by lot", async (program) => {
    const expected = await stored(program)
    assert.isAtLeast(expected.size, 10)
    assert.deepStrictEqual(
      balances(postingsOf(readHledger(readFileSync(await exported(program, "hledger"), "utf8")))),
      expected
    )
    assert.deepStrictEqual(
      balances(postingsOf(readBeancount(readFileSync(await exported(program, "beancount"), "utf8")))),
      expected
    )
    const tables = await exported(program, "csv")
    const [head, ...lines] = parseCsv(readFileSync(join(tables, "journal.csv"), "utf8"))
    const at = (name: string) => head!.indexOf(name)
    const sides = lines.flatMap((line): ReadonlyArray<ReadPosting> => {
      const units = toUnits(line[at("points")]!)
      const of = (side: string, moved: bigint): ReadPosting => ({
        kind: line[at(side)]!,
        account: line[at("account")]!,
        label:
          line[at(side)] === "lot" ? line[at("lot")]! : line[at(side)] === "redeemed" ? line[at("redemption")]! : "",
        units: moved
      })
      return [of("debit", units), of("credit", -units)]
    })
    assert.deepStrictEqual(balances(sides), expected)
  })

  it("keeps every lot and every redemption within its bounds, entry by entry, in the order of the file (L1, L2)", () => {
    for (const entries of [readHledger(files.generated), readHledger(files.hostile)]) {
      const held = new Map<string, bigint>()
      for (const { account, kind, label, units } of postingsOf(entries)) {
        if (kind !== "lot" && kind !== "redeemed") continue
        const key = JSON.stringify([kind, account, label])
        held.set(key, (held.get(key) ?? 0n) - units)
        assert.isTrue(held.get(key)! >= 0n, `${key} holds ${held.get(key)}`)
      }
      assert.isAbove(held.size, 10)
    }
  })

  it("gives lots that agree with the journal beside them, and with what the program holds", async () => {
    const tables = await exported("generated", "csv")
    const [head, ...lines] = parseCsv(readFileSync(join(tables, "lots.csv"), "utf8"))
    const value = (line: ReadonlyArray<string>, name: string) => toUnits(line[head!.indexOf(name)]!)
    const expected = await stored("generated")
    let live = 0n
    for (const line of lines) {
      const [account, lot] = line
      const balance = value(line, "balance")
      const key = JSON.stringify(["lot", account, lot])
      assert.strictEqual(balance, -(expected.get(key) ?? 0n))
      assert.strictEqual(
        value(line, "earned") + value(line, "adjusted") - value(line, "drawn") + value(line, "restored"),
        balance + value(line, "expiredOnReversal") + value(line, "expiredByTime")
      )
      const expiresAt = line[head!.indexOf("expiresAt")]!
      if (expiresAt === "" || expiresAt > "2026-01-01T00:00:00.000Z") live += balance
    }
    const aging = JSON.parse(answer(await type("aging --program generated --as-of 2026-01-01 --json"))) as {
      total: string
    }
    assert.strictEqual(live, toUnits(aging.total))
  })

  it("has every event, with its payload, in the order of the log", async () => {
    const tables = await exported("hostile", "csv")
    const [head, ...lines] = parseCsv(readFileSync(join(tables, "events.csv"), "utf8"))
    const found = await look(
      rows<{ event: string; type: string; payload: string }>(
        "select event_id::text as event, type, payload::text as payload from events where program = 'hostile' order by account_key, position"
      )
    )
    assert.deepStrictEqual(
      lines.map((line) => ["event", "type", "payload"].map((name) => line[head!.indexOf(name)])),
      found.map(({ event, payload, type: name }) => [event, name, payload])
    )
  })

  it("L11 two clocks: as known at K it is the same file for ever, and an unsafe K is refused", async () => {
    const first = answer(await type(`export --program hostile --format hledger --out ${join(folder, "k")} --json`))
    const { knownAt } = JSON.parse(first) as { knownAt: string }
    const before = readFileSync(join(folder, "k"), "utf8")
    answer(
      await type([
        ...late("adjust", "2200941101786412"),
        "--points=1",
        "--reason",
        "x",
        "--key",
        "k",
        "--at",
        "2025-01-11"
      ])
    )
    const again = readFileSync(await exported("hostile", "hledger", ` --known-at ${knownAt}`), "utf8")
    assert.strictEqual(again, before)
    assert.notStrictEqual(readFileSync(await exported("hostile", "hledger"), "utf8").length, before.length)
    const refused = await type(
      `export --program hostile --format csv --out ${join(folder, "unsafe")} --known-at 2199-01-01 --json`
    )
    assert.strictEqual(refused.code, 1)
    assert.include(refused.err, "KnownAtNotSafe")
    assert.notInclude(readdirSync(folder).join(), "unsafe")
  })

  it("names accounts by their keys, and by their numbers only where that is asked for", async () => {
    for (const format of ["hledger", "beancount"]) {
      assert.notInclude(readFileSync(await exported("hostile", format), "utf8"), "2200941101786412")
      assert.include(readFileSync(await exported("hostile", format, " --numbers"), "utf8"), "2200941101786412")
    }
    const tables = await exported("hostile", "csv", " --numbers")
    const [, [, number] = []] = parseCsv(readFileSync(join(tables, "accounts.csv"), "utf8"))
    assert.strictEqual(number, "2200941101786412")
  })

  it("replaces nothing that is there, leaves nothing unfinished, and says what is wrong", async () => {
    const out = join(folder, "there")
    writeFileSync(out, "mine")
    const refused = await type(`export --program hostile --format hledger --out ${out} --json`)
    assert.strictEqual(refused.code, 2)
    assert.match(refused.err, /is there already; --force overwrites it/)
    assert.strictEqual(readFileSync(out, "utf8"), "mine")
    assert.strictEqual((await type(`export --program hostile --format csv --out ${join(out, "below")} --json`)).code, 2)
    assert.strictEqual((await type(`export --program nobody --format csv --out ${out} --json`)).code, 1)
    assert.strictEqual((await type(["export", "--program", "hostile", "--format", "csv", "--out", " "])).code, 2)
    assert.deepStrictEqual(
      readdirSync(folder).filter((name) => name.includes("unfinished")),
      []
    )
  })

  const hledger = isInstalled("hledger")
  it.skipIf(!hledger)(
    titleOf("comes to the same in hledger, which finds nothing to complain of", "hledger", hledger),
    async () => {
      for (const program of ["generated", "hostile"]) {
        const file = await exported(program, "hledger")
        execFileSync("hledger", ["-f", file, "check", "--strict"], { stdio: "pipe" })
        const csv = execFileSync("hledger", ["-f", file, "balance", "--flat", "-N", "-O", "csv"], { encoding: "utf8" })
        const [, ...lines] = parseCsv(csv)
        const found = lines.map(([name, amount]) => ({
          ...hledgerAccount(name!),
          units: toUnits(amount!.replace(" PTS", ""))
        }))
        assert.deepStrictEqual(balances(found), await stored(program))
      }
    }
  )

  const beancount = isInstalled("bean-check") && spawnSync(PYTHON, ["-c", "import beancount.loader"]).status === 0
  it.skipIf(!beancount)(
    titleOf("comes to the same in Beancount, which books every lot itself", "Beancount", beancount),
    async () => {
      for (const program of ["generated", "hostile"]) {
        const file = await exported(program, "beancount")
        const out = execFileSync(PYTHON, ["-c", INVENTORIES, file], { encoding: "utf8" })
        const found = (JSON.parse(out) as ReadonlyArray<readonly [string, string, string]>).map(
          ([name, label, amount]) => {
            const [top, kind, account] = name.split(":")
            return {
              kind: KINDS[`${top}:${kind}`]!,
              account: account!.replace(/^A-/, ""),
              label,
              units: toUnits(amount)
            }
          }
        )
        assert.deepStrictEqual(balances(found), await stored(program))
      }
    }
  )

  it.skipIf(!beancount)(
    titleOf("is refused by Beancount where a draw takes a point more than its lot has", "Beancount", beancount),
    async () => {
      const file = await exported("generated", "beancount")
      const text = readFileSync(file, "utf8")
      const spoiled = join(folder, "spoiled.beancount")
      // The first draw takes more, and the redemption that it is for gets more, so that the entry still balances.
      const draw = / {2}Liabilities:Lots:\S+ {2}(\d\S*) PTS [^\n]*\n {2}Liabilities:Redeemed:\S+ {2}-(\d\S*) PTS/
      writeFileSync(
        spoiled,
        text.replace(draw, (found) => found.replaceAll(/ (-?)\d[\d.]* PTS(?= \{)/g, " $19999999 PTS"))
      )
      assert.notStrictEqual(readFileSync(spoiled, "utf8"), text)
      assert.match(
        spawnSync("bean-check", [spoiled], { encoding: "utf8" }).stderr,
        /Not enough lots to reduce|No position matches/
      )
    }
  )
})

const KINDS: Readonly<Record<string, string>> = {
  "Liabilities:Lots": "lot",
  "Liabilities:Redeemed": "redeemed",
  "Expenses:Issued": "issued",
  "Expenses:Adjustments": "adjustments",
  "Income:ExpiredByTime": "expiredByTime",
  "Income:ExpiredOnReversal": "expiredOnReversal"
}

/** The system's Python, which Debian's Beancount is a library of; another one may stand before it in the path. */
const PYTHON = "/usr/bin/python3"

/** Beancount's own inventories of every account, position by position. */
const INVENTORIES = `
import json, sys
from beancount import loader
from beancount.core import data, inventory
entries, errors, options = loader.load_file(sys.argv[1])
if errors:
    raise SystemExit(str(errors[:3]))
held = {}
for entry in entries:
    if isinstance(entry, data.Transaction):
        for posting in entry.postings:
            held.setdefault(posting.account, inventory.Inventory()).add_position(posting)
print(json.dumps([[account, position.cost.label if position.cost else "", str(position.units.number)]
    for account, positions in held.items() for position in positions]))
`

describe("an exported ledger of an embedded database", () => {
  const folders = folderDatabases()

  it("is written as it is on a server", async () => {
    const database = folders("export")
    const type = commandLine(() => database)
    for (const line of hostile("2200941101786412").slice(0, 3)) answer(await type(line))
    const out = join(database, "..", "journal")
    answer(await type(`export --program hostile --format hledger --out ${out}`))
    assert.deepStrictEqual(
      readHledger(readFileSync(out, "utf8")).map(({ postings }) => postings.map(({ kind, units }) => [kind, units])),
      [
        [
          ["issued", 1_002_500n],
          ["lot", -1_002_500n]
        ],
        [
          ["lot", 605_000n],
          ["redeemed", -605_000n]
        ],
        [
          ["redeemed", 100_000n],
          ["lot", -100_000n]
        ]
      ]
    )
  })
})
