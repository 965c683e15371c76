import { Kysely, PostgresDialect } from "kysely"
import { generateKeyPairSync } from "node:crypto"
import pg from "pg"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import {
  AppError,
  CallAborted,
  createPointback,
  DatabaseError,
  errorJson,
  InvalidInput,
  MastercardInTransaction,
  MastercardNotConfigured,
  Migrations,
  type Pointback,
  PointbackClosed,
  type PointbackOptions,
  type Redemptions,
  Refusal
} from "../../src/promise.ts"
import { commandLine } from "../support/Cli.ts"
import { folderDatabases, serverDatabase } from "../support/Databases.ts"
import { sandboxServer } from "../support/SandboxServer.ts"

const folders = folderDatabases()

let members = 0

/** A member that no test has used, and their order. */
const newMember = () => ({
  program: "rewards",
  account: `22009411017864128807379${String(members++).padStart(7, "0")}`
})

/** The redemption of a member: Mastercard's ids are unique. */
const redemptionOf = ({ account }: { readonly account: string }) => `R${account.slice(-5)}`

const order = { points: "60", redemptionType: "MERCHANDISE", processedBy: "E078562" } as const

const spring = { lot: "spring", points: "100", earnedAt: "2025-03-10", expiresAt: "2035-03-10T00:00:00Z" }

/** What a promise is rejected with. */
const rejection = async (promise: PromiseLike<unknown>): Promise<unknown> =>
  promise.then(
    (value) => assert.fail(`was not rejected: ${JSON.stringify(value)}`),
    (error: unknown) => error
  )

const all = async <A>(answers: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const gathered: Array<A> = []
  for await (const answer of answers) gathered.push(answer)
  return gathered
}

