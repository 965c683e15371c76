/** Rows that follow from facts do not depend on how the facts are cut into appends, nor on how much was loaded before. */
import {
  Account,
  type Fact,
  type Ids,
  type Instant,
  Journal,
  Lots,
  Movements,
  type Redemption
} from "@pointback/domain"
import { Equal, HashMap, Option } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { history } from "../../../domain/test/support/History.ts"
import { type LotRow, type PostingRow, project } from "../../src/eventStore/Projection.ts"
import { lotRow } from "../../src/eventStore/ReadModelRow.ts"

type Facts = ReadonlyArray<Fact.Fact>

/** Facts in slices, cut wherever the numbers say; some slices are empty. */
const slicesOf = (facts: Facts, cuts: ReadonlyArray<number>): ReadonlyArray<Facts> => {
  const places = [0, ...cuts.map((cut) => cut % (facts.length + 1)).sort((a, b) => a - b), facts.length]
  return places.slice(1).map((end, index) => facts.slice(places[index], end))
}

/** What the database makes of a lot's row and the one that stood there before. */
const merged = (before: LotRow | undefined, after: LotRow): LotRow =>
  before === undefined
    ? after
    : {
        lot: after.lot,
        lastAt: before.lastAt > after.lastAt ? before.lastAt : after.lastAt,
        late: before.late || after.late
      }

/** Movements before the horizon forgotten, as far as a load from there on would not bring them. */
const loadedFrom = (account: Account.Account, horizon: Instant.Instant): Account.Account => ({
  ...account,
  lots: {
    horizon,
    byId: HashMap.map(account.lots.byId, (lot) => {
      const later: Array<Movements.Movement> = []
      for (let at = lot.later; at !== null && at.at > horizon; at = at.before) later.unshift(at)
      return { ...lot, later: Movements.fromIterable(later) }
    })
  }
})

/** Projects slice by slice, each from the state that `load` gives, and puts the rows together as the tables do. */
const inSlices = (slices: ReadonlyArray<Facts>, load: (state: Account.Account, facts: Facts) => Account.Account) => {
  const postings: Array<PostingRow> = []
  const lots = new Map<Ids.LotId, LotRow>()
  const redemptions = new Map<Ids.RedemptionId, Redemption.RedemptionState>()
  let state = Account.empty
  let from = 0
  for (const facts of slices) {
    const projected = project(load(state, facts), facts)
    const offset = from
    postings.push(...projected.postings.map((row) => ({ ...row, index: row.index + offset })))
    for (const row of projected.lots) lots.set(row.lot.lotId, merged(lots.get(row.lot.lotId), row))
    for (const one of projected.redemptions) redemptions.set(one.redemption.redemptionId, one)
    state = Account.evolveAll(state, facts)
    from += facts.length
  }
  return {
    postings,
    lots: new Map(Array.from(lots, ([lotId, row]) => [lotId, lotRow(row)])),
    redemptions
  }
}

const whole = (state: Account.Account): Account.Account => state

const earliest = (facts: Facts): Instant.Instant =>
  facts.reduce((least, { occurredAt }) => (occurredAt < least ? occurredAt : least), 1n << 62n)

describe("projection", () => {
  it("L10 replay: makes the same rows of facts in one go and in any slices", () => {
    fc.assert(
      fc.property(history(), fc.array(fc.nat(), { maxLength: 8 }), ({ account, facts }, cuts) => {
        const once = inSlices([facts], whole)
        assert.deepStrictEqual(inSlices(slicesOf(facts, cuts), whole), once)
        const { state } = project(Account.empty, facts)
        assert.isTrue(Equal.equals(state, account), "the state is not what the facts lead to")
      })
    )
  })

  it("makes the same rows where only movements after a slice's first instant were loaded", () => {
    fc.assert(
      fc.property(history(), fc.array(fc.nat(), { maxLength: 8 }), ({ facts }, cuts) => {
        const sliced = inSlices(slicesOf(facts, cuts), (state, slice) => loadedFrom(state, earliest(slice)))
        assert.deepStrictEqual(sliced, inSlices([facts], whole))
      })
    )
  })

  it("has a posting for each of the journal's, with what its lot holds after the fact", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const { postings } = project(Account.empty, facts)
        const expected = facts.flatMap((fact, index) =>
          Journal.entry(fact).map((posting, line) => ({ index, line: line + 1, posting }))
        )
        assert.deepStrictEqual(
          postings.map(({ index, line, posting }) => ({ index, line, posting })),
          expected
        )
        const fold = { state: Account.empty, next: 0 }
        for (const { index, occurredAt, posting, restored, total } of postings) {
          fold.state = Account.evolveAll(fold.state, facts.slice(fold.next, index + 1))
          fold.next = index + 1
          const lot = Option.getOrThrow(Lots.get(fold.state.lots, posting.lotId))
          assert.deepStrictEqual([total, restored], [lot.total, lot.restored])
          assert.strictEqual(occurredAt, facts[index]!.occurredAt)
        }
      })
    )
  })

  it("has totals that are the sums of the postings up to there, without what a sweep books", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const { postings } = project(Account.empty, facts)
        for (const [place, { index, posting, total }] of postings.entries()) {
          const sum = postings
            .filter((row, other) => (other <= place || row.index === index) && row.posting.lotId === posting.lotId)
            .filter((row) => row.posting.debit !== "expiredByTime" && row.posting.credit !== "expiredByTime")
            .reduce((points, row) => points + Journal.effectOn("lot", row.posting), 0n)
          assert.strictEqual(total, sum)
        }
      })
    )
  })

  it("says of a lot when it last moved, and whether a movement was recorded after a later one", () => {
    let lateOnes = 0
    fc.assert(
      fc.property(history(), ({ account, facts }) => {
        const { lots } = project(Account.empty, facts)
        assert.deepStrictEqual(lots.length, HashMap.size(account.lots.byId))
        const times = new Map<Ids.LotId, Array<Instant.Instant>>()
        let state = Account.empty
        for (const fact of facts) {
          const next = Account.evolve(state, fact)
          for (const lot of HashMap.values(next.lots.byId)) {
            const held = Option.map(Lots.get(state.lots, lot.lotId), ({ total }) => total)
            if (Option.getOrUndefined(held) === lot.total) continue
            times.set(lot.lotId, [...(times.get(lot.lotId) ?? []), fact.occurredAt])
          }
          state = next
        }
        for (const { lastAt, late, lot } of lots) {
          const moved = times.get(lot.lotId) ?? []
          const sorted = moved.slice().sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
          assert.strictEqual(lastAt, sorted.at(-1))
          assert.strictEqual(
            late,
            moved.some((at, index) => at !== sorted[index])
          )
          if (late) lateOnes++
        }
      }),
      { numRuns: 300 }
    )
    assert.isAbove(lateOnes, 0)
  })
})
