/*
 * A sandbox for tests to start and to kill: `node SandboxChild.ts <state file> <public key file>`. It prints its URL,
 * or what kept it from starting.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Redacted } from "effect"
import { readFileSync } from "node:fs"
import * as Sandbox from "../../src/sandbox/Sandbox.ts"

const [state = "", publicKey = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const { url } = yield* Sandbox.make({
    state,
    consumerKey: Redacted.make("consumer-key!client-id"),
    publicKey: readFileSync(publicKey, "utf8")
  })
  console.log(url.href)
  return yield* Effect.never
}).pipe(
  Effect.scoped,
  Effect.tapError((error) => Effect.sync(() => console.log(error._tag)))
)

NodeRuntime.runMain(program, { disableErrorReporting: true })
