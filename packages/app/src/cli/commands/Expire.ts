/** `pointback expire` */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { sweepExpired } from "../../command/SweepExpired.ts"
import { withBackend } from "../Backend.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"

export const expire = Command.make(
  "expire",
  {
    program: Flags.program.pipe(Flag.withDescription("The loyalty program [all]"), Flag.optional),
    asOf: Flag.String("as-of").pipe(
      Flag.withDescription("Book what expired by then: an instant, or a date (without --program in UTC)"),
      Flag.withMetavar("instant")
    )
  },
  Effect.fn("expire")(function* (flags) {
    const program = Option.isNone(flags.program) ? null : yield* Input.knownProgram(flags.program.value)
    const swept = yield* sweepExpired({ program, asOf: yield* Input.moment(program, "as-of", flags.asOf) })
    yield* Output.answer(
      Json.swept(program, swept),
      () =>
        `booked ${Output.pointsText(swept.points)} as expired, in ${Output.count(swept.lots, "lot")} ` +
        `of ${Output.count(swept.accounts, "account")}`
    )
  }, withBackend)
).pipe(Command.withDescription("Book the points of lots that have expired"))