describe("a pointback on a database of its own", () => {
  const database = serverDatabase()
  const mastercard = sandboxServer()
  let pointback: Pointback

  const settings = () => {
    const environment = mastercard.environment()
    return {
      url: environment["POINTBACK_MASTERCARD_URL"],
      consumerKey: environment["POINTBACK_MASTERCARD_CONSUMER_KEY"],
      signingKey: environment["POINTBACK_MASTERCARD_SIGNING_KEY"]
    }
  }

  beforeAll(async () => {
    pointback = await createPointback({ database: database(), mastercard: () => Promise.resolve(settings()) })
  })
  afterAll(() => pointback.close())

  /** A member with 60 of 100 points redeemed, which Mastercard knows. */
  const redeemed = async () => {
    const member = newMember()
    await pointback.earn({ ...member, ...spring })
    await pointback.redeem({ ...member, redemption: redemptionOf(member), ...order, occurredAt: "2025-12-01" })
    await mastercard.knows([{ ...member, redemption: redemptionOf(member), points: order.points }])
    return member
  }

  it("earns, redeems, credits and repeats, with amounts and instants as text", async () => {
    const member = newMember()
    const earned = await pointback.earn({ ...member, ...spring }, { actor: "alice", correlationId: "c-1" })
    assert.deepStrictEqual(earned, {
      ...member,
      lot: "spring",
      points: "100",
      earnedAt: "2025-03-10T00:00:00.000Z",
      expiresAt: "2035-03-10T00:00:00.000Z",
      replayed: false
    })
    const redeemed = await pointback.redeem({
      ...member,
      redemption: redemptionOf(member),
      ...order,
      occurredAt: "2025-12-01"
    })
    assert.strictEqual(redeemed.balance, "40")
    await mastercard.knows([{ ...member, redemption: redemptionOf(member), points: order.points }])
    const credit = { ...member, redemption: redemptionOf(member), creditId: "refund-1", points: "20.50" }
    const credited = await pointback.credit(credit)
    assert.deepStrictEqual(
      { ...credited, mastercard: credited.mastercard?.remaining },
      {
        creditId: "refund-1",
        redemption: redemptionOf(member),
        outcome: "PartiallyCredited",
        points: "20.5",
        live: "20.5",
        expired: "0",
        remaining: "39.5",
        restorations: [
          {
            lot: "spring",
            points: "20.5",
            fate: "live",
            earnedAt: "2025-03-10T00:00:00.000Z",
            expiresAt: "2035-03-10T00:00:00.000Z"
          }
        ],
        replayed: false,
        mastercard: "39.5"
      }
    )
    assert.deepStrictEqual(await pointback.credit(credit), { ...credited, replayed: true })
    assert.deepStrictEqual((await mastercard.credits()).get(redemptionOf(member))?.length, 1)
    assert.strictEqual((await pointback.verify()).count, 0)
  })

  it("answers in the shapes of the command line", async () => {
    const member = await redeemed()
    const recorded = await pointback.recordCredit({
      ...member,
      redemption: redemptionOf(member),
      creditId: "r",
      points: "1"
    })
    const typed = commandLine(database)
    const json = async (line: string): Promise<unknown> => JSON.parse((await typed(`${line} --json`)).out)
    const of = `--program ${member.program} --account ${member.account}`
    assert.deepStrictEqual(
      await json(`credit ${of} --redemption ${redemptionOf(member)} --credit-id r --points 1 --local`),
      {
        ...recorded,
        replayed: true
      }
    )
    const asOf = "2026-01-01T00:00:00Z"
    assert.deepStrictEqual(
      await json(`aging ${of} --as-of ${asOf} --lots`),
      structuredClone(await pointback.aging({ ...member, asOf }))
    )
    const earn = `earn ${of} --lot spring --points 100 --earned-at 2025-03-10 --expires-at 2035-03-10`
    assert.deepStrictEqual(await json(earn), await pointback.earn({ ...member, ...spring }))
    const occurredAt = "2026-01-01T00:00:00.000Z"
    const adjust = { ...member, lot: "spring", points: "-5", reason: "typing error", key: "k", occurredAt }
    const adjusted = await pointback.adjust(adjust)
    assert.deepStrictEqual(await pointback.adjust(adjust), { ...adjust, replayed: true })
    assert.strictEqual(adjusted.replayed, false)
    assert.deepStrictEqual(
      await json("program set rewards --expired-lots extend:30"),
      await pointback.setPolicy({ program: "rewards", expiredLots: "extend:30" })
    )
  })

  it("answers questions about the past in the shapes of the command line", async () => {
    const member = await redeemed()
    const redemption = redemptionOf(member)
    await pointback.recordCredit({ ...member, redemption, creditId: "r", points: "1", occurredAt: "2025-12-10" })
    const typed = commandLine(database)
    const json = async (line: string): Promise<unknown> => JSON.parse((await typed(`${line} --json`)).out)
    const of = `--program ${member.program} --account ${member.account}`
    const asOf = "2026-01-01T00:00:00Z"
    const interval = { from: "2025-11-01", to: "2026-01-01" }
    const flags = "--from 2025-11-01 --to 2026-01-01"
    const same = async (answer: object, line: string, keys: ReadonlyArray<string>) => {
      assert.deepStrictEqual(answer, await json(line))
      assert.includeMembers(Object.keys(answer), [...keys, "program"])
    }
    const schedule = await pointback.schedule({ ...member, asOf })
    await same(schedule, `schedule ${of} --as-of ${asOf}`, ["account", "asOf", "knownAt", "total", "rows"])
    assert.strictEqual(schedule.rows[0]?.points, "41")
    const statement = await pointback.statement({ ...member, ...interval })
    const parts = ["opening", "lines", "closing", "expiring", "computedAt", "from", "to", "knownAt"]
    await same(statement, `statement ${of} ${flags}`, parts)
    assert.deepStrictEqual([statement.opening, statement.closing, statement.lines.length], ["100", "41", 2])
    const rollForward = await pointback.rollForward({ ...member, ...interval, cohorts: true })
    await same(rollForward, `roll-forward ${of} ${flags} --cohort`, ["account", "from", "to", "knownAt", "rows"])
    const december = rollForward.rows.find(({ cohort, period }) => cohort === undefined && period === "2025-12")
    assert.deepStrictEqual([december?.redeemed, december?.creditedLive, december?.closing], ["60", "1", "41"])
    const cell = { period: "2025-12", column: "redeemed" } as const
    const events = await pointback.rollForwardEvents({ ...member, ...interval, ...cell })
    await same(events, `roll-forward ${of} ${flags} --events 2025-12:redeemed`, [
      "period",
      "column",
      "points",
      "events"
    ])
    assert.strictEqual(events.events[0]?.redemption, redemption)
    const triangle = await pointback.triangle({ program: member.program, ...interval })
    await same(triangle, `triangle --program ${member.program} ${flags}`, ["measure", "from", "to", "knownAt", "rows"])
    const lot = await pointback.lotHistory({ ...member, lot: "spring", asOf })
    const told = ["lot", "earnedAt", "expiresAt", "holds", "steps", "asOf", "knownAt", "account"]
    await same(lot, `history ${of} --lot spring --to ${asOf}`, told)
    assert.deepStrictEqual(
      lot.steps.map(({ step }) => step),
      ["earned", "drawn", "restored"]
    )
    const redeemedOnce = await pointback.redemptionHistory({ ...member, redemption, asOf })
    const of1 = ["type", "processedBy", "redeemedAt", "points", "credited", "remaining", "draws", "steps"]
    await same(redeemedOnce, `history ${of} --redemption ${redemption} --to ${asOf}`, of1)
    assert.strictEqual(redeemedOnce.draws[0]?.restored.live, "1")
    const { next, ...listed } = await pointback.redemptions(member)
    await same(listed, `redemptions ${of}`, ["account", "redemptions", "more"])
    assert.isNull(next)
    assert.deepStrictEqual(
      listed.redemptions.map(({ redemption, remaining, state }) => [redemption, remaining, state]),
      [[redemption, "59", "outstanding"]]
    )
    const known = { knownFrom: "2025-01-01T00:00:00Z", knownTo: "2026-01-02T00:00:00Z" }
    const restated = await pointback.restatement({ ...member, asOf, ...known })
    const line = `restatement ${of} --as-of ${asOf} --known-from ${known.knownFrom} --known-to ${known.knownTo}`
    const moved = ["account", "asOf", "basis", "knownFrom", "knownTo", "total", "buckets", "lots", "events"]
    await same(restated, line, moved)
    const future = await rejection(pointback.aging({ ...member, knownAt: "2100-01-01T00:00:00Z" }))
    assert.strictEqual((future as { readonly _tag: string })._tag, "KnownAtNotSafe")
    const wrong = await rejection(pointback.rollForward({ ...member, from: "2026-01-01", to: "January" }))
    assert.strictEqual((wrong as InvalidInput).field, "to")
  })

  it("lists an account's redemptions page by page, and each once", async () => {
    const member = newMember()
    await pointback.earn({ ...member, lot: "A", points: "10", earnedAt: "2025-01-01" })
    const redeem = { ...member, points: "1", redemptionType: "TRAVEL", processedBy: "E078562" } as const
    for (const [redemption, at] of [
      ["a", "2025-02-01T00:00:00.000001Z"],
      ["b", "2025-02-01T00:00:00.000001Z"],
      ["c", "2025-02-01T00:00:00.000002Z"]
    ] as const) {
      await pointback.redeem({ ...redeem, redemption: `${member.account}${redemption}`, occurredAt: at })
    }
    const pages: Array<ReadonlyArray<string>> = []
    for (let after: Redemptions["next"] | undefined; after !== null;) {
      const page: Redemptions = await pointback.redemptions({ ...member, limit: 1, after })
      assert.strictEqual(page.more, page.next !== null)
      pages.push(page.redemptions.map(({ redemption }) => redemption.slice(-1)))
      after = page.next
    }
    assert.deepStrictEqual(pages, [["c"], ["b"], ["a"]])
    const fieldOf = async (asked: object) =>
      ((await rejection(pointback.redemptions({ ...member, ...asked }))) as InvalidInput).field
    assert.strictEqual(await fieldOf({ limit: 1001 }), "limit")
    assert.strictEqual(await fieldOf({ after: { redemption: "a", redeemedAt: "2025-02-30" } }), "after.redeemedAt")
    assert.instanceOf(await rejection(pointback.redemptions(newMember())), AppError.UnknownAccount)
    const nowhere = pointback.redemptions({ ...member, program: "nowhere" })
    assert.instanceOf(await rejection(nowhere), AppError.UnknownProgram)
  })

  it("decides, expires, aliases, erases and settles", async () => {
    const member = await redeemed()
    assert.instanceOf(
      await rejection(pointback.decide({ ...member, creditId: "x", decision: "confirm", actor: "alice", reason: "r" })),
      Object,
      "NothingToDecide"
    )
    assert.strictEqual((await pointback.expire({ program: "rewards", asOf: "2026-01-01" })).lots, 0)
    const newAccount = `${member.account.slice(0, -1)}X`
    assert.deepStrictEqual(await pointback.alias({ ...member, newAccount }), { ...member, newAccount, replayed: false })
    const erased = await pointback.erase({ ...member, actor: "alice", reason: "request 12" })
    assert.notStrictEqual(erased.account, member.account)
    assert.match(erased.erasedAt, /^\d{4}-\d\d-\d\dT.*Z$/)
    assert.instanceOf(await rejection(pointback.aging(member)), AppError.UnknownAccount)
    assert.strictEqual((await pointback.settle()).open, 0)
  })

  it("imports records, and names one that cannot be read", async () => {
    const member = newMember()
    const earned = {
      type: "earned",
      ...member,
      lot: "A",
      points: "5",
      earnedAt: "2025-01-01",
      expiresAt: null
    } as const
    const imported = await pointback.importRecords({ records: [earned] })
    assert.deepStrictEqual([imported.imported, imported.refused], [1, []])
    const wrong = await rejection(pointback.importRecords({ records: [earned, { ...earned, points: "5," }] }))
    assert.instanceOf(wrong, InvalidInput)
    assert.strictEqual(wrong.field, "records.1")
  })

  it("credits many, and tells what became of each", async () => {
    const [one, two] = [await redeemed(), await redeemed()]
    const credit = (member: typeof one, creditId: string, points: string) => ({
      ...member,
      redemption: redemptionOf(member),
      creditId,
      points
    })
    const credits = [credit(one, "a", "10"), credit(two, "b", "100"), credit(one, "c", "20")]
    const told = await all(pointback.credits(credits, { inFlight: 4 }))
    const byIndex = told.toSorted((a, b) => a.index - b.index)
    assert.deepStrictEqual(
      byIndex.map(({ creditId, credited, error, status }) => [creditId, status, credited?.points, error?._tag]),
      [
        ["a", "PartiallyCredited", "10", undefined],
        ["b", "refused", undefined, "ExceedsRedeemed"],
        ["c", "PartiallyCredited", "20", undefined]
      ]
    )
    assert.strictEqual(byIndex[1]?.error?.["redeemed"], "60")
  })

  it("names the place and the field of one of many that cannot be read", async () => {
    const member = await redeemed()
    const good = { ...member, redemption: redemptionOf(member), creditId: "a", points: "10" }
    const told: Array<string> = []
    const wrong = await rejection(
      (async () => {
        for await (const { creditId } of pointback.recordCredits([good, { ...good, points: "x" }])) told.push(creditId)
      })()
    )
    assert.instanceOf(wrong, InvalidInput)
    assert.strictEqual(wrong.field, "1.points")
    assert.deepStrictEqual(told, ["a"])
    const options = await rejection(all(pointback.recordCredits([], { inFlight: 0 })))
    assert.strictEqual((options as InvalidInput).field, "inFlight")
  })

  it("refuses what cannot be read by its field, whatever it is", async () => {
    const member = newMember()
    const earn = pointback.earn as (...input: ReadonlyArray<unknown>) => Promise<unknown>
    const fieldOf = async (...input: ReadonlyArray<unknown>) => {
      const error = await rejection(earn(...input))
      assert.instanceOf(error, InvalidInput)
      assert.notInclude(error.message, "2200941101786412")
      return error.field
    }
    const right = { ...member, ...spring }
    assert.strictEqual(await fieldOf({ ...right, points: 100 }), "points")
    assert.strictEqual(await fieldOf({ ...right, points: "1e3" }), "points")
    assert.strictEqual(await fieldOf({ ...right, account: 2200941101786412 }), "account")
    assert.strictEqual(await fieldOf({ ...right, earnedAt: new Date(0) }), "earnedAt")
    assert.strictEqual(await fieldOf({ ...right, earnedAt: "2025-02-30" }), "earnedAt")
    assert.strictEqual(await fieldOf({ ...right, lto: "A" }), "lto")
    assert.strictEqual(await fieldOf({ ...right, lot: undefined }), "lot")
    assert.strictEqual(await fieldOf(undefined), "input")
    assert.strictEqual(await fieldOf([]), "input")
    assert.strictEqual(await fieldOf(right, { actor: "" }), "actor")
    assert.strictEqual(await fieldOf(right, { signal: {} }), "signal")
    assert.strictEqual(await fieldOf(right, { timeout: 1 }), "timeout")
    assert.strictEqual(await fieldOf(right, null), "options")
    const draws = [{ lot: "A", points: "1" }, { lot: "B" }]
    const redeem = pointback.redeem({ ...member, redemption: redemptionOf(member), ...order, draws: draws as never })
    assert.strictEqual(((await rejection(redeem)) as InvalidInput).field, "draws.1.points")
    const settle = await rejection(pointback.settle({ olderThan: "soon" }))
    assert.strictEqual((settle as InvalidInput).field, "olderThan")
  })

  it("rejects with the classes of refusals, whose JSON has amounts as text", async () => {
    const member = await redeemed()
    const error = await rejection(
      pointback.recordCredit({ ...member, redemption: redemptionOf(member), creditId: "x", points: "61" })
    )
    assert.instanceOf(error, Refusal.ExceedsRedeemed)
    assert.deepStrictEqual(errorJson(error), {
      _tag: "ExceedsRedeemed",
      message: `61 points are more than the 60 of redemption ${redemptionOf(member)}`,
      redemptionId: redemptionOf(member),
      points: "61",
      redeemed: "60"
    })
  })

  it("aborts, and the same call again tells what there is", async () => {
    const member = await redeemed()
    const credit = { ...member, redemption: redemptionOf(member), creditId: "aborted", points: "5" }
    const early = await rejection(pointback.credit(credit, { signal: AbortSignal.abort() }))
    assert.instanceOf(early, CallAborted)
    const controller = new AbortController()
    const late = pointback.credit(credit, { signal: controller.signal })
    setTimeout(() => controller.abort(), 1)
    const first = await late.then(
      ({ outcome }) => outcome,
      (error: unknown) => error
    )
    if (first !== "PartiallyCredited") assert.instanceOf(first, CallAborted)
    const again = await pointback.credit(credit)
    assert.include(["PartiallyCredited", "CreditOutcomeUnknown"], again.outcome)
    assert.isAtMost(
      (await mastercard.credits()).get(redemptionOf(member))?.filter((points) => points === 50_000n).length ?? 0,
      1
    )
  })
})

