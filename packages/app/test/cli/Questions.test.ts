/** Questions about the past as they are typed: what people read, what programs read, what spreadsheets read. */
import { assert, beforeAll, describe, it } from "vitest"
import { setClock } from "../../../adapters/test/support/Appending.ts"
import { commandLine, type Line } from "../support/Cli.ts"
import { lookingInto, serverDatabase } from "../support/Databases.ts"

const ACCOUNT = "220094110178641288073796026652"
const of = `--program shop --account ${ACCOUNT}`

/** The reference scenario, and an account whose number and lot a spreadsheet would run. */
const SCENARIO: ReadonlyArray<readonly [recorded: string, line: Line]> = [
  ["2025-01-11", `earn ${of} --lot A --points 100 --earned-at 2025-01-10 --expires-at 2026-01-10`],
  ["2025-03-12", `earn ${of} --lot B --points 100 --earned-at 2025-03-10 --expires-at 2026-03-10`],
  ["2025-12-03", `redeem ${of} --redemption R1 --points 150 --type MERCHANDISE --processed-by E1 --at 2025-12-01`],
  ["2026-01-25", `credit ${of} --redemption R1 --credit-id C1 --points 70 --at 2026-01-20 --local`],
  ["2026-02-10", `credit ${of} --redemption R1 --credit-id C2 --at 2026-02-01 --local`],
  ["2026-02-11", "earn --program shop --account =cmd() --lot @x --points 0.5 --earned-at 2026-02-11"],
  ["2026-02-12", `adjust ${of} --lot B --points=-10 --reason lost --key a1 --at 2026-02-12`]
]

const period = "--program shop --from 2025-12-01 --to 2026-04-01"

