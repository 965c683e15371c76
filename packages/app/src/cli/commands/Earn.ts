/** `pointback earn` */
import { Ids, Text } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { earnPoints } from "../../command/EarnPoints.ts"
import { withBackend } from "../Backend.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"

export const earn = Command.make(
  "earn",
  {
    program: Flags.program,
    account: Flags.account,
    lot: Flags.lot.pipe(Flag.withDescription("The lot that the points make; it is the key")),
    points: Flags.points,
    earnedAt: Flag.String("earned-at").pipe(Flag.withDescription("When they were earned"), Flag.withMetavar("instant")),
    expiresAt: Flag.String("expires-at").pipe(
      Flag.withDescription("When they expire [never]"),
      Flag.withMetavar("instant"),
      Flag.optional
    ),
    source: Flag.String("source").pipe(Flag.withDescription("Where they come from"), Flag.optional),
    at: Flags.at.pipe(Flag.withDescription("When they came to be [when they were earned]"))
  },
  Effect.fn("earn")(function* (flags) {
    const program = yield* Input.read(Ids.ProgramId, "program", flags.program)
    const earned = yield* earnPoints({
      program,
      account: yield* Input.read(Ids.AccountNumber, "account", flags.account),
      lotId: yield* Input.read(Ids.EarnedLotId, "lot", flags.lot),
      points: yield* Input.points("points", flags.points),
      earnedAt: yield* Input.moment(program, "earned-at", flags.earnedAt),
      expiresAt: (yield* Input.optionalMoment(program, "expires-at", flags.expiresAt)) ?? null,
      occurredAt: yield* Input.optionalMoment(program, "at", flags.at),
      source: Option.isNone(flags.source) ? undefined : yield* Input.read(Text.Note, "source", flags.source.value)
    })
    yield* Output.answer(Json.earned(earned), () => {
      const expiry = earned.expiresAt === null ? "never expires" : `expires ${Output.instantText(earned.expiresAt)}`
      const known = earned.replayed ? " (known already)" : ""
      return `earned ${Output.pointsText(earned.points)} in lot ${earned.lotId}, ${expiry}${known}`
    })
  }, withBackend)
).pipe(Command.withDescription("Record points that were earned, as a lot of their own"))