describe("closing", () => {
  it("waits for what is under way, refuses what comes later, and may be repeated", async () => {
    const pointback = await createPointback({ database: folders("closing") })
    const member = newMember()
    const earning = pointback.earn({ ...member, ...spring })
    const [closed] = await Promise.all([pointback.close(), pointback.close()])
    assert.strictEqual(closed, undefined)
    assert.strictEqual((await earning).points, "100")
    const late = await rejection(pointback.aging(member))
    assert.instanceOf(late, PointbackClosed)
    assert.include(late.message, "aging")
    // The folder is free again.
    const again = await createPointback({ database: folders("closing-again") })
    await again[Symbol.asyncDispose]()
  })

  it("ends many credits, and does not wait for whoever reads them", async () => {
    const pointback = await createPointback({ database: folders("many") })
    const member = newMember()
    await pointback.earn({ ...member, ...spring })
    await pointback.redeem({ ...member, redemption: redemptionOf(member), ...order })
    const credits = Array.from({ length: 30 }, (_, i) => ({
      ...member,
      redemption: redemptionOf(member),
      creditId: `c${i}`,
      points: "1"
    }))
    const ended = await rejection(
      (async () => {
        for await (const told of pointback.recordCredits(credits)) if (told.index === 3) await pointback.close()
      })()
    )
    assert.instanceOf(ended, PointbackClosed)
  })
})

