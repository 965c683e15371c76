/**
 * How a sandbox misbehaves on purpose: which faults there are, and the specification that says when they happen.
 *
 * A fault is one of two sorts that a caller cannot tell apart and that everything depends on: the call had its effect,
 * or it had none. The log of the sandbox says which it was.
 */
import { Points } from "@pointback/domain"
import { Effect, Result, Schema, SchemaGetter, SchemaIssue } from "effect"
import * as ShortForm from "./SandboxShortForm.ts"

/** The faults, in the order in which rates are laid side by side. */
export const FAULTS = [
  /** A 4xx of the API in the documented structure. No effect. */
  "refuse",
  /** A 4xx of the gateway. No effect. */
  "refuseAtGateway",
  /** Has its effect and answers right, but later. */
  "delay",
  /** No effect and no answer: the connection stays open until the client leaves. */
  "holdBefore",
  /** Has its effect and never answers. */
  "holdAfter",
  /** The connection is destroyed. No effect. */
  "dropBefore",
  /** Has its effect; the connection is destroyed before a byte of the answer. */
  "dropAfter",
  /** Has its effect; the connection is destroyed in the middle of the answer's body. */
  "cutAnswer",
  /** A 5xx. No effect. */
  "serverErrorBefore",
  /** Has its effect and answers with a 5xx. */
  "serverErrorAfter",
  /** Has its effect and answers 200 with a body that is no JSON. */
  "garbage",
  /** Has its effect; the remaining points in the answer are wrong. */
  "wrongRemaining",
  /** Has its effect; the balance in the answer is wrong. */
  "wrongBalance",
  /** Has its effect once; the answer is written twice. */
  "answerTwice",
  /** Has its effect twice, where the bank's rules allow the second; answers once. */
  "effectTwice",
  /** The connection is destroyed now; the effect comes later, by the sandbox's clock. */
  "lateEffect"
] as const

/** A fault. */
export type Fault = (typeof FAULTS)[number]

/** The calls, by short names. */
export const CALLS = ["credit", "redeem", "redemptions", "redeemer", "status", "search", "addresses"] as const

/** A call. */
export type Call = (typeof CALLS)[number]

/** Lines of a script at most: enough for any scenario that a person reads, little enough to look through at each call. */
const MAXIMUM_SCRIPT = 10_000

/** A day: a longer delay or lag is a mistake in a unit. */
const MAXIMUM_MILLIS = 86_400_000

const MILLIS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** What a person is told who wrote no span of time. */
const SPAN_EXPECTED = "a span of time up to a day is expected, such as 500ms, 30s, 2m or 1h"

const spanOf = (value: unknown): number | undefined => {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 ? value : undefined
  const match = typeof value === "string" ? /^(\d{1,8})(ms|s|m|h)$/.exec(value) : null
  return match === null ? undefined : Number(match[1]) * (MILLIS[match[2] as string] as number)
}

/** A span of time: `30s`, `500ms`, `2m`, `1h` or a number of milliseconds outside; milliseconds inside. */
export const Span = Schema.Unknown.pipe(
  Schema.decodeTo(Schema.Natural, {
    decode: SchemaGetter.transformEffect((value: unknown, options) => {
      const millis = spanOf(value)
      return millis !== undefined && millis <= MAXIMUM_MILLIS
        ? Effect.succeed(millis)
        : Effect.fail(new SchemaIssue.InvalidValue({ message: SPAN_EXPECTED }, value, options))
    }),
    encode: SchemaGetter.transform((millis: number): unknown =>
      millis % 1000 === 0 ? `${millis / 1000}s` : `${millis}ms`
    )
  })
)

const settings = {
  /** Of `delay` and `lateEffect`: how much later. */
  after: Schema.optionalKey(Span),
  /** Of `wrongRemaining` and `wrongBalance`: points that the answer is off by. */
  by: Schema.optionalKey(Points.Positive),
  /** Of the refusals and server errors. */
  status: Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween({ minimum: 400, maximum: 599 }, { message: "a status from 400 to 599 is expected" })
    )
  ),
  /** Of the refusals and server errors. */
  reasonCode: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_.-]{1,128}$/, { message: "a reason code is expected" }))
  )
}

/** Which settings a fault takes. */
const TAKES: Partial<Record<Fault, ReadonlyArray<keyof typeof settings>>> = {
  refuse: ["status", "reasonCode"],
  refuseAtGateway: ["status", "reasonCode"],
  serverErrorBefore: ["status", "reasonCode"],
  serverErrorAfter: ["status", "reasonCode"],
  delay: ["after"],
  lateEffect: ["after"],
  wrongRemaining: ["by"],
  wrongBalance: ["by"]
}

/** The settings of a fault; what is not set has a default. */
export interface Settings {
  readonly after?: number
  readonly by?: bigint
  readonly status?: number
  readonly reasonCode?: string
}

