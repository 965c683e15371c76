import type { ReconciliationSource } from "@pointback/adapters"
import { Instant, type SourceRecord } from "@pointback/domain"
import { Cron, Effect, Fiber, Result } from "effect"
import { assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { workOnTick } from "../../src/reconcile/ReconcileWorker.ts"
import { at, earn, newAccount, program, redeem } from "../support/Commands.ts"
import { databaseFor } from "../support/Reconciling.ts"

const ACCOUNTS = 40

/** A system that has every redemption, and counts how often it is asked about whom. */
const counting = (delay: number) => {
  const asked = new Map<string, number>()
  const source: ReconciliationSource.Lookup = {
    _tag: "Lookup",
    name: "counting",
    program,
    identity: "counting",
    concurrency: 2,
    lookUp: ({ account }) =>
      Effect.sync((): ReconciliationSource.LookedUp => {
        asked.set(account, (asked.get(account) ?? 0) + 1)
        return { records: [recordOf(account)], balance: undefined }
      }).pipe(Effect.delay(delay))
  }
  return { asked, source }
}

const recordOf = (account: string): SourceRecord.SourceRecord => ({
  kind: "redemption",
  redemption: `R${account}`,
  credit: null,
  points: 100_0000n,
  at: at("2025-02-01"),
  reference: `m${account}`,
  status: "settled",
  remaining: null,
  lots: null,
  eventId: null
})

describe.each(["pglite", "postgres"] as const)("workers on %s", (implementation) => {
  const run = databaseFor(implementation)
  beforeAll(async () => {
    for (let index = 0; index < ACCOUNTS; index++) {
      const account = newAccount()
      await run(earnPoints(earn(account, "A", "500", "2025-01-01")))
      await run(redeemPoints(redeem(account, `R${account}`, "100", "2025-02-01")))
    }
  })

  const leases = rows("select name from subscriptions")

  it("share the accounts of a time, and do none of them twice", async () => {
    const { asked, source } = counting(2)
    const tick = at("2026-01-01")
    const ended = await Promise.all(
      ["one", "two", "three"].map((holder) => run(workOnTick({ program, source, holder, lookAgain: 20 }, tick)))
    )
    assert.strictEqual(
      ended.reduce((sum, count) => sum + count),
      8
    )
    assert.deepStrictEqual([asked.size, Math.max(...asked.values())], [ACCOUNTS, 1])
    const totals = await run(
      rows("select sum(matched)::int as matched, count(*)::int as runs from reconciliation_runs")
    )
    assert.deepStrictEqual(totals, [{ matched: ACCOUNTS, runs: 8 }])
    assert.deepStrictEqual(await run(leases), [])
    // Whoever comes late finds that all is done, and the next time is another.
    assert.strictEqual(await run(workOnTick({ program, source, holder: "late" }, tick)), 0)
    assert.strictEqual(await run(workOnTick({ program, source, holder: "late" }, at("2026-01-02"))), 8)
    assert.strictEqual(Math.max(...asked.values()), 2)
  })

  it("carry on what another left when it was stopped", async () => {
    const slow = counting(20)
    const tick = at("2026-01-03")
    await run(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(workOnTick({ program, source: slow.source, holder: "stopped" }, tick))
        yield* Effect.sleep(60)
        yield* Fiber.interrupt(fiber)
      })
    )
    assert.isBelow(slow.asked.size, ACCOUNTS)
    const { source } = counting(0)
    assert.isAbove(await run(workOnTick({ program, source, holder: "next" }, tick)), 0)
    const left = await run(rows("select run from reconciliation_runs where finished_at is null"))
    assert.deepStrictEqual([left, await run(leases)], [[], []])
  })
})

describe("times", () => {
  it("are those of a cron expression, in UTC", () => {
    const times = Result.getOrThrow(Cron.parse("0 4 * * *", "UTC"))
    const next = Cron.next(times, Instant.toEpochMillis(at("2026-01-01")))
    assert.strictEqual(next.toISOString(), "2026-01-01T04:00:00.000Z")
  })
})
