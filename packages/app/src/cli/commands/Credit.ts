/** `pointback credit` */
import { Mastercard } from "@pointback/adapters"
import { Ids, Points } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { CreditOutcome } from "../../command/CreditOutcome.ts"
import { wasNotSent } from "../../command/CreditCall.ts"
import { creditRedemption, recordCredit } from "../../command/CreditRedemption.ts"
import { withBackend } from "../Backend.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"

export const credit = Command.make(
  "credit",
  {
    program: Flags.program,
    account: Flags.account,
    redemption: Flags.redemption,
    creditId: Flag.String("credit-id").pipe(Flag.withDescription("The credit's id; it is the key")),
    points: Flags.points.pipe(Flag.withDescription("Points to give back [all that remain]"), Flag.optional),
    lot: Flags.lotPoints("lot", "Give back to these lots and not in the reverse of the draws"),
    at: Flags.at,
    local: Flag.Boolean("local").pipe(
      Flag.withDescription("Record the credit without calling Mastercard"),
      Flag.withDefault(false)
    ),
    actor: Flags.actor
  },
  Effect.fn("credit")(function* (flags) {
    // Without a way to reach Mastercard nothing may be stored, so that is looked at before the database is.
    const outcome = yield* flags.local
      ? withBackend(record(flags))
      : Effect.provide(withBackend(request(flags)), Mastercard.layerEnvironment)
    yield* Output.answer(Json.credit(outcome), () => outcomeText(outcome))
    yield* exitWith(exitCode(outcome))
  })
).pipe(Command.withDescription("Give points of a redemption back, in full or in part"))

interface Given {
  readonly program: string
  readonly account: string
  readonly redemption: string
  readonly creditId: string
  readonly points: Option.Option<string>
  readonly lot: ReadonlyArray<string>
  readonly at: Option.Option<string>
  readonly actor: Option.Option<string>
}

const read = Effect.fnUntraced(function* (given: Given) {
  const program = yield* Input.read(Ids.ProgramId, "program", given.program)
  const actor = Option.isNone(given.actor) ? undefined : yield* Input.read(Ids.Actor, "actor", given.actor.value)
  const command = {
    program,
    account: yield* Input.read(Ids.AccountNumber, "account", given.account),
    redemptionId: yield* Input.read(Ids.RedemptionId, "redemption", given.redemption),
    creditId: yield* Input.read(Ids.CreditId, "credit-id", given.creditId),
    points: Option.isNone(given.points) ? undefined : yield* Input.points("points", given.points.value),
    lots: yield* Input.lots("lot", given.lot),
    ...(yield* Input.occurrence(program, given.at))
  }
  return { command, caller: { actor } }
})

const record = (given: Given) => Effect.flatMap(read(given), ({ caller, command }) => recordCredit(command, caller))

const request = (given: Given) =>
  Effect.flatMap(read(given), ({ caller, command }) => creditRedemption(command, caller))

const exitCode = ({ outcome, reasons }: CreditOutcome): ExitCode => {
  switch (outcome) {
    case "PartiallyCredited":
    case "FullyCredited":
      return ExitCode.done
    case "CreditDeclined":
      return reasons.some(wasNotSent) ? ExitCode.unreachable : ExitCode.refused
    case "CreditOutcomeUnknown":
      return ExitCode.unreachable
  }
}

/** What became of a credit, in words. */
export const outcomeText = (outcome: CreditOutcome): string => {
  const { creditId, points, redemptionId } = outcome
  const known = outcome.replayed ? " (known already)" : ""
  switch (outcome.outcome) {
    case "CreditDeclined":
      return [
        `credit ${creditId} of ${redemptionId} was declined, nothing was credited${known}`,
        ...outcome.reasons.map(({ description, reasonCode, source }) => `  ${source} ${reasonCode}: ${description}`),
        "a new attempt needs a new credit id"
      ].join("\n")
    case "CreditOutcomeUnknown":
      return [
        `nobody knows yet whether credit ${creditId} of ${redemptionId} happened (${outcome.cause})${known}`,
        `${Output.pointsText(points)} stay held; do not credit them again under another id; \`pointback settle\` finds out`
      ].join("\n")
    default:
      return credited(outcome, known)
  }
}

const credited = (outcome: CreditOutcome, known: string): string => {
  const { creditId, expired, live, points, redemptionId, remaining } = outcome
  const rows = outcome.restorations.map((restoration) => [
    restoration.lotId,
    Points.toString(restoration.points),
    restoration.fate,
    Output.instantText(restoration.earnedAt),
    Output.instantText(restoration.expiresAt)
  ])
  return [
    `credited ${Output.pointsText(points)} of ${redemptionId} as ${creditId}: ` +
      `${Points.toString(live)} live, ${Points.toString(expired)} expired, ${Points.toString(remaining)} remain${known}`,
    Output.table(["restored to", "points", "fate", "earned", "expires"], rows, new Set(["points"]))
  ].join("\n")
}
