/** The two clocks of a question (law L11), as they stand on the command line. */
import { type DatabaseError, PolicyStore } from "@pointback/adapters"
import { Ids, Instant, type Zone } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Flag } from "effect/cli"
import { now } from "../command/Now.ts"
import type { KnownAnswer } from "../query/Known.ts"
import * as Input from "./Input.ts"
import * as Output from "./Output.ts"

const instantFlag = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withMetavar("instant"))

/** By which knowledge. */
export const knownAt = instantFlag(
  "known-at",
  "Count what was recorded by an instant, or by the first instant of a date; without it the answer is provisional"
).pipe(Flag.optional)

/** When it was true. */
export const asOf = instantFlag("as-of", "As of an instant, or of the first instant of a date [now]").pipe(
  Flag.optional
)

/** The first instant of a period. */
export const from = instantFlag("from", "The first instant of the period, or the first one of a date")

/** The end of a period. */
export const to = instantFlag(
  "to",
  "The end of the period, which is no longer in it: an instant, or the first one of a date"
)

/** A flag that must be given, for an instant of knowledge. */
export const knowledge = (name: string, description: string) => instantFlag(name, description)

/** What a program's dates are read by: the zone of its policy as it was known. */
export interface Clock {
  readonly program: Ids.ProgramId
  readonly knownAt: Instant.Instant | null
  readonly zone: Zone.Zone
}

/** Reads the program and the instant of knowledge, and finds the zone that other dates are read in. */
export const read = Effect.fnUntraced(function* (flags: {
  readonly program: string
  readonly knownAt: Option.Option<string>
}): Effect.fn.Return<Clock, Input.InvalidInput | DatabaseError, PolicyStore> {
  const program = yield* Input.read(Ids.ProgramId, "program", flags.program)
  const knownAt = (yield* Input.optionalMoment(program, "known-at", flags.knownAt)) ?? null
  const { policy } = yield* (yield* PolicyStore).knownAt(program, knownAt)
  return { program, knownAt, zone: policy.zone }
})

/** Reads an instant or a date of the zone; now where none is given. */
export const orNow = (zone: Zone.Zone, flag: string, value: Option.Option<string>) =>
  Option.match(value, {
    onNone: () => now,
    onSome: (text) => Input.momentIn(zone, flag, text)
  })

/** By what an answer was made, for people. */
export const text = ({ knownAt }: KnownAnswer): string =>
  knownAt === null ? "provisional: what is recorded later can change it" : `as known at ${Output.instantText(knownAt)}`

/** By what an answer was made, in JSON; null marks a provisional one. */
export const json = ({ knownAt }: KnownAnswer) => ({ knownAt: knownAt === null ? null : Instant.toString(knownAt) })