/** What is wrong with the settings of a fault, and where. */
const problemsOfSettings = (fault: Fault, given: Settings, path: ReadonlyArray<string>) => {
  const problems: Array<{ readonly path: ReadonlyArray<string>; readonly issue: string }> = []
  for (const name of Object.keys(settings) as ReadonlyArray<keyof typeof settings>) {
    if (given[name] !== undefined && !TAKES[fault]?.includes(name)) {
      problems.push({ path: [...path, name], issue: `${fault} takes no such setting` })
    }
  }
  const isServerError = fault.startsWith("serverError")
  if (given.status !== undefined && problems.length === 0 && given.status >= 500 !== isServerError) {
    const expected = isServerError ? "from 500 to 599" : "from 400 to 499"
    problems.push({ path: [...path, "status"], issue: `a status ${expected} is expected for ${fault}` })
  }
  return problems
}

const Probability = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 1 }, { message: "a probability from 0 to 1 is expected" })
)

const RateWithSettings = Schema.Struct({ rate: Probability, ...settings })

const Rate = Schema.Unknown.pipe(
  Schema.decodeTo(RateWithSettings, {
    decode: SchemaGetter.transform((value: unknown) =>
      typeof value === "object" && value !== null ? value : { rate: value }
    ) as never,
    encode: SchemaGetter.transform((value: unknown) => value) as never
  })
)

const rates = Schema.Struct(
  Object.fromEntries(FAULTS.map((fault) => [fault, Schema.optionalKey(Rate)])) as Record<
    Fault,
    Schema.optionalKey<typeof Rate>
  >
).check(
  Schema.makeFilter((given) => {
    const named = Object.entries(given) as ReadonlyArray<[Fault, { readonly rate: number } & Settings]>
    const sum = named.reduce((total, [, { rate }]) => total + rate, 0)
    return [
      ...named.flatMap(([fault, settings]) => problemsOfSettings(fault, settings, [fault])),
      ...(sum > 1 + Number.EPSILON * FAULTS.length
        ? [{ path: [], issue: `the rates must not be more than 1 in all, and are ${sum}` }]
        : [])
    ]
  })
)

const ScriptLine = Schema.Struct({
  /** Any call where it is left out. */
  call: Schema.optionalKey(Schema.Literals(CALLS)),
  /** Which call of its kind that is for the redemption (or the account, where a call names none), from 1; each if left out. */
  nth: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0, { message: "a count from 1 is expected" }))),
  /** Calls that name this redemption only. */
  redemption: Schema.optionalKey(Schema.String),
  /** Calls for this account only. */
  account: Schema.optionalKey(Schema.String),
  fault: Schema.Literals(FAULTS),
  ...settings
}).check(Schema.makeFilter((line) => problemsOfSettings(line.fault, line, [])))

/** A line of a script. The first line that fits a call decides; rates count only where none does. */
export type ScriptLine = typeof ScriptLine.Type

const Specification = Schema.Struct({
  seed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  rates: rates.pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  script: Schema.Array(ScriptLine)
    .check(Schema.isMaxLength(MAXIMUM_SCRIPT))
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  historyLag: Span.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))
})

/** When which fault happens, complete. Spans are milliseconds, points ten-thousandths. */
export type Specification = typeof Specification.Type

/** A specification as it is written: everything may be left out. */
export interface SpecificationInput {
  readonly seed?: number
  readonly rates?: Partial<Record<Fault, number | ({ readonly rate: number } & SettingsInput)>>
  readonly script?: ReadonlyArray<
    {
      readonly call?: Call
      readonly nth?: number
      readonly redemption?: string
      readonly account?: string
      readonly fault: Fault
    } & SettingsInput
  >
  readonly historyLag?: string | number
}

interface SettingsInput {
  readonly after?: string | number
  readonly by?: string
  readonly status?: number
  readonly reasonCode?: string
}

/** No faults. */
export const none: Specification = { seed: 0, rates: {}, script: [], historyLag: 0 }

/** A specification that cannot be used. */
export class SandboxFaultsInvalid extends Schema.TaggedError<SandboxFaultsInvalid>()("SandboxFaultsInvalid", {
  problems: Schema.Array(Schema.Struct({ path: Schema.String, problem: Schema.String }))
}) {
  override get message(): string {
    return `The faults cannot be used: ${ShortForm.describe(this.problems)}`
  }
}

const decodeSpecification = Schema.decodeUnknownResult(Specification)
const encodeSpecification = Schema.encodeUnknownResult(Specification)

/** Reads a specification. The failure names each member that is wrong. */
export const decode = (input: unknown): Result.Result<Specification, SandboxFaultsInvalid> =>
  Result.mapError(
    decodeSpecification(input, { errors: "all", onExcessProperty: "error" }),
    (error) => new SandboxFaultsInvalid({ problems: ShortForm.problemsOf(error) })
  )

/** A specification as it is written, and as JSON can hold it. */
export const toInput = (specification: Specification): SpecificationInput =>
  Result.getOrThrow(encodeSpecification(specification)) as SpecificationInput
