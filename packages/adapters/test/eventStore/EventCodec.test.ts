/** What is stored of an event, and hashed, is what its schema encodes, though the schema takes no part in it. */
import { AccountEvent, Fact, Ids, Instant, RedemptionEvent } from "@pointback/domain"
import { Schema } from "effect"
import fc from "fast-check"
import { assert, describe, it } from "vitest"
import { history } from "../../../domain/test/support/History.ts"
import * as EventCodec from "../../src/eventStore/EventCodec.ts"

const encode = Schema.encodeSync(Fact.Event)

/** Every field of the schema's encoding but the type, whatever their order. */
const check = (event: Fact.Event) => {
  const { _tag, ...encoded } = encode(event)
  const payload: unknown = JSON.parse(EventCodec.toPayload(event))
  assert.deepStrictEqual(payload, encoded)
  assert.deepStrictEqual(EventCodec.fromStored(_tag, Fact.SCHEMA_VERSION, payload), event)
}

const branded = <A extends string>(schema: { readonly make: (text: string) => A }): fc.Arbitrary<A> =>
  fc.stringMatching(/^[A-Za-z0-9:_-]{1,20}$/).map((text) => schema.make(text))

const positive = fc.bigInt({ min: 1n, max: 10n ** 19n - 1n })
const signed = fc.oneof(
  positive,
  positive.map((points) => -points)
)
const instant = fc.bigInt({ min: Instant.EARLIEST, max: Instant.END - 1n })
const expiresAt = fc.option(instant)
const version = fc.nat()
const note = fc.stringMatching(/^[a-z]([a-z"\\é€ ]{0,10}[a-z])?$/)
const lotId = branded(Ids.LotId)
const creditId = branded(Ids.CreditId)
const mode = fc.constantFrom("full" as const, "partial" as const)
const record = <Shape>(shape: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }) =>
  fc.record<Shape>(shape, { noNullPrototype: true })
const lot = { lotId, earnedAt: instant, expiresAt, points: positive }

const restoration = fc.oneof(
  record({ ...lot, fate: fc.constantFrom("live" as const, "expired" as const) }),
  record({ ...lot, fate: fc.constant("extended" as const), from: lotId })
)
const restorations = fc.array(restoration, { maxLength: 4 })

const text = fc.string({ unit: "grapheme" })
const mastercard = fc.option(record({ pointBalance: text, remaining: fc.option(text), programName: text, id: text }))
const reason = record({ source: text, reasonCode: text, description: text })
const credit = {
  creditId,
  points: positive,
  mode,
  restorations,
  remaining: positive,
  policyVersion: version,
  mastercard
}

type Fields = { [Event in Fact.Event as Event["_tag"]]: fc.Arbitrary<Omit<Event, "_tag">> }

const fields: Fields = {
  PointsEarned: record({ ...lot, source: fc.option(note) }),
  PointsExpired: record({ lotId, points: signed }),
  PointsAdjusted: record({ lotId, points: signed, reason: note, actor: fc.option(branded(Ids.Actor)) }),
  AccountAliased: record({ alias: branded(Ids.AccountKey) }),
  Redeemed: record({
    redemptionId: branded(Ids.RedemptionId),
    points: positive,
    draws: fc.array(record(lot), { maxLength: 4 }),
    redemptionType: fc.constantFrom(...RedemptionEvent.RedemptionType.literals),
    processedBy: branded(Ids.ProcessedBy),
    policyVersion: version
  }),
  CreditRequested: record({ creditId, points: positive, mode, restorations, policyVersion: version }),
  PartiallyCredited: record(credit),
  FullyCredited: record({ ...credit, remaining: fc.constant(0n) }),
  CreditDeclined: record({ creditId, reasons: fc.array(reason) }),
  CreditOutcomeUnknown: record({ creditId, cause: fc.constantFrom(...RedemptionEvent.UnknownCause.literals) })
}

describe("the stored form of events", () => {
  it.each(Object.entries(fields))("is the schema's encoding of %s, with any values", (_tag, arbitrary) => {
    fc.assert(fc.property(arbitrary, (event) => check({ ...event, _tag } as Fact.Event)))
  })

  it("is the schema's encoding of whole histories", () => {
    fc.assert(fc.property(history(), ({ facts }) => facts.forEach(({ event }) => check(event))))
  })

  it("is tried of every kind that there is", () => {
    const kinds = [
      ...Object.keys(AccountEvent.AccountEvent.cases),
      ...Object.keys(RedemptionEvent.RedemptionEvent.cases)
    ]
    assert.deepStrictEqual(Object.keys(fields).sort(), kinds.sort())
  })

  it("has amounts and instants as text, and the type beside it", () => {
    const payload = EventCodec.toPayload({
      _tag: "PointsEarned",
      lotId: Ids.LotId.make("A"),
      points: 15_000n,
      earnedAt: 0n,
      expiresAt: null,
      source: 'a "shop"\u001f'
    })
    assert.strictEqual(
      payload,
      '{"lotId":"A","points":"1.5","earnedAt":"1970-01-01T00:00:00.000Z","expiresAt":null,"source":"a \\"shop\\"\\u001f"}'
    )
  })
})
