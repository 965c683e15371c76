/** The reference scenario of the semantics, typed command by command. */
import { assert, describe, it } from "vitest"
import { commandLine, type Line, type Ran } from "../support/Cli.ts"
import { folderDatabases, serverDatabase } from "../support/Databases.ts"

const ACCOUNT = "220094110178641288073796026652"

const of = "--program acme --account " + ACCOUNT

/** The scenario; `credit` is without a call, as other backends record it. */
const lines = {
  earnA: `earn ${of} --lot A --points 100 --earned-at 2025-01-10 --expires-at 2026-01-10 --json`,
  earnB: `earn ${of} --lot B --points 100.00 --earned-at 2025-03-10T00:00:00Z --expires-at 2026-03-10 --json`,
  redeem: `redeem ${of} --redemption R1 --points 150 --type MERCHANDISE --processed-by E078562 --at 2025-12-01 --json`,
  credit70: `credit ${of} --redemption R1 --credit-id c1 --points 70 --at 2026-01-20 --local --json`,
  credit80: `credit ${of} --redemption R1 --credit-id c2 --at 2026-02-01 --local --json`
}

const lotA = { lot: "A", earnedAt: "2025-01-10T00:00:00.000Z", expiresAt: "2026-01-10T00:00:00.000Z" }
const lotB = { lot: "B", earnedAt: "2025-03-10T00:00:00.000Z", expiresAt: "2026-03-10T00:00:00.000Z" }

const redeemed = {
  redemption: "R1",
  points: "150",
  draws: [
    { ...lotA, points: "100" },
    { ...lotB, points: "50" }
  ],
  balance: "50"
}

const credited70 = {
  creditId: "c1",
  redemption: "R1",
  outcome: "PartiallyCredited",
  points: "70",
  live: "50",
  expired: "20",
  remaining: "80",
  restorations: [
    { ...lotB, points: "50", fate: "live" },
    { ...lotA, points: "20", fate: "expired" }
  ],
  replayed: false,
  mastercard: null
}

const credited80 = {
  creditId: "c2",
  redemption: "R1",
  outcome: "FullyCredited",
  points: "80",
  live: "0",
  expired: "80",
  remaining: "0",
  restorations: [{ ...lotA, points: "80", fate: "expired" }],
  replayed: false,
  mastercard: null
}

interface Bucket {
  readonly bucket: string
  readonly points: string
  readonly lots: number
  readonly accounts: number
  readonly restored: string
}

const BY_AGE = ["0-30", "31-60", "61-90", "91-180", "181-365", "over-365"]
const BY_EXPIRY = [...BY_AGE, "never"]

const buckets = (names: ReadonlyArray<string>, filled: Readonly<Record<string, readonly [string, number, string]>>) =>
  names.map((bucket): Bucket => {
    const [points, lots, restored] = filled[bucket] ?? ["0", 0, "0"]
    return { bucket, points, lots, accounts: lots === 0 ? 0 : 1, restored }
  })

const aged = (
  day: string,
  basis: string,
  total: string,
  filled: Parameters<typeof buckets>[1],
  lots: ReadonlyArray<object>
) => ({
  program: "acme",
  account: ACCOUNT,
  asOf: `${day}T00:00:00.000Z`,
  knownAt: null,
  basis,
  total,
  buckets: buckets(basis === "age" ? BY_AGE : BY_EXPIRY, filled),
  lots: lots.map((lot) => ({ account: ACCOUNT, ...lot }))
})

/** What the account holds on a day, on both bases. */
const days = [
  ["2025-01-09", aged("2025-01-09", "age", "0", {}, [])],
  [
    "2025-11-30",
    aged("2025-11-30", "age", "200", { "181-365": ["200", 2, "0"] }, [
      { ...lotA, points: "100", restored: "0" },
      { ...lotB, points: "100", restored: "0" }
    ])
  ],
  [
    "2025-11-30",
    aged("2025-11-30", "to-expiry", "200", { "31-60": ["100", 1, "0"], "91-180": ["100", 1, "0"] }, [
      { ...lotA, points: "100", restored: "0" },
      { ...lotB, points: "100", restored: "0" }
    ])
  ],
  [
    "2025-12-01",
    aged("2025-12-01", "age", "50", { "181-365": ["50", 1, "0"] }, [{ ...lotB, points: "50", restored: "0" }])
  ],
  [
    "2026-01-20",
    aged("2026-01-20", "age", "100", { "181-365": ["100", 1, "50"] }, [{ ...lotB, points: "100", restored: "50" }])
  ],
  [
    "2026-02-01",
    aged("2026-02-01", "to-expiry", "100", { "31-60": ["100", 1, "50"] }, [{ ...lotB, points: "100", restored: "50" }])
  ],
  ["2026-03-10", aged("2026-03-10", "to-expiry", "0", {}, [])]
] as const

