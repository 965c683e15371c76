/** Reads what stands on the command line; whatever cannot be read is refused by the name of its flag. */
import { type DatabaseError, PolicyStore } from "@pointback/adapters"
import { type Draw, Ids, Instant, Points, Policy, Refusal, Zone } from "@pointback/domain"
import { Effect, Option, Schema } from "effect"
import { now } from "../command/Now.ts"
import { UnknownProgram } from "../error/AppError.ts"

/** A flag whose value cannot be read. */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", {
  flag: Schema.String,
  value: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `--${this.flag} ${JSON.stringify(this.value)}: ${this.problem}`
  }
}

const invalid = (flag: string, value: string, problem: string) => new InvalidInput({ flag, value, problem })

/** Reads a text by a schema of the domain. */
export const read = <A>(schema: Schema.Codec<A, string>, flag: string, value: string): Effect.Effect<A, InvalidInput> =>
  Effect.mapError(Effect.fromResult(Schema.decodeResult(schema)(value)), (error) => invalid(flag, value, error.message))

/** Reads a text by a schema of the domain where one is given; null where none is. */
export const optional = <A>(
  schema: Schema.Codec<A, string>,
  flag: string,
  value: Option.Option<string>
): Effect.Effect<A | null, InvalidInput> =>
  Option.match(value, { onNone: () => Effect.succeed(null), onSome: (text) => read(schema, flag, text) })

/** Reads a whole number from 0 to `most`. */
export const wholeNumber = (flag: string, value: string, most: number): Effect.Effect<number, InvalidInput> =>
  /^\d{1,16}$/.test(value) && Number(value) <= most
    ? Effect.succeed(Number(value))
    : Effect.fail(invalid(flag, value, `a whole number from 0 to ${most} is expected`))

/**
 * Reads an amount. What is no decimal cannot be read; what is one with too many digits is an amount that the domain
 * refuses.
 */
export const points = (
  flag: string,
  value: string
): Effect.Effect<Points.Points, InvalidInput | Refusal.InvalidPoints> =>
  Effect.mapError(Effect.fromResult(Points.fromString(value)), (problem) =>
    problem === "notADecimal"
      ? invalid(flag, value, Points.describeProblem(problem))
      : new Refusal.InvalidPoints({ field: flag, value, problem: Points.describeProblem(problem) })
  )

/** Reads `<lot>=<points>` pairs; the lot may have an equals sign of its own. */
export const lots = (
  flag: string,
  values: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Draw.LotPoints> | undefined, InvalidInput | Refusal.InvalidPoints> =>
  values.length === 0
    ? Effect.succeed(undefined)
    : Effect.forEach(values, (value) =>
        Effect.gen(function* () {
          const equals = value.lastIndexOf("=")
          if (equals < 1) return yield* invalid(flag, value, "<lot>=<points> is expected")
          return {
            lotId: yield* read(Ids.LotId, flag, value.slice(0, equals)),
            points: yield* points(flag, value.slice(equals + 1))
          }
        })
      )

/** Reads upper bounds of aging buckets, such as `30,60,90`. */
export const boundaries = (flag: string, value: string): Effect.Effect<ReadonlyArray<number>, InvalidInput> => {
  const days = value.split(",").map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : Number.NaN))
  const problem = `1 to ${Policy.MAXIMUM_BOUNDARIES} ascending numbers of days are expected, such as 30,60,90`
  return Effect.mapError(Effect.fromResult(Schema.decodeResult(Policy.Boundaries)(days)), () =>
    invalid(flag, value, problem)
  )
}

/** Reads a program that there must be: a mistyped one would be answered as if all were well with it. */
export const knownProgram = Effect.fnUntraced(function* (
  value: string
): Effect.fn.Return<Ids.ProgramId, InvalidInput | UnknownProgram | DatabaseError, PolicyStore> {
  const program = yield* read(Ids.ProgramId, "program", value)
  const { known } = yield* (yield* PolicyStore).current(program)
  return known ? program : yield* new UnknownProgram({ program })
})

/** Reads an instant with a zone, or a date, which means its first instant in that zone. */
export const momentIn = (
  zone: Zone.Zone,
  flag: string,
  value: string
): Effect.Effect<Instant.Instant, InvalidInput> => {
  const instant = Option.orElse(Instant.fromString(value), () =>
    Option.map(Zone.dateFromString(value), (date) => Zone.startOfDate(zone, date))
  )
  return Option.match(instant, {
    onSome: (found) => Effect.succeed(found),
    onNone: () => Effect.fail(invalid(flag, value, `${Instant.EXPECTED}, or a date such as 2026-01-20`))
  })
}

/** Reads an instant with a zone, or a date, which means its first instant in the program's zone. */
export const moment = Effect.fnUntraced(function* (
  program: Ids.ProgramId | null,
  flag: string,
  value: string
): Effect.fn.Return<Instant.Instant, InvalidInput | DatabaseError, PolicyStore> {
  const isDate = Option.isSome(Zone.dateFromString(value))
  const zone = program === null || !isDate ? Zone.UTC : (yield* (yield* PolicyStore).current(program)).policy.zone
  return yield* momentIn(zone, flag, value)
})

/** Reads an instant where one is given. */
export const optionalMoment = (program: Ids.ProgramId | null, flag: string, value: Option.Option<string>) =>
  Option.match(value, {
    onNone: () => Effect.succeed(undefined),
    onSome: (text) => moment(program, flag, text)
  })

/** When a command occurs: as given, or now. `dated` says which. */
export const occurrence = Effect.fnUntraced(function* (program: Ids.ProgramId, at: Option.Option<string>) {
  const given = yield* optionalMoment(program, "at", at)
  return { occurredAt: given ?? (yield* now), dated: given !== undefined }
})