describe("options", () => {
  const server = serverDatabase("empty")
  const fieldOf = async (options: unknown) => {
    const error = await rejection(createPointback(options as PointbackOptions))
    assert.instanceOf(error, InvalidInput)
    return error.field
  }

  it("are refused by their name", async () => {
    assert.strictEqual(await fieldOf(undefined), "options")
    assert.strictEqual(await fieldOf({}), "database")
    assert.strictEqual(await fieldOf({ database: " " }), "database")
    assert.strictEqual(await fieldOf({ database: 7 }), "database")
    assert.strictEqual(await fieldOf({ database: "x", databse: "y" }), "databse")
    assert.strictEqual(await fieldOf({ database: "x", settle: { clockSkew: "soon" } }), "settle.clockSkew")
    assert.strictEqual(await fieldOf({ database: "x", settle: { longestLag: "-1 hour" } }), "settle.longestLag")
    assert.strictEqual(await fieldOf({ database: "x", settle: { longestLag: "Infinity" } }), "settle.longestLag")
  })

  it("let settling release nothing that a call could still do", async () => {
    const signingKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
      type: "pkcs8",
      format: "pem"
    })
    const mastercard = { url: "https://sandbox.api.mastercard.com/loyalty", consumerKey: "key", signingKey }
    const settle = { longestProcessing: "1 minute" }
    assert.strictEqual(await fieldOf({ database: "x", mastercard, settle }), "settle.longestProcessing")
  })

  it("name what Mastercard needs, and never say a secret", async () => {
    const database = folders("mastercard")
    const signingKey = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----"
    const right = { url: "https://sandbox.api.mastercard.com/loyalty", consumerKey: "key", signingKey }
    const wrong = async (mastercard: unknown) => {
      const error = await rejection(createPointback({ database, mastercard } as PointbackOptions))
      assert.instanceOf(error, InvalidInput)
      assert.notInclude(error.message, "secret")
      return error.field
    }
    assert.strictEqual(await wrong({ ...right, url: "ftp://x" }), "mastercard.url")
    assert.strictEqual(await wrong({ ...right, url: undefined }), "mastercard.url")
    assert.strictEqual(await wrong(right), "mastercard.signingKey")
    assert.strictEqual(await wrong({ ...right, signingKey: ["secret"] }), "mastercard.signingKey")
    assert.strictEqual(await wrong({ ...right, password: "secret" }), "mastercard.password")
    assert.strictEqual(await wrong("secret"), "mastercard")
    assert.strictEqual(await wrong(() => Promise.reject(new Error("no vault"))), "mastercard")
  })

  it("without Mastercard refuse what calls it and nothing else", async () => {
    const pointback = await createPointback({ database: folders("without") })
    const member = newMember()
    await pointback.earn({ ...member, ...spring })
    for (const call of [
      pointback.credit({ ...member, redemption: "x", creditId: "y" }),
      pointback.settle(),
      all(pointback.credits([]))
    ]) {
      assert.instanceOf(await rejection(call), MastercardNotConfigured)
    }
    await pointback.close()
  })

  it("leave the schema of a server alone unless they say so", async () => {
    const missing = await rejection(createPointback({ database: server() }))
    assert.instanceOf(missing, Migrations.SchemaOutdated)
    const pointback = await createPointback({ database: server(), migrate: true })
    assert.strictEqual((await pointback.verify()).count, 0)
    await pointback.close()
  })
})

