/** `pointback alias` */
import { maskAccount } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { aliasAccount } from "../../command/AliasAccount.ts"
import { withBackend } from "../Backend.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

export const alias = Command.make(
  "alias",
  {
    program: Flags.program,
    account: Flags.account.pipe(Flag.withDescription("A number of the account (RANAC)")),
    newAccount: Flag.String("new-account").pipe(Flag.withDescription("The number that took over")),
    at: Flags.at,
    actor: Flags.actor
  },
  Effect.fn("alias")(function* (flags) {
    const program = yield* Input.read(Ids.ProgramId, "program", flags.program)
    const account = yield* Input.read(Ids.AccountNumber, "account", flags.account)
    const newAccount = yield* Input.read(Ids.AccountNumber, "new-account", flags.newAccount)
    const actor = Option.isNone(flags.actor) ? undefined : yield* Input.read(Ids.Actor, "actor", flags.actor.value)
    const { occurredAt } = yield* Input.occurrence(program, flags.at)
    const { replayed } = yield* aliasAccount({ program, account, newAccount, occurredAt }, { actor })
    yield* Output.answer(
      { program, account, newAccount, replayed },
      () =>
        `${maskAccount(newAccount)} is the number of account ${maskAccount(account)} now; both find it` +
        (replayed ? " (known already)" : "")
    )
  }, withBackend)
).pipe(Command.withDescription("Record that an account's number was replaced"))