describe("questions about the past", () => {
  const url = serverDatabase()
  const type = commandLine(url)
  const look = lookingInto(url)

  beforeAll(async () => {
    for (const [recorded, line] of SCENARIO) {
      await look(setClock(`${recorded} 09:00Z`))
      assert.strictEqual((await type(line)).code, 0)
    }
    await look(setClock("2026-04-02 09:00Z"))
  })

  const told = async (line: Line): Promise<string> => {
    const { code, err, out } = await type(line)
    assert.deepStrictEqual([code, err], [0, ""])
    return out
  }

  const json = async (line: string): Promise<Record<string, unknown>> =>
    JSON.parse(await told(`${line} --json`)) as Record<string, unknown>

  const refused = async (line: string) => {
    const { code, err, out } = await type(`${line} --json`)
    assert.strictEqual(out, "")
    return { code, ...(JSON.parse(err) as { error: { _tag: string; message: string; flag?: string } }).error }
  }

  const row = (values: Record<string, string>) => ({
    opening: "0",
    earned: "0",
    adjusted: "0",
    redeemed: "0",
    creditedLive: "0",
    creditedExpired: "0",
    expiredByTime: "0",
    expiredOnReversal: "0",
    closing: "0",
    ...values
  })

  it("roll forward, with cohorts in order before the total of each month", async () => {
    const answer = await json(`roll-forward ${period} --cohort --known-at 2026-02-10T09:00:00Z`)
    assert.deepStrictEqual(answer, {
      program: "shop",
      account: null,
      from: "2025-12-01T00:00:00.000Z",
      to: "2026-04-01T00:00:00.000Z",
      knownAt: "2026-02-10T09:00:00.000Z",
      rows: [
        { period: "2025-12", cohort: "2025-01", ...row({ opening: "100", redeemed: "100" }) },
        { period: "2025-12", cohort: "2025-03", ...row({ opening: "100", redeemed: "50", closing: "50" }) },
        { period: "2025-12", ...row({ opening: "200", redeemed: "150", closing: "50" }) },
        { period: "2026-01", cohort: "2025-01", ...row({ creditedExpired: "20", expiredOnReversal: "20" }) },
        { period: "2026-01", cohort: "2025-03", ...row({ opening: "50", creditedLive: "50", closing: "100" }) },
        {
          period: "2026-01",
          ...row({ opening: "50", creditedLive: "50", creditedExpired: "20", expiredOnReversal: "20", closing: "100" })
        },
        { period: "2026-02", cohort: "2025-01", ...row({ creditedExpired: "80", expiredOnReversal: "80" }) },
        { period: "2026-02", cohort: "2025-03", ...row({ opening: "100", closing: "100" }) },
        {
          period: "2026-02",
          ...row({ opening: "100", creditedExpired: "80", expiredOnReversal: "80", closing: "100" })
        },
        { period: "2026-03", cohort: "2025-03", ...row({ opening: "100", expiredByTime: "100" }) },
        { period: "2026-03", ...row({ opening: "100", expiredByTime: "100" }) }
      ]
    })
  })

  it("roll forward as a table with bars, without columns of zeros, and as CSV with all of them", async () => {
    const text = await told(`roll-forward ${period} --known-at 2026-02-10T09:00:00Z`)
    assert.match(text, /^points outstanding of program shop \(as known at 2026-02-10T09:00Z\)\n/)
    assert.match(text, /^2025-12 +200 +150 +0 +0 +0 +0 +50 +█+$/m)
    assert.notInclude(text, "adjusted")
    const csv = await told(`roll-forward ${period} --format csv`)
    const [head, december] = csv.split("\n")
    assert.strictEqual(
      head,
      "period,cohort,opening,earned,adjusted,redeemed,creditedLive,creditedExpired,expiredByTime,expiredOnReversal,closing"
    )
    assert.strictEqual(december, "2025-12,,200,0,0,150,0,0,0,0,50")
    assert.include(csv, "\n2026-02,,100,0.5,-10,")
  })

  it("list the events of a cell", async () => {
    const answer = await json(`roll-forward ${period} --events 2026-01:expiredOnReversal`)
    assert.deepInclude(answer, { period: "2026-01", column: "expiredOnReversal", points: "20" })
    const [event, ...others] = answer["events"] as ReadonlyArray<Record<string, unknown>>
    assert.isEmpty(others)
    const { eventId, ...rest } = event!
    assert.match(String(eventId), /^[0-9a-f-]{36}$/)
    assert.deepStrictEqual(rest, {
      at: "2026-01-20T00:00:00.000Z",
      account: ACCOUNT,
      lot: "A",
      column: "expiredOnReversal",
      points: "20",
      type: "PartiallyCredited",
      recordedAt: "2026-01-25T09:00:00.000Z",
      redemption: "R1",
      credit: "C1"
    })
    const text = await told(`roll-forward ${period} --events 2026-03:expiredByTime`)
    assert.match(text, /^expiredByTime in 2026-03, program shop \(provisional.*: 90 points in 1 line\n/)
    assert.include(text, "(not booked yet)")
    assert.match(await told(`roll-forward ${period} --events 2026-03:earned`), /: 0 points in 0 lines$/)
  })

  it("age on both clocks, in the buckets that are asked for", async () => {
    const answer = await json(`aging ${of} --as-of 2026-02-15 --known-at 2025-12-31 --boundaries 100,400`)
    assert.deepInclude(answer, { knownAt: "2025-12-31T00:00:00.000Z", total: "50" })
    assert.deepStrictEqual(
      (answer["buckets"] as ReadonlyArray<{ bucket: string; points: string }>).map(({ bucket, points }) => [
        bucket,
        points
      ]),
      [
        ["0-100", "0"],
        ["101-400", "50"],
        ["over-400", "0"]
      ]
    )
    assert.match(await told(`aging ${of} --as-of 2026-02-15`), /^90 points in account .* \(provisional: /)
  })

  it("guard what a spreadsheet would run", async () => {
    const csv = await told("aging --program shop --as-of 2026-02-15 --lots --format csv")
    assert.strictEqual(
      csv,
      "account,lot,points,earnedAt,expiresAt,restored\n" +
        `${ACCOUNT},B,90,2025-03-10T00:00:00.000Z,2026-03-10T00:00:00.000Z,50\n` +
        "'=cmd(),'@x,0.5,2026-02-11T00:00:00.000Z,,0"
    )
  })

  it("schedule what expires", async () => {
    assert.deepInclude(await json("schedule --program shop --as-of 2025-11-01"), {
      account: null,
      total: "200",
      rows: [
        { date: "2026-01-10", points: "100", lots: 1, restored: "0" },
        { date: "2026-03-10", points: "100", lots: 1, restored: "0" }
      ]
    })
    assert.strictEqual(
      await told(`schedule --program shop --as-of 2026-02-15 --format csv`),
      "date,points,lots,restored\n2026-03-10,90,1,50\nnever,0.5,1,0"
    )
    assert.match(await told(`schedule ${of} --as-of 2026-02-15`), /^2026-03-10 +90 +1 +50 +█+$/m)
  })

  it("turn cohorts", async () => {
    const answer = await json(`triangle ${period.replace("2025-12", "2026-01")} --known-at 2026-02-10T09:00:00Z`)
    assert.deepStrictEqual(answer["rows"], [
      {
        cohort: "2025-03",
        cells: [
          { age: 10, period: "2026-01", points: "100" },
          { age: 11, period: "2026-02", points: "100" },
          { age: 12, period: "2026-03", points: "0" }
        ]
      }
    ])
    assert.match(await told(`triangle ${period} --measure redeemed`), /^2025-01 .* 100 +0 +0 +0$/m)
    assert.match(
      await told("triangle --program shop --from 2026-02-01 --to 2026-04-01"),
      /^earned in +levels +\+0 +\+1 +\+11 +\+12$/m
    )
    assert.match(await told(`triangle ${period} --format csv`), /^cohort,age,period,points\n2025-03,9,2025-12,50\n/)
  })

  it("state an account", async () => {
    const answer = await json(`statement ${of} --from 2025-12-01 --to 2026-03-01`)
    assert.deepInclude(answer, { opening: "200", closing: "90", knownAt: null })
    const lines = answer["lines"] as ReadonlyArray<Record<string, unknown>>
    assert.deepStrictEqual(
      lines.map(({ balance, credit, expired, kind, points }) => [kind, points, expired, balance, credit]),
      [
        ["redeemed", "-150", "0", "50", null],
        ["credited", "50", "20", "100", "C1"],
        ["credited", "0", "80", "100", "C2"],
        ["adjusted", "-10", "0", "90", null]
      ]
    )
    assert.deepStrictEqual(answer["expiring"], [{ date: "2026-03-10", points: "90", lots: 1, restored: "50" }])
    assert.containsAllKeys(answer["computedAt"], ["partition", "position", "recordedAt"])
    const text = await told(`statement ${of} --from 2025-12-01 --to 2026-04-01`)
    assert.match(text, /credited, and 20 expired with it +\+50 +100 +R1 C1 +B \+50, A 20 expired$/m)
    assert.match(text, /^2026-03-10T00:00Z +expired +-90 +0 +B -90$/m)
    const csv = (await told(`statement ${of} --from 2025-12-01 --to 2026-03-01 --format csv`)).split("\n")
    assert.match(csv[1]!, /^2025-12-01T00:00:00.000Z,opening,,,200,/)
    assert.match(csv.at(-1)!, /^2026-03-01T00:00:00.000Z,closing,,,90,/)
  })

  it("restate, with the events that did it", async () => {
    const known = "--known-from 2025-12-31 --known-to 2026-02-01"
    const answer = await json(`restatement --program shop --as-of 2026-01-25 ${known}`)
    assert.deepInclude(answer, { total: { before: "50", after: "100" } })
    assert.deepStrictEqual(answer["lots"], [
      {
        account: ACCOUNT,
        lot: "B",
        earnedAt: "2025-03-10T00:00:00.000Z",
        expiresAt: "2026-03-10T00:00:00.000Z",
        before: { points: "50", restored: "0" },
        after: { points: "100", restored: "50" }
      }
    ])
    const events = answer["events"] as ReadonlyArray<Record<string, unknown>>
    assert.deepStrictEqual(
      events.map(({ column, credit, points }) => [column, credit, points]),
      [["creditedLive", "C1", "50"]]
    )
    const text = await told(`restatement ${of} --as-of 2026-01-25 ${known}`)
    assert.match(text, /: 50, then 100 points \(\+50\), as known at /)
    assert.match(text, /^181-365 +50 +100 +\+50$/m)
    assert.include(await told(`restatement ${of} --as-of 2025-11-01 ${known}`), "no lot moved")
  })

  it("say what is wrong with them, by the flag", async () => {
    const wrong: ReadonlyArray<readonly [line: string, code: number, tag: string, flag?: string]> = [
      [`roll-forward ${period} --events 2026-01:lost`, 2, "InvalidInput", "events"],
      [`roll-forward ${period} --events 2026-1:earned`, 2, "InvalidInput", "events"],
      [`roll-forward ${period} --events 2027-01:earned`, 2, "UnknownPeriod"],
      ["roll-forward --program shop --from 2026-04-01 --to 2026-04-01", 2, "InvalidInterval"],
      ["roll-forward --program shop --from 1700-01-01 --to 2026-04-01", 2, "InvalidInterval"],
      [`statement ${of} --from 2026-04-01 --to 2026-03-01`, 2, "InvalidInterval"],
      ["aging --program shop --as-of 2026-13-01", 2, "InvalidInput", "as-of"],
      ["aging --program shop --known-at yesterday", 2, "InvalidInput", "known-at"],
      ["aging --program shop --boundaries 30,20", 2, "InvalidInput", "boundaries"],
      ["aging --program shop --boundaries 0", 2, "InvalidInput", "boundaries"],
      ["aging --program shop --format csv", 2, "InvalidInput", "format"],
      ["aging --program shop --account nobody", 1, "UnknownAccount"],
      ["schedule --program nowhere", 1, "UnknownProgram"],
      ["schedule --program shop --known-at 2126-01-01", 1, "KnownAtNotSafe"],
      ["restatement --program shop --known-from 2026-02-01 --known-to 2026-01-01", 2, "InvalidInterval"]
    ]
    for (const [line, code, tag, flag] of wrong) {
      const error = await refused(line)
      assert.deepStrictEqual([error.code, error._tag, error.flag], [code, tag, flag], line)
      assert.isAbove(error.message.length, 20)
    }
  })

  it("are asked in buckets that the program set", async () => {
    await look(setClock("2026-04-03 09:00Z"))
    assert.match(await told("program set shop --aging-boundaries 7,14"), /aging buckets +up to 7, 14 days/)
    await look(setClock("2026-04-04 09:00Z"))
    const names = async (line: string) =>
      ((await json(line))["buckets"] as ReadonlyArray<{ bucket: string }>).map(({ bucket }) => bucket)
    assert.deepStrictEqual(await names("aging --program shop"), ["0-7", "8-14", "over-14"])
    assert.include(await names("aging --program shop --known-at 2026-04-03T08:00:00Z"), "31-60")
  })
})
