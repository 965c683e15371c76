/** `pointback serve` */
import { Config, Console, Effect, Layer, Option, References } from "effect"
import { Command, Flag } from "effect/cli"
import { HttpServer } from "effect/http"
import * as ApiKeys from "../../http/ApiKeys.ts"
import * as Backend from "../Backend.ts"
import { InvalidInput } from "../Input.ts"
import * as SafeMastercard from "../SafeMastercard.ts"
import * as Telemetry from "../Telemetry.ts"

/** Where it listens unless told otherwise: on this machine alone. */
const DEFAULT_HOST = "127.0.0.1"
const DEFAULT_PORT = 8787

/** The file of keys where the flag is not given. */
const KEYS_VARIABLE = "POINTBACK_API_KEYS"

export const serve = Command.make(
  "serve",
  {
    port: Flag.Int("port").pipe(
      Flag.withDescription("Where it listens; 0 for a free port [8787]"),
      Flag.withDefault(DEFAULT_PORT)
    ),
    host: Flag.String("host").pipe(
      Flag.withDescription("The address it listens at [127.0.0.1]"),
      Flag.withDefault(DEFAULT_HOST)
    ),
    keys: Flag.String("keys").pipe(
      Flag.withDescription(`The file of API keys [${KEYS_VARIABLE}]; \`pointback api-key\` makes entries`),
      Flag.withMetavar("file"),
      Flag.optional
    ),
    console: Flag.Boolean("console").pipe(
      Flag.withDescription("Serve the console at /console/ too; --no-console leaves it off"),
      Flag.withDefault(true)
    )
  },
  Effect.fn("serve")(function* ({ console, host, keys: file, port }) {
    if (port < 0 || port > 65_535) {
      return yield* new InvalidInput({ flag: "port", value: String(port), problem: "0 to 65535 is expected" })
    }
    const keys = yield* Effect.flatMap(keyFile(file), ApiKeys.read)
    // No other command needs it, nor the time that loading it takes.
    const Server = yield* Effect.promise(() => import("../../http/Server.ts"))
    const server = Server.layer({ console, host, keys, port }).pipe(
      Layer.merge(Telemetry.gauges),
      Layer.provide(Backend.layer),
      Layer.provide(SafeMastercard.layer),
      Layer.provide(Telemetry.layer)
    )
    // Whatever keeps it from starting is printed by `Main`, and nobody else looks at it.
    yield* (
      Effect.andThen(announce(console), Effect.never) as Effect.Effect<never, unknown, HttpServer.HttpServer>
    ).pipe(Effect.provide(server), Effect.provideService(References.MinimumLogLevel, "Info"))
  })
).pipe(Command.withDescription("Serve the HTTP API until it is stopped"))

const keyFile = Effect.fnUntraced(function* (flag: Option.Option<string>) {
  const file = Option.isSome(flag) ? flag : yield* Config.option(Config.String(KEYS_VARIABLE))
  if (Option.isSome(file) && file.value.trim() !== "") return file.value
  return yield* new InvalidInput({
    flag: "keys",
    value: "",
    problem: `a file of API keys is needed, also as ${KEYS_VARIABLE}: nobody is let in without a key`
  })
})

const announce = (console: boolean) =>
  Effect.flatMap(HttpServer.HttpServer, ({ address }) => {
    const url = HttpServer.formatAddress(address)
    return Console.log(`listening at ${url}${console ? `\nconsole at ${url}/console/` : ""}`)
  })
