/** `pointback verify` */
import { Verification } from "@pointback/adapters"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { withBackend } from "../Backend.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

export const verify = Command.make(
  "verify",
  { program: Flags.program.pipe(Flag.withDescription("The loyalty program [all]"), Flag.optional) },
  Effect.fn("verify")(function* (flags) {
    const program = Option.isNone(flags.program) ? null : yield* Input.knownProgram(flags.program.value)
    const verification = yield* Verification.verify(program)
    yield* Output.answer({ ...verification, differences: verification.differences.map((d) => ({ ...d })) }, () =>
      text(verification)
    )
    yield* exitWith(verification.count > 0 ? ExitCode.differences : ExitCode.done)
  }, withBackend)
).pipe(Command.withDescription("Hold the ledger and the read models against the events"))

const text = ({ accounts, count, differences, events, postings }: Verification.Verification): string => {
  const checked =
    `checked ${Output.count(events, "event")} and ${Output.count(postings, "posting")} ` +
    `of ${Output.count(accounts, "account")}`
  if (count === 0) return `${checked}: no differences`
  const more = count > differences.length ? [`and ${count - differences.length} more`] : []
  return [
    `${checked}: ${Output.count(count, "difference")}`,
    ...differences.map(
      ({ account, check, place, problem, program }) =>
        `${check}: ${program === null ? "" : `${program} ${account} `}${place}: ${problem}`
    ),
    ...more
  ].join("\n")
}
