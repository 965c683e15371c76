/**
 * Reads stored events without checking them, for whoever reads a whole log: what is stored was checked before it was
 * written, and `verify` checks it again by the schema. A property test holds every field against the schema, which takes
 * ten times as long.
 */
import { type AccountEvent, type Draw, Fact, Instant, type RedemptionEvent, type Restoration } from "@pointback/domain"
import * as EventCodec from "./EventCodec.ts"

/** The JSON of a stored event: amounts and instants are text, everything else is as it is in the event. */
type Stored<Event> = Event extends bigint
  ? string
  : Event extends ReadonlyArray<infer Item>
    ? ReadonlyArray<Stored<Item>>
    : Event extends string | number | boolean | null
      ? Event
      : { readonly [Field in keyof Event]: Stored<Event[Field]> }

type Of<Tag extends Fact.Event["_tag"]> = Extract<Fact.Event, { readonly _tag: Tag }>

/** An amount as we write it: at most four fractional digits, no zeros too many. */
const amount = (text: string): bigint => {
  const dot = text.indexOf(".")
  return dot < 0 ? BigInt(text) * 10_000n : BigInt(text.slice(0, dot) + text.slice(dot + 1).padEnd(4, "0"))
}

/** Lots of an account are of a few days, which its events name again and again. */
const MAXIMUM_KNOWN = 10_000
const known = new Map<string, Instant.Instant>()

const instant = (text: string): Instant.Instant => {
  const found = known.get(text)
  if (found !== undefined) return found
  if (known.size >= MAXIMUM_KNOWN) known.clear()
  const read = Instant.fromStringUnsafe(text)
  known.set(text, read)
  return read
}

const expiry = (text: string | null): Instant.Instant | null => (text === null ? null : instant(text))

// Fields in the schema's order, since rows are compared as text.
const draw = ({ earnedAt, expiresAt, lotId, points }: Stored<Draw.Draw>): Draw.Draw => ({
  lotId,
  earnedAt: instant(earnedAt),
  expiresAt: expiry(expiresAt),
  points: amount(points)
})

const restoration = (stored: Stored<Restoration.Restoration>): Restoration.Restoration => {
  const { earnedAt, expiresAt, fate, from, lotId, points } = stored
  const given = { lotId, points: amount(points), fate, earnedAt: instant(earnedAt), expiresAt: expiry(expiresAt) }
  return from === undefined ? given : { ...given, from }
}

// Both credits have the same fields.
const credited =
  <Tag extends RedemptionEvent.Credited["_tag"]>(_tag: Tag) =>
  ({ points, remaining, restorations, ...rest }: Omit<Stored<Of<"PartiallyCredited">>, "_tag">) => ({
    ...rest,
    _tag,
    points: amount(points),
    restorations: restorations.map(restoration),
    remaining: amount(remaining)
  })

const readers: { readonly [Tag in Fact.Event["_tag"]]: (stored: Stored<Of<Tag>>) => Fact.Event } = {
  PointsEarned: ({ earnedAt, expiresAt, points, ...rest }): AccountEvent.AccountEvent => ({
    ...rest,
    _tag: "PointsEarned",
    points: amount(points),
    earnedAt: instant(earnedAt),
    expiresAt: expiry(expiresAt)
  }),
  PointsExpired: ({ points, ...rest }) => ({ ...rest, _tag: "PointsExpired", points: amount(points) }),
  PointsAdjusted: ({ points, ...rest }) => ({ ...rest, _tag: "PointsAdjusted", points: amount(points) }),
  AccountAliased: (stored) => ({ ...stored, _tag: "AccountAliased" }),
  Redeemed: ({ draws, points, ...rest }) => ({
    ...rest,
    _tag: "Redeemed",
    points: amount(points),
    draws: draws.map(draw)
  }),
  CreditRequested: ({ points, restorations, ...rest }) => ({
    ...rest,
    _tag: "CreditRequested",
    points: amount(points),
    restorations: restorations.map(restoration)
  }),
  PartiallyCredited: credited("PartiallyCredited"),
  FullyCredited: credited("FullyCredited"),
  CreditDeclined: (stored) => ({ ...stored, _tag: "CreditDeclined" }),
  CreditOutcomeUnknown: (stored) => ({ ...stored, _tag: "CreditOutcomeUnknown" })
}

/** Reads a stored event from its JSON text. One of an older schema version is read by the schema. */
export const fromStored = (type: string, schemaVersion: number, payload: string): Fact.Event => {
  const stored: unknown = JSON.parse(payload)
  const read = readers[type as Fact.Event["_tag"]] as ((stored: unknown) => Fact.Event) | undefined
  return schemaVersion === Fact.SCHEMA_VERSION && read !== undefined
    ? read(stored)
    : EventCodec.fromStored(type, schemaVersion, stored)
}
