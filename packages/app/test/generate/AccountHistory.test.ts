/** What happens to a generated account is allowed, in order, and of every kind. */
import { Account, Decide, Instant, Lots, Points, Policy, Zone } from "@pointback/domain"
import { Effect, Option, Result } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { accountHistory } from "../../src/generate/AccountHistory.ts"
import type { Entry } from "../../src/generate/Life.ts"
import * as ProgramPlan from "../../src/generate/ProgramPlan.ts"
import type { ImportRecord } from "../../src/import/ImportRecord.ts"
import * as ImportStep from "../../src/import/ImportStep.ts"

const planOf = (seed: number, until = ProgramPlan.DEFAULT_UNTIL): ProgramPlan.ProgramPlan => ({
  program: ProgramPlan.defaultProgram(seed),
  seed,
  redemptions: 0,
  until
})

const historyOf = (plan: ProgramPlan.ProgramPlan, index: number, most = ProgramPlan.MAXIMUM_REDEMPTIONS) => {
  const { entries, redemptions } = Effect.runSync(accountHistory(plan, index, most))
  return { redemptions, entries: Array.from(entries) }
}

const plan = fc
  .record({
    seed: fc.nat({ max: ProgramPlan.MAXIMUM_SEED }),
    until: fc.oneof(
      fc.constant(ProgramPlan.DEFAULT_UNTIL),
      fc.bigInt({ min: ProgramPlan.EARLIEST_UNTIL, max: ProgramPlan.END_OF_UNTIL - 1n })
    )
  })
  .map(({ seed, until }) => planOf(seed, until))

const anyAccount = fc.tuple(plan, fc.nat({ max: 10 ** 8 }))

/** The account after its records, nothing forgotten: each decided as the import decides it. */
const replay = (
  entries: ReadonlyArray<Entry>,
  look: (before: Account.Account, entry: Entry) => void = () => undefined
) =>
  entries.reduce((state, entry) => {
    look(state, entry)
    const { command } = ImportStep.step(entry.record, Zone.UTC, entry.at)
    return Account.evolveAll(state, Result.getOrThrow(Decide.decide(command, state, Policy.initial)))
  }, Account.empty)

const occurredAt = (record: ImportRecord): string | undefined => {
  if (record.type === "expired") return undefined
  return record.type === "earned" ? (record.occurredAt ?? record.earnedAt) : record.occurredAt
}

describe("the history of a generated account", () => {
  it("has nothing that the domain refuses, also where nothing was forgotten or put aside", () => {
    fc.assert(
      fc.property(anyAccount, ([plan, index]) => {
        replay(historyOf(plan, index).entries)
      })
    )
  })

  it("has its records in order, each at its own instant, between the program's beginning and its end", () => {
    fc.assert(
      fc.property(anyAccount, ([plan, index]) => {
        let last = ProgramPlan.start(plan)
        for (const { at, record } of historyOf(plan, index).entries) {
          assert.isTrue(at >= last && at <= plan.until)
          assert.strictEqual(occurredAt(record) ?? Instant.toString(at), Instant.toString(at))
          last = at
        }
      })
    )
  })

  it("books what lots held when they expired, and only after that", () => {
    fc.assert(
      fc.property(anyAccount, ([plan, index]) => {
        replay(historyOf(plan, index).entries, (before, { at, record }) => {
          if (record.type !== "expired") return
          const lot = Option.getOrThrow(Lots.get(before.lots, record.lot))
          assert.isTrue(lot.expiresAt !== null && lot.expiresAt <= at)
          assert.strictEqual(record.points, Lots.heldAt(lot, (lot.expiresAt as bigint) - 1n))
          assert.isTrue(record.points > 0n)
        })
      })
    )
  })

  it("has the redemptions that it says, and no more than were asked for", () => {
    fc.assert(
      fc.property(anyAccount, fc.nat({ max: 3 }), ([plan, index], most) => {
        const { entries, redemptions } = historyOf(plan, index, most)
        assert.isAtMost(redemptions, most)
        assert.strictEqual(entries.filter(({ record }) => record.type === "redeemed").length, redemptions)
        assert.strictEqual(entries[0]?.record.type, "earned")
      })
    )
  })

  it("names the program and one account, which no other has", () => {
    const plans = [planOf(1), planOf(2), planOf(ProgramPlan.MAXIMUM_SEED)]
    const accounts = plans.flatMap((plan) =>
      [0, 1, 10 ** 8].map((index) => {
        const { entries } = historyOf(plan, index, 5)
        const owners = new Set(entries.map(({ record }) => `${record.program} ${record.account}`))
        assert.deepStrictEqual(Array.from(owners), [`${plan.program} ${ProgramPlan.accountNumber(plan, index)}`])
        return entries[0]!.record.account
      })
    )
    assert.strictEqual(new Set(accounts).size, accounts.length)
    for (const account of accounts) assert.match(account, /^\d{30}$/)
  })

  it("is another one for another seed, and the same for the same", () => {
    assert.deepStrictEqual(historyOf(planOf(1), 7), historyOf(planOf(1), 7))
    assert.notDeepEqual(
      historyOf(planOf(1), 7).entries.map(({ at }) => at),
      historyOf(planOf(2), 7).entries.map(({ at }) => at)
    )
  })
})

