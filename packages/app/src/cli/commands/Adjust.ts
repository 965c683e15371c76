/** `pointback adjust` */
import { Ids, Text } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { adjustPoints } from "../../command/AdjustPoints.ts"
import { withBackend } from "../Backend.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"

export const adjust = Command.make(
  "adjust",
  {
    program: Flags.program,
    account: Flags.account,
    lot: Flags.lot,
    points: Flags.points.pipe(Flag.withDescription("Points to add, or to take: --points=-5")),
    reason: Flag.String("reason").pipe(Flag.withDescription("Why")),
    key: Flag.String("key").pipe(Flag.withDescription("The idempotency key")),
    at: Flags.at,
    actor: Flags.actor
  },
  Effect.fn("adjust")(function* (flags) {
    const program = yield* Input.read(Ids.ProgramId, "program", flags.program)
    const actor = Option.isNone(flags.actor) ? undefined : yield* Input.read(Ids.Actor, "actor", flags.actor.value)
    const adjusted = yield* adjustPoints(
      {
        program,
        account: yield* Input.read(Ids.AccountNumber, "account", flags.account),
        lotId: yield* Input.read(Ids.LotId, "lot", flags.lot),
        points: yield* Input.points("points", flags.points),
        reason: yield* Input.read(Text.Note, "reason", flags.reason),
        key: yield* Input.read(Text.Identifier, "key", flags.key),
        ...(yield* Input.occurrence(program, flags.at))
      },
      { actor }
    )
    yield* Output.answer(Json.adjusted(adjusted), () => {
      const known = adjusted.replayed ? " (known already)" : ""
      return `adjusted lot ${adjusted.lotId} by ${Output.pointsText(adjusted.points)}${known}`
    })
  }, withBackend)
).pipe(Command.withDescription("Add points to a lot, or take some from it"))
