/** `pointback settle` */
import { maskAccount, Mastercard } from "@pointback/adapters"
import { Ids, Text } from "@pointback/domain"
import { Duration, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { decideCredit } from "../../settle/DecideCredit.ts"
import { type Settled, type SettledCredit, settleCredits } from "../../settle/SettleCredits.ts"
import type * as SettleSettings from "../../settle/SettleSettings.ts"
import { withBackend } from "../Backend.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"
import * as SafeMastercard from "../SafeMastercard.ts"
import { outcomeText } from "./Credit.ts"

export const settle = Command.make(
  "settle",
  {
    program: Flags.program.pipe(Flag.withDescription("The loyalty program [all]"), Flag.optional),
    olderThan: Flag.String("older-than").pipe(
      Flag.withDescription('Leave credits alone that were asked for more recently, as "90 seconds" [2 minutes]'),
      Flag.withMetavar("duration"),
      Flag.optional
    ),
    absent: Flag.Literals("absent", ["release", "repeat"]).pipe(
      Flag.withDescription("What becomes of a credit that certainly never happened"),
      Flag.withDefault("release")
    ),
    account: Flags.account.pipe(Flag.withDescription("The account of the credit to decide"), Flag.optional),
    creditId: Flag.String("credit-id").pipe(Flag.withDescription("A credit to decide by name"), Flag.optional),
    confirm: Flag.Boolean("confirm").pipe(Flag.withDescription("It happened: book it"), Flag.withDefault(false)),
    release: Flag.Boolean("release").pipe(
      Flag.withDescription("It never happened: release its points"),
      Flag.withDefault(false)
    ),
    actor: Flag.String("actor").pipe(Flag.withDescription("Who decides, or settles"), Flag.optional),
    reason: Flag.String("reason").pipe(Flag.withDescription("Why it is decided so"), Flag.optional)
  },
  Effect.fn("settle")(function* (flags) {
    if (Option.isSome(flags.creditId)) return yield* decide(flags, flags.creditId.value)
    yield* aloneWithout(flags)
    // Without a way to reach Mastercard there is nothing to be looked at.
    const { config, settle: settings } = yield* SafeMastercard.settings
    const settled = yield* Effect.provide(withBackend(look(flags, settings)), Mastercard.layer(config))
    yield* Output.answer(Json.settled(settled), () => text(settled))
    const left = settled.credits.some(({ result }) => result === "open")
    yield* exitWith(left ? ExitCode.unreachable : ExitCode.done)
  })
).pipe(Command.withDescription("Find out at Mastercard what became of credits in flight, or decide one by name"))

interface Given {
  readonly program: Option.Option<string>
  readonly olderThan: Option.Option<string>
  readonly absent: "release" | "repeat"
  readonly account: Option.Option<string>
  readonly confirm: boolean
  readonly release: boolean
  readonly actor: Option.Option<string>
  readonly reason: Option.Option<string>
}

const wrong = (flag: string, problem: string, value = "") => new Input.InvalidInput({ flag, value, problem })

const needed = (flag: string, value: Option.Option<string>): Effect.Effect<string, Input.InvalidInput> =>
  Option.match(value, {
    onNone: () => Effect.fail(wrong(flag, "a decision about one credit needs it")),
    onSome: Effect.succeed
  })

/** Flags that say something of one credit mean nothing without its id, and must not be passed over. */
const aloneWithout = ({ account, confirm, reason, release }: Given): Effect.Effect<void, Input.InvalidInput> => {
  const given = confirm ? "confirm" : release ? "release" : Option.isSome(reason) ? "reason" : undefined
  const flag = given ?? (Option.isSome(account) ? "account" : undefined)
  return flag === undefined ? Effect.void : Effect.fail(wrong(flag, "it goes with --credit-id"))
}

const look = Effect.fnUntraced(function* (given: Given, settings: SettleSettings.SettleSettings) {
  const program = Option.isNone(given.program) ? null : yield* Input.knownProgram(given.program.value)
  const olderThan = Option.isNone(given.olderThan) ? undefined : yield* duration("older-than", given.olderThan.value)
  const actor = Option.isNone(given.actor) ? undefined : yield* Input.read(Ids.Actor, "actor", given.actor.value)
  return yield* settleCredits({ program, olderThan, absent: given.absent }, settings, { actor })
})

const duration = (flag: string, value: string): Effect.Effect<Duration.Duration, Input.InvalidInput> =>
  Option.match(Duration.fromInput(value as Duration.Input), {
    onNone: () => Effect.fail(wrong(flag, 'a time such as "90 seconds" or "2 hours" is expected', value)),
    onSome: Effect.succeed
  })

const decide = Effect.fnUntraced(function* (given: Given, creditId: string) {
  if (given.confirm === given.release)
    return yield* wrong("credit-id", "either --confirm or --release is needed", creditId)
  const decision = given.confirm ? "confirm" : "release"
  const credit = {
    program: yield* Input.read(Ids.ProgramId, "program", yield* needed("program", given.program)),
    account: yield* Input.read(Ids.AccountNumber, "account", yield* needed("account", given.account)),
    creditId: yield* Input.read(Ids.CreditId, "credit-id", creditId),
    actor: yield* Input.read(Ids.Actor, "actor", yield* needed("actor", given.actor)),
    reason: yield* Input.read(Text.Note, "reason", yield* needed("reason", given.reason))
  }
  const outcome = yield* withBackend(decideCredit({ ...credit, decision }))
  yield* Output.answer(Json.credit(outcome), () => outcomeText(outcome))
})

const WHY: Record<NonNullable<SettledCredit["reason"]>, string> = {
  tooEarly: "not listed yet, and it may still be",
  ambiguous: "several entries may be it, or its entry another credit's: decide it by name",
  amountDiffers: "listed with another amount: decide it by name",
  outOfTime: "an entry of its amount is too late to be it: decide it by name",
  unreadableEntry: "an entry of that time cannot be read: decide it by name",
  redemptionNotListed: "the listing does not show the redemption, so it proves nothing: decide it by name",
  unreachable: "Mastercard's listing could not be read"
}

const whyOpen = ({ certainFrom, detail, reason }: SettledCredit): string =>
  [
    reason === null ? "" : WHY[reason],
    ...(certainFrom === null ? [] : [`certain from ${Output.instantText(certainFrom)}`]),
    ...(detail === null ? [] : [detail])
  ].join("; ")

const text = (settled: Settled): string => {
  const { credits, young } = settled
  const open = credits.filter(({ result }) => result === "open")
  return [
    `settled ${credits.length - open.length} of ${Output.count(credits.length, "credit")}: ` +
      `${Json.countSettled(settled, "confirmed")} confirmed, ${Json.countSettled(settled, "released")} released, ` +
      `${Json.countSettled(settled, "repeated")} sent again` +
      (young > 0 ? `; ${young} more were only just asked for` : ""),
    ...(open.length === 0 ? [] : ["still open, their points held:"]),
    ...open.map(
      (credit) =>
        `  ${credit.creditId} of ${credit.redemptionId}, account ${maskAccount(credit.account)}, ` +
        `${Output.pointsText(credit.points)}: ${whyOpen(credit)}`
    )
  ].join("\n")
}
