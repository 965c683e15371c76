/** Each fault over real sockets with the real client: what the client knows, and what truly happened. */
import { Duration, Effect, Fiber, Option, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import * as Mastercard from "../../src/mastercard/Mastercard.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import type { Sandbox } from "../../src/sandbox/Sandbox.ts"
import type { SpecificationInput } from "../../src/sandbox/SandboxFaults.ts"
import type { Hold } from "../../src/sandbox/SandboxServer.ts"
import { ACCOUNT, at, CONSUMER_KEY, inWorld, keys, lot, points } from "./world.ts"

const REDEMPTION = "R1"

/** Milliseconds that the client waits for an answer; little where none comes, and even then enough for a busy machine. */
const PATIENCE = 10_000
const LITTLE_PATIENCE = 1000

const START = at("2026-01-20T00:00:00Z")

/** A redemption of 40 points out of 100, a client with some patience, and a clock that the test moves. */
const inBank = <A, E>(
  faults: SpecificationInput,
  test: (bank: {
    readonly sandbox: Sandbox["Service"]
    readonly client: Mastercard.Mastercard["Service"]
    readonly credit: (amount?: string) => ReturnType<Mastercard.Mastercard["Service"]["credit"]>
    readonly holds: ReadonlyArray<Hold>
    readonly pass: (millis: number) => void
  }) => Effect.Effect<A, E>,
  patience = PATIENCE
): Promise<A> => {
  let now = START
  const holds: Array<Hold> = []
  return inWorld(
    {
      accounts: [{ userId: ACCOUNT, lots: [lot("A", "100")] }],
      clock: () => now,
      onHold: (hold) => void holds.push(hold)
    },
    ({ sandbox }) =>
      Effect.gen(function* () {
        yield* sandbox.run({
          _tag: "PutRedemption",
          redemptionId: REDEMPTION,
          userId: ACCOUNT,
          redemptionType: "TRAVEL",
          points: points("40"),
          draws: undefined,
          at: at("2026-01-01T00:00:00Z")
        })
        yield* sandbox.setFaults(faults)
        const client = yield* Mastercard.make({
          ...MastercardConfig.make({
            url: sandbox.url,
            consumerKey: Redacted.make(CONSUMER_KEY),
            signingKey: Redacted.make(keys.privateKey)
          }),
          answerLimit: Duration.millis(patience)
        })
        const credit = (amount = "15") =>
          client.credit({
            processedBy: "E",
            redemptionType: "TRAVEL",
            redemptionId: REDEMPTION,
            userId: ACCOUNT,
            points: points(amount)
          })
        const pass = (millis: number) => void (now += BigInt(millis) * 1000n)
        return yield* test({ sandbox, client, credit, holds, pass })
      })
  )
}

const creditedOf = (sandbox: Sandbox["Service"]) =>
  Effect.map(sandbox.truthOf(REDEMPTION), (truth) => Option.getOrThrow(truth).credits.map(({ points }) => points))

/** What the log says of calls that a fault befell. */
const faultsOf = (sandbox: Sandbox["Service"]) =>
  Effect.map(sandbox.log, (log) =>
    log.filter(({ fault }) => fault !== undefined).map(({ fault, kind }) => [fault, kind])
  )

const refused = { _tag: "MastercardRefused" }
const lost = { _tag: "MastercardOutcomeUnknown", cause: "connectionLost" }
const timeout = { _tag: "MastercardOutcomeUnknown", cause: "timeout", status: undefined }
const answered = { pointBalance: "75", remaining: "25" }

/** Fault, settings, whether the credit is made, and what the client gets. */
const cases: ReadonlyArray<readonly [NonNullable<SpecificationInput["script"]>[number], boolean, object]> = [
  [{ fault: "refuse" }, false, { ...refused, status: 400, reasons: [{ source: "digital-redemptions-api" }] }],
  [
    { fault: "refuse", status: 422, reasonCode: "SOME_CODE" },
    false,
    { ...refused, status: 422, reasons: [{ reasonCode: "SOME_CODE" }] }
  ],
  [{ fault: "refuseAtGateway" }, false, { ...refused, status: 429, reasons: [{ source: "Gateway" }] }],
  [{ fault: "refuseAtGateway", status: 403 }, false, { ...refused, status: 403, reasons: [{ source: "Gateway" }] }],
  [{ fault: "delay", after: "50ms" }, true, answered],
  [{ fault: "delay", after: "2s" }, true, timeout],
  [{ fault: "holdBefore" }, false, timeout],
  [{ fault: "holdAfter" }, true, timeout],
  [{ fault: "dropBefore" }, false, { ...lost, status: undefined }],
  [{ fault: "dropAfter" }, true, { ...lost, status: undefined }],
  [{ fault: "cutAnswer" }, true, { ...lost, status: 200 }],
  [{ fault: "serverErrorBefore" }, false, { _tag: "MastercardOutcomeUnknown", cause: "serverError", status: 500 }],
  [
    { fault: "serverErrorAfter", status: 503 },
    true,
    { _tag: "MastercardOutcomeUnknown", cause: "serverError", status: 503 }
  ],
  [{ fault: "garbage" }, true, { _tag: "MastercardOutcomeUnknown", cause: "unreadableAnswer", status: 200 }],
  [{ fault: "wrongRemaining" }, true, { ...answered, remaining: "26" }],
  [{ fault: "wrongRemaining", by: "0.5" }, true, { ...answered, remaining: "25.5" }],
  [{ fault: "wrongBalance", by: "3" }, true, { ...answered, pointBalance: "78" }],
  [{ fault: "answerTwice" }, true, answered]
]

describe("a credit under a fault", () => {
  it.each(cases)("%o: has its effect: %s", (line, isMade, expected) =>
    inBank(
      { script: [{ call: "credit", nth: 1, ...line }] },
      ({ credit, sandbox }) =>
        Effect.gen(function* () {
          const outcome = yield* Effect.match(credit(), { onFailure: (error) => error, onSuccess: (answer) => answer })
          expect(outcome).toMatchObject(expected)
          expect(yield* creditedOf(sandbox)).toEqual(isMade ? [points("15")] : [])
          expect(yield* faultsOf(sandbox)).toEqual([[line.fault, isMade ? "credited" : "nothing"]])
          // The connection of the next call is another one, and nothing of the fault is left.
          expect(yield* credit("1")).toMatchObject({ remaining: isMade ? "24" : "39" })
        }),
      expected === timeout ? LITTLE_PATIENCE : PATIENCE
    )
  )

  it("effectTwice: twice where the rules allow it, and the answer tells of once", () =>
    inBank({ script: [{ fault: "effectTwice" }] }, ({ credit, sandbox }) =>
      Effect.gen(function* () {
        expect(yield* credit()).toMatchObject(answered)
        expect(yield* creditedOf(sandbox)).toEqual([points("15"), points("15")])
        // 10 are left: the second of these is above them.
        expect(yield* credit("6")).toMatchObject({ remaining: "4" })
        expect(yield* creditedOf(sandbox)).toEqual([points("15"), points("15"), points("6")])
        expect((yield* sandbox.log).at(-1)).toMatchObject({
          kind: "refused",
          fault: "effectTwice",
          reasonCode: "PARTIAL_CREDIT_EXCEEDS_REMAINING"
        })
      })
    ))

  it("lateEffect: the connection is lost now, and the effect comes when the sandbox's clock has passed", () =>
    inBank({ script: [{ fault: "lateEffect", after: "30s", nth: 1, call: "credit" }] }, (bank) =>
      Effect.gen(function* () {
        expect(yield* Effect.flip(bank.credit())).toMatchObject(lost)
        bank.pass(29_999)
        expect(yield* creditedOf(bank.sandbox)).toEqual([])
        // What comes between now and then stands before it.
        yield* bank.credit("1")
        bank.pass(100_000)
        const [truth] = yield* bank.sandbox.truth
        expect(truth?.credits.map(({ at, points }) => [points, at - START])).toEqual([
          [points("1"), 29_999_000n],
          [points("15"), 30_000_000n]
        ])
        expect(truth).toMatchObject({ credited: points("16"), remaining: points("24") })
        expect(truth?.restorations).toEqual([{ lotId: "A", points: points("16") }])
        expect(yield* faultsOf(bank.sandbox)).toEqual([
          ["lateEffect", "nothing"],
          ["lateEffect", "credited"]
        ])
      })
    ))

  it("lateEffect: refused when it comes, where it no longer fits", () =>
    inBank({ script: [{ fault: "lateEffect", nth: 1, call: "credit" }] }, (bank) =>
      Effect.gen(function* () {
        yield* Effect.flip(bank.credit())
        yield* bank.credit("40")
        bank.pass(1000)
        expect(yield* creditedOf(bank.sandbox)).toEqual([points("40")])
        expect((yield* bank.sandbox.log).at(-1)).toMatchObject({ kind: "refused", fault: "lateEffect" })
      })
    ))

  it("says which requests it holds, and forgets them when their clients leave", () =>
    inBank(
      { rates: { holdAfter: 1 } },
      ({ credit, holds, sandbox }) =>
        Effect.gen(function* () {
          const both = yield* Effect.forkChild(
            Effect.all([Effect.flip(credit("1")), Effect.flip(credit("2"))], { concurrency: 2 }),
            {
              startImmediately: true
            }
          )
          while ((yield* sandbox.held) < 2) yield* Effect.sleep("5 millis")
          const hold = {
            call: "credit",
            redemption: REDEMPTION,
            account: ACCOUNT,
            fault: "holdAfter",
            millis: undefined
          }
          expect(holds).toEqual([hold, hold])
          const errors = yield* Fiber.join(both)
          for (const error of errors) expect(error).toMatchObject(timeout)
          while ((yield* sandbox.held) > 0) yield* Effect.sleep("5 millis")
        }),
      LITTLE_PATIENCE
    ))

  it("announces a delay as well, with its length", () =>
    inBank({ rates: { delay: { rate: 1, after: "20ms" } } }, ({ credit, holds, sandbox }) =>
      Effect.gen(function* () {
        yield* credit()
        expect(holds).toMatchObject([{ fault: "delay", millis: 20 }])
        expect(yield* sandbox.held).toBe(0)
      })
    ))
})

describe("other calls under a fault", () => {
  it("a redemption that is made though the answer is lost", () =>
    inBank({ script: [{ call: "redeem", account: ACCOUNT, fault: "dropAfter" }] }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        const redeem = client.redeem({
          processedBy: "E",
          redemptionType: "TRAVEL",
          userId: ACCOUNT,
          points: points("5")
        })
        expect(yield* Effect.flip(redeem)).toMatchObject(lost)
        expect((yield* sandbox.truth).map(({ points }) => points)).toContain(points("5"))
      })
    ))

  it("a history that cannot be read once is asked for again", () =>
    inBank({ script: [{ call: "redemptions", nth: 1, fault: "serverErrorAfter" }] }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        const listed = yield* client.redemptions({ userId: ACCOUNT, from: START, to: START })
        expect(listed.map(({ id }) => id)).toEqual([])
        expect(yield* faultsOf(sandbox)).toEqual([["serverErrorAfter", "nothing"]])
      })
    ))

  it("a fault that means nothing for a call leaves it alone", () =>
    inBank({ script: [{ fault: "lateEffect" }] }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        expect(yield* client.redeemer({ userId: ACCOUNT, redemptionType: "TRAVEL" })).toMatchObject({
          pointBalance: "60"
        })
        expect(yield* faultsOf(sandbox)).toEqual([])
      })
    ))
})