describe("in a host's program", () => {
  const database = serverDatabase()
  let pool: pg.Pool
  let pointback: Pointback

  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: database(), max: 4 })
    await pool.query("create table orders (id text primary key)")
    pointback = await createPointback({ database: pool })
  })
  afterAll(async () => {
    await pointback.close()
    // Still open: it is the host's.
    assert.strictEqual((await pool.query("select 1 as one")).rows.length, 1)
    await pool.end()
  })

  const known = async (member: ReturnType<typeof newMember>) => {
    await pointback.earn({ ...member, ...spring })
    await pointback.redeem({ ...member, redemption: redemptionOf(member), ...order })
  }
  const orders = async (id: string) => (await pool.query("select from orders where id = $1", [id])).rowCount

  const inTransaction = async (
    id: string,
    end: "commit" | "rollback",
    record: (client: pg.PoolClient) => Promise<void>
  ) => {
    const client = await pool.connect()
    try {
      await client.query("begin")
      await client.query("insert into orders (id) values ($1)", [id])
      await record(client)
      await client.query(end)
    } finally {
      client.release()
    }
  }

  it("commits with the host's rows, or not at all", async () => {
    const member = newMember()
    await known(member)
    const credit = { ...member, redemption: redemptionOf(member), creditId: "in-tx", points: "10" }
    await inTransaction("one", "rollback", async (client) => {
      assert.strictEqual((await pointback.withTransaction(client).recordCredit(credit)).outcome, "PartiallyCredited")
    })
    assert.strictEqual(await orders("one"), 0)
    assert.strictEqual((await pointback.aging(member)).total, "40")
    await inTransaction("one", "commit", async (client) => {
      assert.strictEqual((await pointback.withTransaction(client).recordCredit(credit)).replayed, false)
    })
    assert.strictEqual(await orders("one"), 1)
    assert.strictEqual((await pointback.aging(member)).total, "50")
  })

  it("leaves the host's transaction usable where a rule refuses", async () => {
    const member = newMember()
    await known(member)
    await inTransaction("refused", "commit", async (client) => {
      const credit = { ...member, redemption: redemptionOf(member), creditId: "c", points: "61" }
      assert.instanceOf(
        await rejection(pointback.withTransaction(client).recordCredit(credit)),
        Refusal.ExceedsRedeemed
      )
    })
    assert.strictEqual(await orders("refused"), 1)
  })

  it("refuses to call Mastercard inside a transaction", async () => {
    await inTransaction("mastercard", "rollback", async (client) => {
      const inside = pointback.withTransaction(client) as Pointback
      const credit = inside.credit({ ...newMember(), redemption: "x", creditId: "y" })
      assert.instanceOf(await rejection(credit), MastercardInTransaction)
      assert.instanceOf(await rejection(inside.settle()), MastercardInTransaction)
    })
  })

  it("refuses what is no transaction", async () => {
    for (const wrong of [pool, "begin", undefined, {}]) {
      assert.throws(() => pointback.withTransaction(wrong as never), /transaction: /)
    }
    const client = await pool.connect()
    try {
      const error = await rejection(pointback.withTransaction(client).earn({ ...newMember(), ...spring }))
      assert.instanceOf(error, DatabaseError)
      assert.include(error.message, "begin one first")
    } finally {
      client.release()
    }
  })

  it("runs on a kysely, in its transactions, and on a transaction alone", async () => {
    const kysely = new Kysely<{ orders: { id: string } }>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database(), max: 2 }) })
    })
    const onKysely = await createPointback({ database: kysely })
    const member = newMember()
    await known(member)
    await kysely.transaction().execute(async (transaction) => {
      await transaction.insertInto("orders").values({ id: "kysely" }).execute()
      await onKysely
        .withTransaction(transaction)
        .recordCredit({ ...member, redemption: redemptionOf(member), creditId: "k" })
    })
    assert.strictEqual((await onKysely.aging(member)).total, "100")
    await onKysely.close()
    await kysely.transaction().execute(async (transaction) => {
      const alone = await createPointback({ database: transaction })
      const earned = await alone.adjust({ ...member, lot: "spring", points: "1", reason: "r", key: "alone" })
      assert.strictEqual(earned.replayed, false)
      assert.instanceOf(await rejection(alone.settle()), MastercardInTransaction)
      await alone.close()
    })
    assert.strictEqual((await pointback.aging(member)).total, "101")
    await kysely.destroy()
  })
})
