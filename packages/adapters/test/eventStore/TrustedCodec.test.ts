/** What is read without the schema is what the schema reads, to the last field and in its order. */
import { Fact, Ids, Instant, type RedemptionEvent } from "@pointback/domain"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { history } from "../../../domain/test/support/History.ts"
import * as EventCodec from "../../src/eventStore/EventCodec.ts"
import * as TrustedCodec from "../../src/eventStore/TrustedCodec.ts"

const check = (event: Fact.Event) => {
  const payload = EventCodec.toPayload(event)
  const read = TrustedCodec.fromStored(event._tag, Fact.SCHEMA_VERSION, payload)
  assert.deepStrictEqual(read, EventCodec.fromStored(event._tag, Fact.SCHEMA_VERSION, JSON.parse(payload)))
  assert.deepStrictEqual(read, event)
}

const points = fc.bigInt({ min: 1n, max: 10n ** 19n - 1n })
const signed = fc.oneof(
  points,
  points.map((n) => -n)
)
const instant = fc.bigInt({ min: Instant.EARLIEST, max: Instant.END - 1n })
const text = fc.string({ minLength: 1 })
const lotId = text as fc.Arbitrary<unknown> as fc.Arbitrary<Ids.LotId>
const creditId = text as fc.Arbitrary<unknown> as fc.Arbitrary<Ids.CreditId>

const restoration = fc.record(
  {
    lotId,
    points,
    fate: fc.constantFrom("live" as const, "expired" as const, "extended" as const),
    earnedAt: instant,
    expiresAt: fc.option(instant),
    from: lotId
  },
  { requiredKeys: ["lotId", "points", "fate", "earnedAt", "expiresAt"], noNullPrototype: true }
)

const answered = fc.record(
  { pointBalance: text, remaining: fc.option(text), programName: text, id: text },
  { noNullPrototype: true }
)

const credited = fc.record(
  {
    _tag: fc.constantFrom("PartiallyCredited" as const, "FullyCredited" as const),
    creditId,
    points,
    mode: fc.constantFrom("full" as const, "partial" as const),
    restorations: fc.array(restoration),
    remaining: points,
    policyVersion: fc.nat(),
    mastercard: fc.option(answered)
  },
  { noNullPrototype: true }
) as fc.Arbitrary<RedemptionEvent.Credited>

/** Fields of Mastercard and of amounts have the same names, and are not the same. */
const read = (event: Fact.Event) =>
  TrustedCodec.fromStored(event._tag, Fact.SCHEMA_VERSION, EventCodec.toPayload(event))

describe("what is read without the schema", () => {
  it("is what the schema reads, of whole histories", () => {
    fc.assert(fc.property(history(), ({ facts }) => facts.forEach(({ event }) => check(event))))
  })

  it("is what was written, of credits with any values", () => {
    fc.assert(fc.property(credited, (event) => assert.deepStrictEqual(read(event), event)))
  })

  it("is what was written, of amounts and instants of any size", () => {
    fc.assert(
      fc.property(signed, points, instant, fc.option(instant), (adjusted, earned, earnedAt, expiresAt) => {
        const id = Ids.LotId.make("lot")
        check({ _tag: "PointsExpired", lotId: id, points: adjusted })
        check({ _tag: "PointsAdjusted", lotId: id, points: adjusted, reason: "by hand", actor: null })
        check({ _tag: "PointsEarned", lotId: id, points: earned, earnedAt, expiresAt, source: "shop" })
      })
    )
  })

  it("is what the schema reads, of events without amounts", () => {
    const credit = Ids.CreditId.make("credit")
    const reasons = [{ source: "Mastercard", reasonCode: "points", description: "remaining: 3" }]
    check({ _tag: "AccountAliased", alias: Ids.AccountKey.make("alias") })
    check({ _tag: "CreditDeclined", creditId: credit, reasons })
    check({ _tag: "CreditOutcomeUnknown", creditId: credit, cause: "timeout" })
  })

  it("has its fields in the schema's order, whatever the order in which they were stored", () => {
    const stored = {
      mode: "partial",
      points: "1.5",
      creditId: "c",
      remaining: "0.0001",
      mastercard: null,
      restorations: [
        {
          from: "a",
          fate: "extended",
          lotId: "b",
          points: "1.5",
          earnedAt: "2025-01-10T00:00:00.000Z",
          expiresAt: null
        }
      ],
      policyVersion: 0
    }
    const event = TrustedCodec.fromStored("PartiallyCredited", 1, JSON.stringify(stored))
    const checked = EventCodec.fromStored("PartiallyCredited", 1, stored)
    assert.strictEqual(
      EventCodec.toPayload((event as RedemptionEvent.Credited).restorations as never),
      EventCodec.toPayload((checked as RedemptionEvent.Credited).restorations as never)
    )
  })

  it.each([
    ["PointsEarned", 2],
    ["PointsLost", 1]
  ])("refuses %s of schema version %i", (type, version) => {
    assert.throws(() => TrustedCodec.fromStored(type, version, "{}"), EventCodec.UnreadableEvent)
  })
})
