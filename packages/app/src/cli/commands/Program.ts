/** `pointback program` */
import { PolicyStore, type PolicyTerms } from "@pointback/adapters"
import { Ids, Policy, Zone } from "@pointback/domain"
import { Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { withBackend } from "../Backend.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

const EXPECTED_FATE = "expire, extend:<days> or refuse is expected"

const set = Command.make(
  "set",
  {
    id: Argument.String("id").pipe(Argument.withDescription("The loyalty program")),
    scale: Flag.String("scale").pipe(Flag.withDescription("Fractional digits of amounts, 0 to 4 [2]"), Flag.optional),
    zone: Flag.String("zone").pipe(Flag.withDescription("IANA time zone of its dates [UTC]"), Flag.optional),
    expiredLots: Flag.String("expired-lots").pipe(
      Flag.withDescription("What a credit to an expired lot does: expire, extend:<days> or refuse [expire]"),
      Flag.optional
    ),
    creditWindow: Flag.String("credit-window").pipe(
      Flag.withDescription("Days within which a redemption may be credited, or none [none]"),
      Flag.optional
    ),
    agingBoundaries: Flag.String("aging-boundaries").pipe(
      Flag.withDescription("Upper bounds of the aging buckets in days [30,60,90,180,365]"),
      Flag.withMetavar("days,…"),
      Flag.optional
    )
  },
  Effect.fn("program set")(function* (flags) {
    const program = yield* Input.read(Ids.ProgramId, "id", flags.id)
    const scale = yield* optional("scale", flags.scale, wholeNumber)
    const zone = yield* optional("zone", flags.zone, (flag, text) => Input.read(Zone.Zone, flag, text))
    const expiredLots = yield* optional("expired-lots", flags.expiredLots, fate)
    const creditWindowDays = yield* optional("credit-window", flags.creditWindow, window)
    const agingBoundaries = yield* optional("aging-boundaries", flags.agingBoundaries, Input.boundaries)
    const changes = Object.fromEntries(
      Object.entries({ scale, zone, expiredLots, creditWindowDays, agingBoundaries }).filter(
        ([, value]) => value !== undefined
      )
    )
    const revised = yield* (yield* PolicyStore).revise(program, (terms) => ({ ...terms, ...changes }))
    yield* Output.answer(json(program, revised.policy), () => text(program, revised.policy, revised.changed))
  }, withBackend)
).pipe(Command.withDescription("Write a version of a program's policy; what is not given stays as it is"))

export const program = Command.make("program").pipe(
  Command.withDescription("The policies of loyalty programs"),
  Command.withSubcommands([set])
)

const optional = <A, E>(
  flag: string,
  value: Option.Option<string>,
  read: (flag: string, text: string) => Effect.Effect<A, E>
): Effect.Effect<A | undefined, E> =>
  Option.match(value, { onNone: () => Effect.succeed(undefined), onSome: (text) => read(flag, text) })

const invalid = (flag: string, value: string, problem: string) => new Input.InvalidInput({ flag, value, problem })

const field = <A>(schema: Schema.Codec<A, unknown>, flag: string, text: string, value: unknown) =>
  Effect.mapError(Effect.fromResult(Schema.decodeUnknownResult(schema)(value)), (error) =>
    invalid(flag, text, error.message)
  )

const wholeNumber = (flag: string, text: string) =>
  /^\d{1,9}$/.test(text)
    ? field(Policy.Policy.fields.scale, flag, text, Number(text))
    : Effect.fail(invalid(flag, text, "a whole number is expected"))

const days = (flag: string, text: string, digits: string) =>
  /^\d{1,9}$/.test(digits)
    ? Effect.map(field(Policy.Policy.fields.creditWindowDays, flag, text, Number(digits)), (value) => value as number)
    : Effect.fail(invalid(flag, text, "a whole number of days is expected"))

const window = (flag: string, text: string): Effect.Effect<number | null, Input.InvalidInput> =>
  text === "none" ? Effect.succeed(null) : days(flag, text, text)

const fate = (flag: string, text: string): Effect.Effect<Policy.ExpiredLots, Input.InvalidInput> => {
  if (text === "expire") return Effect.succeed({ _tag: "Expire" })
  if (text === "refuse") return Effect.succeed({ _tag: "Refuse" })
  if (!text.startsWith("extend:")) return Effect.fail(invalid(flag, text, EXPECTED_FATE))
  return Effect.map(days(flag, text, text.slice("extend:".length)), (count) => ({ _tag: "Extend", days: count }))
}

const fateText = (expiredLots: PolicyTerms["expiredLots"]): string =>
  expiredLots._tag === "Extend" ? `extend:${expiredLots.days}` : expiredLots._tag.toLowerCase()

const json = (id: string, policy: Policy.Policy): Output.Json => ({
  program: id,
  version: policy.version,
  scale: policy.scale,
  zone: policy.zone,
  expiredLots: fateText(policy.expiredLots),
  creditWindowDays: policy.creditWindowDays,
  agingBoundaries: policy.agingBoundaries
})

const text = (id: string, policy: Policy.Policy, changed: boolean): string => {
  const window = policy.creditWindowDays === null ? "no time limit" : `${policy.creditWindowDays} days`
  return [
    `program ${id}, policy version ${policy.version}${changed ? "" : " (unchanged)"}`,
    `  fractional digits  ${policy.scale}`,
    `  time zone          ${policy.zone}`,
    `  expired lots       ${fateText(policy.expiredLots)}`,
    `  credits            ${window}`,
    `  aging buckets      up to ${policy.agingBoundaries.join(", ")} days`
  ].join("\n")
}
