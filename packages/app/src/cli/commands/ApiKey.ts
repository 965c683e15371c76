/** `pointback api-key` */
import { Ids } from "@pointback/domain"
import { Effect, Redacted, type Schema } from "effect"
import { Command, Flag } from "effect/cli"
import * as ApiKeys from "../../http/ApiKeys.ts"
import { ScopeName } from "../../http/Scopes.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

export const apiKey = Command.make(
  "api-key",
  {
    name: Flag.String("name").pipe(Flag.withDescription("Whose it is: the actor of what is recorded with it")),
    scope: Flag.String("scope").pipe(
      Flag.withDescription("What it may do: read, write, decide, admin or metrics; may be repeated"),
      Flag.atLeast(1)
    ),
    program: Flag.String("program").pipe(
      Flag.withDescription("A program that it is for; may be repeated [all]"),
      Flag.atLeast(0)
    )
  },
  Effect.fn("api-key")(function* (flags) {
    const name = yield* Input.read(Ids.Actor, "name", flags.name)
    const scopes = yield* Effect.forEach(flags.scope, (scope) => Input.read(ScopeName as Scope, "scope", scope))
    const programs = yield* Effect.forEach(flags.program, (program) => Input.read(Ids.ProgramId, "program", program))
    const { key, sha256 } = yield* ApiKeys.generate
    const entry = { name, sha256, scopes, programs: programs.length === 0 ? ["*"] : programs }
    yield* Output.answer({ key: Redacted.value(key), entry }, () =>
      [
        `key    ${Redacted.value(key)}`,
        `entry  ${JSON.stringify(entry)}`,
        "",
        'The key is shown this once. Put the entry into the file of keys: {"keys": [<entry>, …]}'
      ].join("\n")
    )
  })
).pipe(Command.withDescription("Make an API key, and the entry that lets it in"))

type Scope = Schema.Codec<ScopeName, string>
