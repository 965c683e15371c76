/** `pointback sandbox` */
import { MastercardConfig, Sandbox, SandboxKeys } from "@pointback/adapters"
import { Console, Effect, Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { mkdir, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { JsonFlag } from "../GlobalFlags.ts"
import { InvalidInput } from "../Input.ts"
import * as SandboxFlags from "../SandboxFlags.ts"

/** Where the client's key is written, for as long as the sandbox runs. */
const KEY_FILE = ".pointback/sandbox-key.pem"

/** The consumer key that the sandbox knows. Not a secret: the sandbox listens on this machine alone. */
const CONSUMER_KEY = "pointback-sandbox"

/** The port unless another is asked for. */
const DEFAULT_PORT = 8787

export const sandbox = Command.make(
  "sandbox",
  {
    port: Flag.Int("port").pipe(
      Flag.withDescription("The port on 127.0.0.1; 0 takes a free one"),
      Flag.withDefault(DEFAULT_PORT)
    ),
    faults: Flag.String("faults").pipe(
      Flag.withDescription("How it misbehaves: drop-after=0.1,history-lag=30s, or JSON, or @<file>"),
      Flag.withDefault("")
    ),
    seed: Flag.Int("seed").pipe(Flag.withDescription("The seed that faults are drawn with [0]"), Flag.optional),
    rules: Flag.String("rules").pipe(
      Flag.withDescription("Rules on Mastercard's side: restoration-order=draw,duplicates=refuse, or JSON, or @<file>"),
      Flag.optional
    ),
    state: Flag.String("state").pipe(
      Flag.withDescription("A file that keeps accounts, redemptions and credits over restarts"),
      Flag.optional
    ),
    clock: Flag.String("clock").pipe(
      Flag.withDescription("A clock of its own, which stands at this instant until it is advanced"),
      Flag.withMetavar("instant"),
      Flag.optional
    )
  },
  Effect.fn("sandbox")(function* (flags) {
    const options = yield* SandboxFlags.read(flags)
    const keys = yield* SandboxKeys.generate
    const layer = Sandbox.layer({ ...options, consumerKey: Redacted.make(CONSUMER_KEY), publicKey: keys.publicKey })
    yield* Effect.gen(function* () {
      const running = yield* Sandbox
      // The port is ours by now: a second sandbox that cannot start leaves the key of the first one alone.
      yield* announce(running, yield* writeKey(Redacted.value(keys.signingKey)), options.state)
      return yield* Effect.never
    }).pipe(Effect.scoped, Effect.provide(layer))
  })
).pipe(Command.withDescription("Run a simulator of Mastercard Digital Redemptions on this machine"))

const writeKey = (pem: string) => {
  const file = join(process.cwd(), KEY_FILE)
  return Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        await mkdir(dirname(file), { recursive: true })
        // A file that is there would keep its permissions.
        await rm(file, { force: true })
        await writeFile(file, pem, { mode: 0o600 })
        return file
      },
      catch: (cause) =>
        new InvalidInput({ flag: "port", value: file, problem: cause instanceof Error ? cause.message : "" })
    }),
    () => Effect.ignore(Effect.tryPromise(() => rm(file, { force: true })))
  )
}

const announce = Effect.fnUntraced(function* (running: Sandbox["Service"], keyFile: string, state: string | undefined) {
  const variables = {
    [MastercardConfig.VARIABLES.url]: running.url.href,
    [MastercardConfig.VARIABLES.consumerKey]: CONSUMER_KEY,
    [MastercardConfig.VARIABLES.signingKey]: keyFile
  }
  if (yield* JsonFlag) {
    return yield* Console.log(
      JSON.stringify({ url: running.url.href, adminUrl: running.adminUrl.href, environment: variables })
    )
  }
  yield* Console.log(
    [
      `the sandbox listens on ${running.url.href}; ${
        state === undefined ? "it forgets everything when it stops (Ctrl-C)" : `its state is kept in ${state}`
      }`,
      "",
      "for the client, in another terminal:",
      ...Object.entries(variables).map(([name, value]) => `  export ${name}=${value}`),
      "",
      "it knows no accounts at first; this makes one, and a redemption that `pointback redeem` recorded, known to it:",
      `  curl -X PUT ${running.adminUrl.href}/accounts/2200941101786412 -d \\`,
      `    '{"lots":[{"lotId":"spring","earnedAt":"2025-03-10T00:00:00Z","expiresAt":null,"points":200}]}'`,
      `  curl -X PUT ${running.adminUrl.href}/redemptions/5134720 -d \\`,
      `    '{"userId":"2200941101786412","redemptionType":"MERCHANDISE","points":150}'`,
      "what truly happened there:",
      `  curl ${running.adminUrl.href}/log`,
      `  curl ${running.adminUrl.href}/truth`
    ].join("\n")
  )
})
