/** Reconciling with Mastercard, over HTTP, and mending what is certain. */
import { Mastercard, ReconciliationSource, ReconciliationStore } from "@pointback/adapters"
import { ReconciliationRules } from "@pointback/domain"
import { Effect } from "effect"
import { assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { type CreditRedemption, creditRedemption } from "../../src/command/CreditRedemption.ts"
import { now } from "../../src/command/Now.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import * as MastercardSource from "../../src/reconcile/MastercardSource.ts"
import { type Reconciled, reconcileProgram } from "../../src/reconcile/ReconcileProgram.ts"
import { mend } from "../../src/reconcile/Remedies.ts"
import * as Sink from "../../src/reconcile/Sink.ts"
import { at, creditId, earn, newAccount, points, program, redeem, redemption } from "../support/Commands.ts"
import { silent } from "../support/FakeMastercard.ts"
import { databaseFor, type Needs } from "../support/Reconciling.ts"
import { sandboxServer } from "../support/SandboxServer.ts"

const mastercard = sandboxServer()

/** Absence counts at once: nobody waits a day in a test. */
const tolerances = { ...ReconciliationRules.TOLERANCES, settled: 0n }

const told = ({ breaks }: Pick<Reconciled, "breaks">): ReadonlyArray<string> =>
  breaks.map(({ redemption: id, remedy, type }) => `${type} ${id} ${remedy}`).toSorted()

describe.each(["pglite", "postgres"] as const)("reconciling with Mastercard on %s", (implementation) => {
  const run = databaseFor(implementation)
  const accounts = new Map<string, ReturnType<typeof newAccount>>()
  const id = (name: string) => `${implementation}-${name}`

  /** A redemption of a hundred points that both sides know, on an account of its own. */
  const known = async (name: string, there = true): Promise<void> => {
    const account = newAccount()
    accounts.set(name, account)
    await run(earnPoints(earn(account, "all", "1000000000", "2020-01-01")))
    await run(redeemPoints(redeem(account, id(name), "100", "2025-01-01")))
    if (there) await mastercard.knows([{ account, redemption: id(name), points: "100" }])
  }

  const credit = (name: string, amount: string) => ({
    program,
    account: accounts.get(name)!,
    redemptionId: redemption(id(name)),
    creditId: creditId(`c-${name}`),
    points: points(amount),
    occurredAt: at("2026-01-01"),
    dated: false
  })

  const with_ = <A, E>(effect: Effect.Effect<A, E, Needs | Mastercard>): Promise<A> =>
    run(Effect.provide(effect, mastercard.client()))

  const reconcile = (sink: Sink.Sink, runId: string) =>
    with_(
      Effect.gen(function* () {
        const source = yield* MastercardSource.make(program, 2)
        return yield* reconcileProgram({ program, source, run: runId, at: undefined, tolerances, batch: 2 }, sink)
      })
    )

  beforeAll(async () => {
    for (const name of ["agrees", "there", "happened", "never"]) await known(name)
    await run(redeemPoints(redeem(accounts.get("never")!, id("here"), "100", "2025-01-01")))
    await with_(creditRedemption(credit("agrees", "10")))
    // Somebody credited it at Mastercard, and we were not told.
    await with_(callOnly(credit("there", "40")))
    // We asked, the answer was lost, and it happened; or it did not.
    await run(
      Effect.provide(creditRedemption(credit("happened", "30")), silent) as Effect.Effect<unknown, unknown, Needs>
    )
    await with_(callOnly(credit("happened", "30")))
    await run(Effect.provide(creditRedemption(credit("never", "20")), silent) as Effect.Effect<unknown, unknown, Needs>)
  })

  const expected = () =>
    [
      `missingHere ${id("there")} record`,
      `missingThere ${id("here")} person`,
      `unknownOutcome ${id("happened")} confirm`,
      `unknownOutcome ${id("never")} release`
    ].toSorted()

  it("finds what differs, and mends nothing unless it is asked to", async () => {
    assert.deepStrictEqual(told(await reconcile(Sink.dry(), "dry")), expected())
    const found = await reconcile(Sink.database, "first")
    assert.deepStrictEqual([told(found), found.parked], [expected(), []])
    assert.deepStrictEqual(told(await reconcile(Sink.database, "first")), expected())
  })

  it("mends what is certain, once; then it shows only what needs a person", async () => {
    const found = await reconcile(Sink.database, "first")
    const mended = await run(Effect.flatMap(now, (moment) => mend(found, moment, { actor: "job" })))
    assert.deepStrictEqual(
      mended.map(({ event, reason, remedy }) => `${remedy} ${event !== null} ${reason}`).toSorted(),
      ["confirm true null", "record true null", "release true null"]
    )
    // The events name the break that caused them, and close it.
    for (const { event, id: broken } of mended) {
      const [stored] = await run(
        rows<{ causation_id: string; actor: string }>(
          `select causation_id, actor from events where event_id = '${event}'`
        )
      )
      assert.deepStrictEqual(stored, { causation_id: broken, actor: "job" })
      assert.deepInclude((await run(ReconciliationStore.historyOf(broken))).at(-1)!, {
        kind: "closed",
        fact: `event ${event}`
      })
    }
    const events = await run(rows("select count(*)::int from events"))
    await run(Effect.flatMap(now, (moment) => mend(found, moment)))
    assert.deepStrictEqual(await run(rows("select count(*)::int from events")), events)
    const again = await reconcile(Sink.database, "second")
    assert.deepStrictEqual(told(again), [`missingThere ${id("here")} person`])
  })

  it("puts an account aside that cannot be asked for, and stops when nobody answers any more", async () => {
    const failing = new ReconciliationSource.SourceUnreadable({ source: "Mastercard", problem: "no answer" })
    const source = (
      broken: (account: string) => boolean
    ): Effect.Effect<ReconciliationSource.Lookup, never, Mastercard> =>
      Effect.map(MastercardSource.make(program), (real) => ({
        ...real,
        lookUp: (question) => (broken(question.account) ? Effect.fail(failing) : real.lookUp(question))
      }))
    const reconcileWith = (broken: (account: string) => boolean) =>
      with_(
        Effect.flatMap(source(broken), (from) =>
          reconcileProgram({ program, source: from, run: undefined, at: undefined, tolerances }, Sink.dry())
        )
      )
    const one = await reconcileWith((account) => account === accounts.get("agrees"))
    assert.deepStrictEqual(
      one.parked.map(({ reason }) => reason),
      ["Mastercard cannot be read: no answer"]
    )
    for (let extra = 0; extra < 20; extra++) await known(`extra-${extra}`, false)
    const failed = await with_(
      Effect.flatMap(
        source(() => true),
        (from) => Effect.flip(reconcileProgram({ program, source: from, run: undefined, at: undefined }, Sink.dry()))
      )
    )
    assert.deepInclude(failed, { _tag: "SourceDown", accounts: 20 })
  })

  it("compares balances where all else agrees", async () => {
    await run(earnPoints(earn(accounts.get("agrees")!, "gift", "5", "2025-01-01")))
    const found = await reconcile(Sink.dry(), "balances")
    const [balance] = found.breaks.filter(({ type }) => type === "amountMismatch")
    assert.deepInclude(balance, { account: accounts.get("agrees")!, redemption: null, points: "5", remedy: "person" })
  })
})

/** A credit that only Mastercard knows of. */
const callOnly = ({ account, points: amount, redemptionId }: CreditRedemption) =>
  Effect.flatMap(Mastercard, (client) =>
    client.credit({
      redemptionId,
      processedBy: "E078562",
      redemptionType: "MERCHANDISE",
      userId: account,
      points: amount
    })
  )
