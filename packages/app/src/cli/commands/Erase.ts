/** `pointback erase` */
import { Ids, Instant, Text } from "@pointback/domain"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { eraseAccount } from "../../command/EraseAccount.ts"
import { withBackend } from "../Backend.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

export const erase = Command.make(
  "erase",
  {
    program: Flags.program,
    account: Flags.account,
    actor: Flag.String("actor").pipe(Flag.withDescription("Who does it")),
    reason: Flag.String("reason").pipe(
      Flag.withDescription("Why; kept for ever, so it must not tell whose account it was")
    )
  },
  Effect.fn("erase")(function* (flags) {
    const erased = yield* eraseAccount({
      program: yield* Input.read(Ids.ProgramId, "program", flags.program),
      account: yield* Input.read(Ids.AccountNumber, "account", flags.account),
      actor: yield* Input.read(Ids.Actor, "actor", flags.actor),
      reason: yield* Input.read(Text.Note, "reason", flags.reason)
    })
    const { account, program } = erased
    yield* Output.answer(
      { program, account, erasedAt: Instant.toString(erased.erasedAt) },
      () => `erased the number of an account of ${program} for good; its history stays as ${account}`
    )
  }, withBackend)
).pipe(Command.withDescription("Forget an account number for good; the history stays, anonymous"))