describe("a history that lags", () => {
  it("shows an entry when the lag has passed since it happened, also one that came late", () =>
    inBank({ historyLag: "30s", script: [{ nth: 2, call: "credit", fault: "lateEffect", after: "10s" }] }, (bank) =>
      Effect.gen(function* () {
        const listed = Effect.map(
          bank.client.redemptions({ userId: ACCOUNT, from: at("2026-01-01T00:00:00Z"), to: START }),
          (entries) => entries.map(({ points }) => points)
        )
        yield* bank.credit("1")
        yield* Effect.flip(bank.credit("2"))
        expect(yield* listed).toEqual(["40"])
        bank.pass(29_999)
        expect(yield* listed).toEqual(["40"])
        bank.pass(1)
        expect(yield* listed).toEqual(["1", "40"])
        bank.pass(9_999)
        expect(yield* listed).toEqual(["1", "40"])
        bank.pass(1)
        expect(yield* listed).toEqual(["2", "1", "40"])
      })
    ))
})

describe("the same seed", () => {
  const REDEMPTIONS = Array.from({ length: 12 }, (_, index) => `R${index}`)

  /** Credits each redemption four times, so many redemptions at once, and gives what truly happened to each. */
  const runWith = (seed: number, concurrency: number) =>
    inWorld(
      {
        accounts: [{ userId: ACCOUNT, lots: [lot("A", "1000")] }],
        faults: { seed, rates: { dropBefore: 0.2, dropAfter: 0.2, refuse: 0.1, effectTwice: 0.2, garbage: 0.1 } }
      },
      ({ client, sandbox }) =>
        Effect.gen(function* () {
          const credits = { processedBy: "E", redemptionType: "TRAVEL", userId: ACCOUNT, points: points("1") } as const
          yield* Effect.forEach(
            REDEMPTIONS,
            Effect.fnUntraced(function* (redemptionId) {
              const put = { _tag: "PutRedemption", redemptionId, userId: ACCOUNT, redemptionType: "TRAVEL" } as const
              yield* sandbox.run({ ...put, points: points("20"), draws: undefined, at: START })
              for (let index = 0; index < 4; index++) yield* Effect.exit(client.credit({ ...credits, redemptionId }))
            }),
            { concurrency, discard: true }
          )
          const log = yield* sandbox.log
          return REDEMPTIONS.map((redemptionId) =>
            log.filter((entry) => entry["redemptionId"] === redemptionId).map(({ fault, kind }) => [kind, fault])
          )
        })
    )

  it("gives the same faults whether histories run one after the other or side by side, and another seed others", async () => {
    const [alone, beside, other] = [await runWith(7, 1), await runWith(7, 6), await runWith(8, 1)]
    expect(beside).toEqual(alone)
    expect(other).not.toEqual(alone)
    expect(new Set(alone.flat().map(([, fault]) => fault)).size).toBeGreaterThan(3)
  })
})