const json = ({ code, err, out }: Ran, expectedCode = 0): unknown => {
  assert.strictEqual(err, "")
  assert.strictEqual(code, expectedCode)
  return JSON.parse(out)
}

const tell = async (type: (line: Line) => Promise<Ran>) => {
  assert.deepStrictEqual(json(await type(lines.earnA)), {
    program: "acme",
    account: ACCOUNT,
    ...lotA,
    points: "100",
    replayed: false
  })
  json(await type(lines.earnB))
  assert.deepStrictEqual(json(await type(lines.redeem)), redeemed)
  assert.deepStrictEqual(json(await type(lines.credit70)), credited70)
  assert.deepStrictEqual(json(await type(lines.credit80)), credited80)
}

describe("the reference scenario on a server", () => {
  const url = serverDatabase("empty")
  const type = commandLine(url)

  it("needs the schema first, which migrate makes once", async () => {
    const early = await type(lines.earnA)
    assert.deepStrictEqual([early.code, early.out], [3, ""])
    assert.deepInclude((JSON.parse(early.err) as { error: object }).error, { _tag: "SchemaOutdated", unknown: [] })
    const { applied } = json(await type("migrate --json")) as { applied: ReadonlyArray<string> }
    assert.isAbove(applied.length, 0)
    assert.deepStrictEqual(json(await type("migrate --json")), { applied: [] })
  })

  it("goes as the semantics say, after a policy was set", async () => {
    assert.deepInclude(json(await type("program set acme --scale 2 --zone UTC --expired-lots expire --json")), {
      program: "acme",
      version: 1,
      scale: 2,
      expiredLots: "expire"
    })
    await tell(type)
  })

  it.each(days)("ages as the semantics say on %s", async (day, expected) => {
    const answer = await type(`aging ${of} --as-of ${day} --basis ${expected.basis} --lots --json`)
    assert.deepStrictEqual(json(answer), expected)
  })

  it("answers for the whole program what it answers for its one account", async () => {
    const ofProgram = json(await type("aging --program acme --as-of 2026-02-01 --json"))
    const ofAccount = json(await type(`aging ${of} --as-of 2026-02-01 --json`)) as object
    assert.deepStrictEqual(ofProgram, { ...ofAccount, account: null })
  })

  it("repeats what it answered when a command is typed again", async () => {
    assert.deepStrictEqual(json(await type(lines.redeem)), redeemed)
    assert.deepStrictEqual(json(await type(lines.credit70)), { ...credited70, replayed: true })
    assert.deepStrictEqual(json(await type(lines.credit80)), { ...credited80, replayed: true })
  })

  it("finds nothing to book but what expired by time, once", async () => {
    const swept = { program: "acme", asOf: "2026-04-01T00:00:00.000Z" }
    const sweep = "expire --program acme --as-of 2026-04-01 --json"
    assert.deepStrictEqual(json(await type(sweep)), { ...swept, accounts: 1, lots: 1, points: "100" })
    assert.deepStrictEqual(json(await type(sweep)), { ...swept, accounts: 0, lots: 0, points: "0" })
    assert.deepInclude(json(await type("verify --json")), { accounts: 1, events: 6, count: 0, differences: [] })
  })

  it("says all of it in words as well", async () => {
    const said = async (line: Line) => {
      const { code, err, out } = await type(line)
      assert.deepStrictEqual([code, err], [0, ""])
      return out
    }
    assert.match(
      await said(`${lines.redeem.replace(" --json", "")}`),
      /^redeemed 150 points as R1, 50 points left \(known already\)$/m
    )
    const credit = await said(lines.credit70.replace(" --json", ""))
    assert.match(credit, /^credited 70 points of R1 as c1: 50 live, 20 expired, 80 remain \(known already\)$/m)
    assert.match(credit, /^A +20 +expired +2025-01-10\S* +2026-01-10\S*$/m)
    const aging = await said(`aging ${of} --as-of 2026-02-01 --lots`)
    assert.match(aging, /^100 points in account 220094110178641288073796026652 as of 2026-02-01/m)
    assert.match(aging, /^181-365 +100 +1 +1 +50 +█+$/m)
    assert.match(
      await said("verify"),
      /^checked 6 events and \d+ postings of 1 account, the chain of 6 events: no differences$/
    )
    assert.match(await said("expire --as-of 2026-04-01"), /^booked 0 points as expired, in 0 lots of 0 accounts$/)
    assert.match(await said("program set acme"), /^program acme, policy version 1 \(unchanged\)$/m)
  })
})

