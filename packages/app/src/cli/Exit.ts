/** Ends a command with an exit code after it has answered. */
import { Data, Effect } from "effect"
import { ExitCode } from "./ExitCode.ts"

/** The answer is printed; what is left to say is the exit code. */
export class Exit extends Data.TaggedError("Exit")<{ readonly code: ExitCode }> {}

/** Goes on for `done`, and ends the command with any other code. */
export const exitWith = (code: ExitCode): Effect.Effect<void, Exit> =>
  code === ExitCode.done ? Effect.void : Effect.fail(new Exit({ code }))