describe("the accounts of a program", () => {
  const histories = Array.from({ length: 400 }, (_, index) => historyOf(planOf(2026), index))
  const records = histories.flatMap(({ entries }) => entries.map(({ record }) => record))
  const of = <Type extends ImportRecord["type"]>(type: Type) =>
    records.filter((record): record is Extract<ImportRecord, { type: Type }> => record.type === type)

  it("are small for the most part, and a few are busy", () => {
    const sizes = histories.map(({ redemptions }) => redemptions)
    assert.isAbove(sizes.filter((size) => size === 0).length, 10)
    assert.isAbove(sizes.filter((size) => size <= 3).length, 200)
    const busy = sizes.filter((size) => size >= 50).length
    assert.isTrue(busy > 0 && busy < 40)
  })

  it("earn points that expire after a few terms or never, some later than they say", () => {
    const earned = of("earned")
    assert.isTrue(earned.some(({ expiresAt }) => expiresAt === null))
    assert.isTrue(earned.some(({ occurredAt }) => occurredAt === undefined))
    assert.isTrue(earned.some(({ earnedAt, occurredAt }) => occurredAt !== undefined && occurredAt > earnedAt))
    assert.isTrue(earned.some(({ source }) => source !== undefined))
    assert.isTrue(earned.some(({ points }) => points % Points.UNITS_PER_POINT !== 0n))
  })

  it("redeem for everything, by policy and from named lots", () => {
    const redeemed = of("redeemed")
    assert.deepStrictEqual(
      new Set(redeemed.map(({ redemptionType }) => redemptionType)),
      new Set(["MERCHANDISE", "TRAVEL", "CASHBACK"])
    )
    assert.isTrue(redeemed.some(({ draws }) => draws === undefined))
    assert.isTrue(redeemed.some(({ draws }) => draws !== undefined && draws.length > 1))
  })

  it("get credits of all that remains, of points and of lots, and none for cashback", () => {
    const credited = of("credited")
    const shapes = new Set(credited.map(({ lots, points }) => `${points !== undefined} ${lots !== undefined}`))
    assert.deepStrictEqual(shapes, new Set(["false false", "true false", "false true", "true true"]))
    const cashback = new Set(
      of("redeemed").flatMap((record) => (record.redemptionType === "CASHBACK" ? [record.redemption] : []))
    )
    assert.isFalse(credited.some(({ redemption }) => cashback.has(redemption)))
  })

  it("are adjusted both ways, and their expiry is booked for many lots and not for all", () => {
    const adjusted = of("adjusted")
    assert.isTrue(adjusted.some(({ points }) => points > 0n) && adjusted.some(({ points }) => points < 0n))
    assert.isAbove(of("expired").length, 10)
    const unbooked = histories.flatMap(({ entries }) =>
      Lots.inDrawOrder(replay(entries).lots).filter(
        (lot) => lot.expiresAt !== null && lot.expiresAt < ProgramPlan.DEFAULT_UNTIL && Lots.unbooked(lot) > 0n
      )
    )
    assert.isAbove(unbooked.length, 0)
  })

  it("credit lots that live, lots that have expired, redemptions in part and to the end", () => {
    const facts = histories.flatMap(({ entries }) => {
      let state = Account.empty
      return entries.flatMap(({ at, record }) => {
        const decided = Result.getOrThrow(
          Decide.decide(ImportStep.step(record, Zone.UTC, at).command, state, Policy.initial)
        )
        state = Account.evolveAll(state, decided)
        return decided
      })
    })
    const credits = facts.flatMap(({ event }) =>
      event._tag === "PartiallyCredited" || event._tag === "FullyCredited" ? [event] : []
    )
    assert.deepStrictEqual(new Set(credits.map(({ _tag }) => _tag)), new Set(["PartiallyCredited", "FullyCredited"]))
    const fates = credits.flatMap(({ restorations }) => restorations.map(({ fate }) => fate))
    assert.deepStrictEqual(new Set(fates), new Set(["live", "expired"]))
    // A credit may meet both, and come after others.
    assert.isTrue(credits.some(({ restorations }) => new Set(restorations.map(({ fate }) => fate)).size === 2))
    assert.isTrue(credits.some(({ _tag, points }) => _tag === "FullyCredited" && points > 0n))
  })
})