describe("the reference scenario in a folder", () => {
  const folders = folderDatabases()

  it("goes as the semantics say, without a policy that was set, and needs no migrate", async () => {
    const folder = folders("scenario")
    const type = commandLine(() => folder)
    await tell(type)
    const [day, expected] = days[5]
    assert.deepStrictEqual(json(await type(`aging ${of} --as-of ${day} --basis to-expiry --lots --json`)), expected)
    assert.deepInclude(json(await type("verify --json")), { accounts: 1, events: 5, count: 0 })
  })
})

describe("other policies on a server", () => {
  const type = commandLine(serverDatabase())

  const upTo = async (program: string, policy: string) => {
    json(await type(`program set ${program} ${policy} --json`))
    for (const line of [lines.earnA, lines.earnB, lines.redeem]) json(await type(line.replace("acme", program)))
  }

  it("extends what returns to an expired lot into a new one", async () => {
    await upTo("extending", "--expired-lots extend:30")
    const credit = json(await type(lines.credit70.replace("acme", "extending"))) as typeof credited70
    assert.deepInclude(credit, { live: "70", expired: "0" })
    assert.deepStrictEqual(credit.restorations[1] as object, {
      lot: "extended:c1:1",
      points: "20",
      fate: "extended",
      earnedAt: lotA.earnedAt,
      expiresAt: "2026-02-19T00:00:00.000Z",
      from: "A"
    })
  })

  it("refuses credits to expired lots, and names them", async () => {
    await upTo("refusing", "--expired-lots refuse")
    const { code, err, out } = await type(lines.credit70.replace("acme", "refusing"))
    assert.deepStrictEqual([code, out], [1, ""])
    assert.deepInclude((JSON.parse(err) as { error: object }).error, { _tag: "ExpiredLotsRefused", lots: ["A"] })
  })

  it("credits within the window alone", async () => {
    await upTo("window", "--credit-window 30")
    const late = await type(lines.credit70.replace("acme", "window"))
    assert.strictEqual(late.code, 1)
    assert.deepInclude((JSON.parse(late.err) as { error: object }).error, {
      _tag: "CreditWindowClosed",
      closedAt: "2025-12-31T00:00:00.000Z"
    })
  })

  it("reads dates in the zone, and keeps digits to the scale", async () => {
    await upTo("chicago", "--zone America/Chicago --scale 0")
    const fine = await type(lines.credit70.replace("acme", "chicago").replace("70", "70.5"))
    assert.strictEqual(fine.code, 1)
    assert.deepInclude((JSON.parse(fine.err) as { error: object }).error, { _tag: "InvalidPoints", field: "points" })
    const aging = json(await type(`aging --program chicago --as-of 2025-02-01 --lots --json`)) as {
      asOf: string
      lots: ReadonlyArray<{ earnedAt: string }>
    }
    assert.strictEqual(aging.asOf, "2025-02-01T06:00:00.000Z")
    assert.strictEqual(aging.lots[0]?.earnedAt, "2025-01-10T06:00:00.000Z")
    const scale = await type("program set chicago --scale 2 --json")
    assert.strictEqual(scale.code, 1)
    assert.deepInclude((JSON.parse(scale.err) as { error: object }).error, {
      _tag: "ScaleFixed",
      scale: 0,
      requested: 2
    })
  })
})
