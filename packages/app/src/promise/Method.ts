/** One method of the promises: a use case with the shape of its input, of which any number are run the same way. */
import {
  type AgingStore,
  type Database,
  type DatabaseError,
  type EventLog,
  type EventStore,
  type Mastercard,
  maskText,
  PolicyStore
} from "@pointback/adapters"
import { Ids, Instant, Text, Zone } from "@pointback/domain"
import { Effect, Option, Result, Schema, SchemaIssue } from "effect"
import type { Caller } from "../command/Command.ts"
import { now } from "../command/Now.ts"
import { InvalidInput } from "./Errors.ts"

/** Everything that methods run on. */
export type Services = Database | EventStore.EventStore | EventLog | PolicyStore | AgingStore | Mastercard

/** A method: what it is given is of an unknown shape until it has been read. */
export interface Method<Input, Answer> {
  readonly callsMastercard: boolean
  readonly perform: (input: Input, caller: Caller) => Effect.Effect<Answer, unknown, Services>
}

/** Makes a method of a use case. */
export const method = <Decoded, Input, Answer, E>(definition: {
  readonly input: Schema.Codec<Decoded, Input>
  readonly run: (input: Decoded, caller: Caller) => Effect.Effect<Answer, E, Services>
  readonly callsMastercard?: true
}): Method<Input, Answer> => {
  const read = reader(definition.input)
  return {
    callsMastercard: definition.callsMastercard === true,
    perform: (input, caller) =>
      Effect.flatMap(Effect.fromResult(read(input)), (decoded) => definition.run(decoded, caller))
  }
}

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Reads a value of whatever shape; fails with everything that is wrong with it, each by its field. */
export const reader = <Decoded>(
  schema: Schema.Codec<Decoded, unknown>,
  whole = "input"
): ((value: unknown) => Result.Result<Decoded, InvalidInput>) => {
  const decode = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })
  return (value) => Result.mapError(decode(value), ({ issue }) => invalidInput(issue, whole))
}

const invalidInput = (issue: SchemaIssue.Issue, whole: string): InvalidInput => {
  const problems = issuesOf(issue).issues.map(({ message, path }) => ({
    field: (path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".") || whole,
    // A number where an account belongs would be quoted.
    problem: maskText(message)
  }))
  return new InvalidInput({ field: problems[0]?.field ?? whole, problems })
}

const callerReader = reader(
  Schema.Struct({
    actor: Schema.optional(Ids.Actor),
    correlationId: Schema.optional(Text.Identifier),
    causationId: Schema.optional(Text.Identifier)
  }),
  "options"
)

/** Reads who asks. */
export const readCaller = (options: Readonly<Record<string, unknown>>): Result.Result<Caller, InvalidInput> =>
  callerReader(options)

/** The instant that a text means: it was checked to be one, or a date, which means its first instant there. */
export const instantOf = (
  program: Ids.ProgramId | null,
  text: string
): Effect.Effect<Instant.Instant, DatabaseError, PolicyStore> =>
  Option.match(Instant.fromString(text), {
    onSome: Effect.succeed,
    onNone: () => Effect.map(zoneOf(program), (zone) => Option.getOrThrow(Zone.instantFromString(zone, text)))
  })

const zoneOf = (program: Ids.ProgramId | null): Effect.Effect<Zone.Zone, DatabaseError, PolicyStore> =>
  program === null
    ? Effect.succeed(Zone.UTC)
    : PolicyStore.use((policies) => Effect.map(policies.current(program), ({ policy }) => policy.zone))

/** The instant of a text, where there is one. */
export const optionalInstant = (program: Ids.ProgramId | null, text: string | null | undefined) =>
  text === undefined || text === null ? Effect.succeed(undefined) : instantOf(program, text)

/** When a command occurs: as given, or now. `dated` says which. */
export const occurrence = Effect.fnUntraced(function* (program: Ids.ProgramId, text: string | undefined) {
  const given = yield* optionalInstant(program, text)
  return { occurredAt: given ?? (yield* now), dated: given !== undefined }
})
