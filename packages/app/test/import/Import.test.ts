/** Histories that come as files: read line by line, imported account by account, once. */
import { EventStore, PolicyStore } from "@pointback/adapters"
import { Ids, Instant, Points, Zone } from "@pointback/domain"
import { Effect, type Scope, Stream } from "effect"
import { writeFileSync } from "node:fs"
import { assert, describe, it } from "vitest"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import * as ImportFile from "../../src/import/ImportFile.ts"
import { MAXIMUM_LINE_BYTES } from "../../src/import/ImportLines.ts"
import { importHistory } from "../../src/import/ImportHistory.ts"
import { aging } from "../../src/query/Aging.ts"
import { at, newAccount, redeem } from "../support/Commands.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"
import { worldFor } from "../support/World.ts"
import { credited, earned, everything, expired, program, redeemed } from "./Records.ts"

const folder = temporaryFolder()

const runScoped = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(Effect.scoped(effect))

/** Reads and imports the content of a file. */
const importText = (content: string | Uint8Array) =>
  Effect.scoped(Effect.flatMap(ImportFile.read(writeNew(folder, content)), (history) => importHistory(history)))

describe("import", () => {
  const world = worldFor("postgres")

  const balance = (account: Ids.AccountNumber, when: string) =>
    world.run(
      Effect.map(aging({ program: Ids.ProgramId.make(program), account, asOf: at(when), basis: "age" }), ({ total }) =>
        Points.toString(total)
      )
    )

  const eventsOf = (account: Ids.AccountNumber) =>
    world.run(
      Effect.gen(function* () {
        const store = yield* EventStore.EventStore
        const ref = yield* store.find(Ids.ProgramId.make(program), account)
        return ref === null ? [] : yield* Stream.runCollect(store.readAccount(ref))
      })
    )

  it("takes every type of record, and a second run adds nothing", async () => {
    const account = newAccount()
    const text = ndjson(everything(account))
    const first = await world.run(importText(text))
    assert.deepStrictEqual(first, {
      records: 7,
      accounts: 1,
      imported: 7,
      replayed: 0,
      refusedAccounts: 0,
      refused: []
    })
    const events = await eventsOf(account)
    assert.deepStrictEqual(
      events.map(({ fact }) => fact.event._tag),
      [
        "PointsEarned",
        "PointsEarned",
        "PointsAdjusted",
        "Redeemed",
        "PartiallyCredited",
        "FullyCredited",
        "PointsExpired"
      ]
    )
    assert.strictEqual(Instant.toString(events[0]!.fact.occurredAt), "2025-01-11T08:00:00.000Z")
    assert.deepStrictEqual(await balance(account, "2026-02-01"), "100")
    const before = await world.dump(account)
    const keys = await world.keys()
    const second = await world.run(importText(text))
    assert.deepStrictEqual(second, {
      records: 7,
      accounts: 1,
      imported: 0,
      replayed: 7,
      refusedAccounts: 0,
      refused: []
    })
    assert.deepStrictEqual(await world.dump(account), before)
    assert.strictEqual(await world.keys(), keys)
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("takes what was added to a file that was imported before", async () => {
    const account = newAccount()
    await world.run(importText(ndjson(everything(account).slice(0, 4))))
    const whole = await world.run(importText(ndjson(everything(account))))
    assert.deepStrictEqual([whole.imported, whole.replayed], [3, 4])
  })

  it("takes accounts in any interleaving, each in the order of its lines", async () => {
    const accounts = Array.from({ length: 12 }, newAccount)
    const histories = accounts.map(everything)
    const interleaved = histories[0]!.flatMap((_, index) => histories.map((records) => records[index]!))
    const imported = await world.run(importText(ndjson(interleaved)))
    assert.deepStrictEqual([imported.accounts, imported.imported], [12, 84])
    for (const account of accounts) assert.strictEqual(await balance(account, "2026-02-01"), "100")
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("reads dates in the zone of the program", async () => {
    const account = newAccount()
    const chicago = Ids.ProgramId.make("chicago")
    await world.run(
      PolicyStore.use((policies) =>
        policies.revise(chicago, (terms) => ({ ...terms, zone: Zone.Zone.make("America/Chicago") }))
      )
    )
    const record = { ...earned(account, "A", "1", { expiresAt: "2025-07-10" }), program: chicago }
    await world.run(importText(ndjson([record])))
    const answer = await world.run(aging({ program: chicago, account, asOf: at("2025-02-01"), basis: "age" }))
    assert.deepStrictEqual(
      answer.lots.map((lot) => [Instant.toString(lot.earnedAt), Instant.toString(lot.expiresAt!)]),
      [["2025-01-10T06:00:00.000Z", "2025-07-10T05:00:00.000Z"]]
    )
  })

  it("rolls the account of a refused record back, names its line, and goes on with the others", async () => {
    const [good, bad, worse, known] = [newAccount(), newAccount(), newAccount(), newAccount()]
    await world.run(importText(ndjson([earned(known, "A", "10")])))
    const before = (await eventsOf(known)).length
    const imported = await world.run(
      importText(
        ndjson([
          earned(good, "A", "10"),
          earned(bad, "A", "10"),
          redeemed(worse, "R1", "5"),
          redeemed(bad, "R1", "10.01"),
          redeemed(good, "R1", "10"),
          redeemed(bad, "R2", "1"),
          redeemed(known, "R1", "1"),
          credited(known, "R1", "c1", { points: "2" })
        ])
      )
    )
    assert.deepStrictEqual(
      imported.refused.map(({ account, line, refusal }) => [line, account, refusal._tag]),
      [
        [3, worse, "InsufficientPoints"],
        [4, bad, "InsufficientPoints"],
        [8, known, "ExceedsRedeemed"]
      ]
    )
    assert.deepStrictEqual([imported.records, imported.accounts, imported.imported], [8, 4, 2])
    assert.strictEqual((await eventsOf(good)).length, 2)
    assert.strictEqual((await eventsOf(bad)).length, 0)
    assert.strictEqual((await eventsOf(known)).length, before)
    // Nothing is remembered of what was rolled back: mended records are taken.
    const mended = await world.run(importText(ndjson([earned(bad, "A", "10"), redeemed(bad, "R1", "10")])))
    assert.deepStrictEqual([mended.imported, mended.refused], [2, []])
    assert.deepStrictEqual(await world.differences(), [])
  })

  it("refuses an expiry that differs from what the lot held", async () => {
    const account = newAccount()
    const lot = earned(account, "A", "100", { expiresAt: "2026-01-10" })
    const refused = async (points: string) => {
      const imported = await world.run(
        importText(ndjson([lot, redeemed(account, "R1", "30"), expired(account, "A", points)]))
      )
      return imported.refused.map(({ line, refusal }) => [line, refusal._tag])
    }
    assert.deepStrictEqual(await refused("100"), [[3, "ExpiredDiffers"]])
    assert.deepStrictEqual(await refused("-70"), [[3, "ExpiredDiffers"]])
    assert.deepStrictEqual(await refused("70"), [])
    const never = await world.run(importText(ndjson([earned(account, "N", "1"), expired(account, "N", "1")])))
    assert.deepStrictEqual(
      never.refused.map(({ refusal }) => refusal._tag),
      ["NotExpired"]
    )
  })

  it("takes a record that a file has twice once, and refuses one that differs from it", async () => {
    const [twice, differs] = [newAccount(), newAccount()]
    const imported = await world.run(
      importText(
        ndjson([
          earned(twice, "A", "10"),
          earned(differs, "A", "10"),
          earned(twice, "A", "10.00"),
          earned(differs, "A", "11")
        ])
      )
    )
    assert.deepStrictEqual([imported.imported, imported.replayed], [1, 1])
    const [refused] = imported.refused
    assert.deepInclude(refused, { line: 4, account: differs })
    assert.deepInclude(refused?.refusal, { _tag: "KeyConflict", fields: ["points"] })
    assert.strictEqual((await eventsOf(differs)).length, 0)
  })

  it("takes late records, and refuses the account where they would break something that happened later", async () => {
    const account = newAccount()
    await world.run(importText(ndjson([earned(account, "A", "100"), redeemed(account, "R1", "80")])))
    await world.run(importText(ndjson([redeemed(account, "late", "20", { occurredAt: "2025-06-01" })])))
    const broken = await world.run(importText(ndjson([redeemed(account, "later", "1", { occurredAt: "2025-06-02" })])))
    assert.deepStrictEqual(
      broken.refused.map(({ refusal }) => refusal._tag),
      ["InsufficientPoints"]
    )
    assert.strictEqual(await balance(account, "2025-06-01"), "80")
    assert.strictEqual(await balance(account, "2025-12-01"), "0")
  })

  it("goes on while others write the same account", async () => {
    const account = newAccount()
    await world.run(importText(ndjson([earned(account, "A", "1000")])))
    const history = Array.from({ length: 20 }, (_, index) => redeemed(account, `I${index}`, "1"))
    const others = Effect.forEach(
      Array.from({ length: 20 }, (_, index) => redeem(account, `O${index}`, "1", "2025-12-02")),
      (command) => redeemPoints(command),
      { concurrency: 4 }
    )
    const [imported] = await world.run(Effect.all([importText(ndjson(history)), others], { concurrency: "unbounded" }))
    assert.strictEqual(imported.imported, 20)
    assert.strictEqual(await balance(account, "2025-12-02"), "960")
    assert.deepStrictEqual(await world.differences(), [])
  })

  it.each([
    [
      "blank lines and blanks around records",
      (lines: ReadonlyArray<string>) => `\n  \n${lines.join("\n\n\t\n")}  \n\n`
    ],
    ["line ends of Windows", (lines: ReadonlyArray<string>) => lines.join("\r\n") + "\r\n"],
    ["a byte order mark", (lines: ReadonlyArray<string>) => `\ufeff${lines.join("\n")}`],
    ["no line end at the end", (lines: ReadonlyArray<string>) => lines.join("\n")]
  ])("reads files with %s", async (_name, file) => {
    const account = newAccount()
    const lines = ndjson(everything(account)).trimEnd().split("\n")
    assert.strictEqual((await world.run(importText(file(lines)))).imported, 7)
  })

  it("ends lines at line feeds only: JSON may have a line separator inside of a text", async () => {
    const account = newAccount()
    const source = "one\u2028two\u2029three"
    const imported = await world.run(importText(ndjson([earned(account, "A", "1", { source })])))
    assert.strictEqual(imported.imported, 1)
    assert.deepInclude((await eventsOf(account))[0]!.fact.event, { source })
  })

  it("reads an empty file", async () => {
    const imported = await world.run(importText(""))
    assert.deepStrictEqual(imported, {
      records: 0,
      accounts: 0,
      imported: 0,
      replayed: 0,
      refusedAccounts: 0,
      refused: []
    })
  })
})

describe("a file with lines that cannot be read", () => {
  const account = newAccount()
  const good = earned(account, "A", "1")
  const lineOf = (record: object) => JSON.stringify(record)

  const read = (content: string | Uint8Array) => runScoped(Effect.flip(ImportFile.read(writeNew(folder, content))))

  const unreadable = async (content: string | Uint8Array) => {
    const error = await read(content)
    assert.strictEqual(error._tag, "UnreadableLines")
    return error as ImportFile.UnreadableLines
  }

  it.each([
    ["no JSON", "{", /^no JSON object$/],
    ["no object", "[1]", /^type: /],
    ["null", "null", /^type: /],
    ["another type", lineOf({ ...good, type: "gained" }), /^type: /],
    ["a missing field", lineOf({ ...good, points: undefined }), /points/],
    ["a field that nobody knows", lineOf({ ...good, point: "1" }), /point/],
    ["an amount that is a number", lineOf({ ...good, points: 1 }), /points/],
    ["an amount that is no decimal", lineOf({ ...good, points: "1e3" }), /a plain decimal string/],
    ["an amount with five digits", lineOf({ ...good, points: "0.00001" }), /at most 4 fractional digits/],
    ["a date that does not exist", lineOf({ ...good, earnedAt: "2025-02-29" }), /earnedAt/],
    ["a time without a zone", lineOf({ ...good, earnedAt: "2025-02-01T10:00:00" }), /earnedAt/],
    ["an identifier with a control character", lineOf({ ...good, lot: "A\u0000" }), /control characters/],
    ["half a surrogate pair", lineOf({ ...good, source: "\ud83d" }), /well-formed/],
    ["a lot that only a credit may make", lineOf({ ...good, lot: "extended:c1:1" }), /extended:/],
    [
      "a redemption type that there is not",
      lineOf(redeemed(account, "R1", "1", { redemptionType: "GIFT" })),
      /redemptionType/
    ]
  ])("names %s and says why", async (_name, line, reason) => {
    const { count, lines } = await unreadable(`${lineOf(good)}\n${line}\n${lineOf(good)}\n`)
    assert.strictEqual(count, 1)
    assert.strictEqual(lines[0]?.line, 2)
    assert.match(lines[0]?.reason ?? "", reason)
    assert.notInclude(lines[0]?.reason ?? "", "\n")
  })

  it("counts all of them and names the first hundred", async () => {
    const { count, lines, message } = await unreadable(`${lineOf(good)}\n${"x\n".repeat(250)}`)
    assert.deepStrictEqual([count, lines.length, lines[0]?.line, lines[99]?.line], [250, 100, 2, 101])
    assert.match(message, /250 lines cannot be read, nothing was recorded/)
    assert.match(message, /and 150 more$/)
  })

  it("does not read a line of more than a million bytes, and reads on behind it", async () => {
    const long = lineOf({ ...good, source: "x".repeat(MAXIMUM_LINE_BYTES) })
    const { count, lines } = await unreadable(`${lineOf(good)}\n${long}\n${lineOf(good)}\n{\n`)
    assert.strictEqual(count, 2)
    assert.deepStrictEqual(lines[0], { line: 2, reason: "more than 1000000 bytes" })
    assert.strictEqual(lines[1]?.line, 4)
  })

  it("takes no text of another encoding for one of its own", async () => {
    const latin1 = Buffer.from(`${lineOf({ ...good, source: "caf\u00e9" })}\n`, "latin1")
    assert.deepStrictEqual((await unreadable(latin1)).lines, [{ line: 1, reason: "no UTF-8 text" }])
  })

  it("reads characters that stand across the blocks of a file", async () => {
    const file = writeNew(folder, "")
    const records = Array.from({ length: 3000 }, (_, index) =>
      earned(account, `lot-${index}`, "1", { source: "é€😀".repeat(index % 30) || "-" })
    )
    writeFileSync(file, ndjson(records))
    const accounts = await runScoped(
      Effect.flatMap(ImportFile.read(file), (history) => Stream.runCollect(history.accounts))
    )
    assert.deepStrictEqual(
      accounts
        .flatMap((history) => (history._tag === "Whole" ? history.records : []))
        .map(({ record }) => ("source" in record ? record.source : undefined)),
      records.map((record) => (record as { source?: string }).source)
    )
  })

  it("is told from one that is not there, or is a folder", async () => {
    const missing = await runScoped(Effect.flip(ImportFile.read(`${folder}/missing.ndjson`)))
    assert.strictEqual(missing._tag, "UnreadableFile")
    assert.strictEqual((await runScoped(Effect.flip(ImportFile.read(folder))))._tag, "UnreadableFile")
  })
})
