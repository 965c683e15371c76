/** A redemption's row is read as the state that was written, in every situation. */
import { Account, Ids, Instant, type Redemption } from "@pointback/domain"
import { HashMap } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { history } from "../../../domain/test/support/History.ts"
import * as Lines from "../../src/eventStore/Lines.ts"
import * as Snapshot from "../../src/eventStore/Snapshot.ts"

type Known = Exclude<Redemption.RedemptionState, { readonly _tag: "None" }>

const nothing = (text: string | null): string => text ?? ""

/** The row as `load_batch` answers it: in fields of text, instants as microseconds. */
const answered = (state: Known, version = 7): Snapshot.LoadedRow => {
  const row = Snapshot.row(state, version)
  const fields = [
    row.redemption_id,
    row.redemption_type,
    row.processed_by,
    `${Instant.fromStringUnsafe(row.redeemed_at)}`,
    row.version,
    row.points,
    row.credited,
    row.state,
    row.draws,
    nothing(row.pending_credit),
    nothing(row.request)
  ]
  const [line] = Lines.parse(Lines.line(fields))
  return line as unknown as Snapshot.LoadedRow
}

const roundTrip = (state: Known) => assert.deepStrictEqual(Snapshot.fromRow(answered(state)), state)

const lotId = Ids.LotId.make
const instant = fc.bigInt({ min: Instant.EARLIEST, max: Instant.END - 1n })
const points = fc.bigInt({ min: 1n, max: 10n ** 15n })
const lot = { earnedAt: instant, expiresAt: fc.option(instant), points }
const record = <Shape>(shape: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }) =>
  fc.record<Shape>(shape, { noNullPrototype: true })

const redemptionOf = (draws: number) =>
  record({
    redemptionId: fc.constant(Ids.RedemptionId.make("R1")),
    points,
    redemptionType: fc.constantFrom("MERCHANDISE" as const, "TRAVEL" as const, "CASHBACK" as const),
    processedBy: fc.constant(Ids.ProcessedBy.make("merchant")),
    redeemedAt: instant,
    draws: fc
      .array(record({ ...lot, restored: fc.constantFrom(0n, 1n) }), { minLength: draws, maxLength: draws })
      .map((all) => all.map((draw, i) => ({ ...draw, lotId: lotId(`lot-${i}`) }))),
    credited: fc.oneof(fc.constant(0n), points)
  })

const requestOf = (count: number) =>
  record({
    creditId: fc.constant(Ids.CreditId.make("c:1")),
    points,
    mode: fc.constantFrom("full" as const, "partial" as const),
    restorations: fc
      .array(
        fc.oneof(
          record({ ...lot, fate: fc.constantFrom("live" as const, "expired" as const) }),
          record({ ...lot, fate: fc.constant("extended" as const), from: fc.constant(lotId("A")) })
        ),
        { minLength: count, maxLength: count }
      )
      .map((all) => all.map((restoration, i) => ({ ...restoration, lotId: lotId(`extended:c:${i}`) }))),
    requestedAt: instant,
    policyVersion: fc.nat()
  })

const CAUSES = ["timeout", "connectionLost", "serverError", "unreadableAnswer", "contradiction", "crash"] as const

const stateOf = (size: number): fc.Arbitrary<Known> => {
  const redemption = redemptionOf(size)
  const request = requestOf(size)
  return fc.oneof(
    record({ _tag: fc.constantFrom("Outstanding" as const, "FullyCredited" as const), redemption }),
    record({ _tag: fc.constant("CreditPending" as const), redemption, request }),
    record({ _tag: fc.constant("CreditUnknown" as const), redemption, request, cause: fc.constantFrom(...CAUSES) })
  )
}

describe("a redemption's row", () => {
  it("is read as the state that was written, after every step of whole histories", () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(history(), ({ steps }) => {
        for (const { after, before } of steps) {
          if (after.redemptions === before.redemptions) continue
          for (const state of HashMap.values(after.redemptions)) {
            if (state._tag === "None" || Account.redemption(before, state.redemption.redemptionId) === state) continue
            seen.add(state._tag)
            roundTrip(state)
          }
        }
      }),
      { numRuns: 300 }
    )
    assert.deepStrictEqual(Array.from(seen).sort(), ["CreditPending", "CreditUnknown", "FullyCredited", "Outstanding"])
  })

  it("is read as the state that was written, with any values in every situation", () => {
    fc.assert(fc.property(fc.nat({ max: 4 }).chain(stateOf), roundTrip))
  })

  it("holds a thousand draws and restorations", () => {
    fc.assert(fc.property(stateOf(1000), roundTrip), { numRuns: 5 })
  })

  it("names what the database holds to account: points, what is pending, and the lots that were drawn", () => {
    fc.assert(
      fc.property(fc.nat({ max: 4 }).chain(stateOf), (state) => {
        const row = Snapshot.row(state, 3)
        const request = state._tag === "CreditPending" || state._tag === "CreditUnknown" ? state.request : undefined
        assert.strictEqual(row.version, 3)
        assert.strictEqual(row.state, state._tag)
        assert.strictEqual(row.pending_credit, request?.creditId ?? null)
        assert.strictEqual(row.pending === "0", request === undefined)
        assert.strictEqual(row.lot_ids, state.redemption.draws.map(({ lotId }) => lotId).join("\x1d"))
      })
    )
  })
})
