/** `pointback verify` */
import { Verification } from "@pointback/adapters"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { withBackend } from "../Backend.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Flags from "../Flags.ts"
import * as HeadsInput from "../HeadsInput.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

export const verify = Command.make(
  "verify",
  {
    program: Flags.program.pipe(Flag.withDescription("The loyalty program [all]"), Flag.optional),
    heads: Flag.String("heads").pipe(
      Flag.withDescription("Heads that `pointback heads` printed earlier, and that the log must still contain"),
      Flag.withMetavar("file"),
      Flag.optional
    ),
    publicKey: Flag.String("public-key").pipe(
      Flag.withDescription("The Ed25519 public key (PEM) of whoever signed the heads"),
      Flag.withMetavar("file"),
      Flag.optional
    )
  },
  Effect.fn("verify")(function* (flags) {
    const kept = yield* HeadsInput.read(flags.heads, flags.publicKey)
    const program = Option.isNone(flags.program) ? null : yield* Input.knownProgram(flags.program.value)
    const verification = yield* Verification.verify(program, kept)
    const heads = kept === null ? null : kept.document.takenAt
    yield* Output.answer({ ...verification, heads, differences: verification.differences.map((d) => ({ ...d })) }, () =>
      text(verification, heads)
    )
    yield* exitWith(verification.count > 0 ? ExitCode.differences : ExitCode.done)
  }, withBackend)
).pipe(Command.withDescription("Check the log's hashes, and hold the ledger and the read models against the events"))

const text = (
  { accounts, count, differences, events, hashed, postings }: Verification.Verification,
  heads: string | null
): string => {
  const checked =
    `checked ${Output.count(events, "event")} and ${Output.count(postings, "posting")} ` +
    `of ${Output.count(accounts, "account")}`
  const log =
    hashed === 0 && events > 0
      ? ", without the log's chain, which takes a database role that sees every program"
      : `, the chain of ${Output.count(hashed, "event")}${heads === null ? "" : ` and the heads of ${heads}`}`
  if (count === 0) return `${checked}${log}: no differences`
  const more = count > differences.length ? [`and ${count - differences.length} more`] : []
  return [
    `${checked}${log}: ${Output.count(count, "difference")}`,
    ...differences.map(
      ({ account, check, place, problem, program }) =>
        `${check}: ${program === null ? "" : `${program} ${account} `}${place}: ${problem}`
    ),
    ...more
  ].join("\n")
}
