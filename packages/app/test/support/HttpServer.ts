/** The HTTP server as a test would have it: in this process, on a fresh database, with keys of every kind. */
import { type Database, Mastercard, Stores } from "@pointback/adapters"
import { Effect, Layer, Logger, ManagedRuntime, Redacted, References } from "effect"
import { FetchHttpClient, HttpServer } from "effect/http"
import { createHash } from "node:crypto"
import { request } from "node:http"
import { afterAll, beforeAll } from "vitest"
import { databaseLayer } from "../../../adapters/test/support/StoresUnderTest.ts"
import type { ApiKey } from "../../src/http/ApiKeys.ts"
import * as Client from "../../src/http/Client.ts"
import * as Server from "../../src/http/Server.ts"
import type { ScopeName } from "../../src/http/Scopes.ts"
import { layerAhead } from "./Clocks.ts"
import { dumpTables } from "./World.ts"

/** Enough for a test that means to send many. */
const PLENTY = 1_000_000

const entry = (
  name: string,
  scopes: ReadonlyArray<ScopeName>,
  programs: ReadonlyArray<string> = ["*"],
  requestsPerMinute = PLENTY
): ApiKey =>
  ({
    name,
    sha256: createHash("sha256").update(secret(name)).digest("hex"),
    scopes,
    programs,
    requestsPerMinute
  }) as ApiKey

/** The key of a name. */
export const secret = (name: string): string => `pbk_of_${name}`

/** The keys that every server under test knows. */
const keys: ReadonlyArray<ApiKey> = [
  entry("all", ["read", "write", "decide", "admin", "metrics"]),
  entry("reader", ["read"]),
  entry("writer", ["write"]),
  entry("decider", ["decide"]),
  entry("watcher", ["metrics"]),
  entry("elsewhere", ["read", "write", "decide", "admin"], ["elsewhere"]),
  entry("seldom", ["read"], ["*"], 3)
]

/** What came of a request. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly text: string
}

export interface Asked {
  readonly key?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | undefined
}

/** A server for the surrounding `describe`; `ahead`: by how many milliseconds its clock is ahead. */
export const httpServer = (
  mastercard: () => Layer.Layer<Mastercard, unknown> = () => Layer.mock(Mastercard, {}),
  { ahead = () => 0, console = true }: { readonly ahead?: () => number; readonly console?: boolean } = {}
) => {
  const logged: Array<string> = []
  const logs = Logger.layer([Logger.map(Logger.formatJson, (line) => void logged.push(line))])
  const make = async () =>
    ManagedRuntime.make(
      Server.layer({ port: 0, host: "127.0.0.1", keys, console }).pipe(
        Layer.provideMerge(Stores.layer),
        Layer.provideMerge(mastercard()),
        Layer.provideMerge(await databaseLayer("postgres")),
        Layer.provideMerge(logs),
        Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Info")),
        Layer.provideMerge(layerAhead(ahead))
      )
    )
  type Runtime = Awaited<ReturnType<typeof make>>
  let runtime: Runtime
  let url = ""
  beforeAll(async () => {
    runtime = await make()
    url = await runtime.runPromise(
      Effect.map(HttpServer.HttpServer, ({ address }) => HttpServer.formatAddress(address))
    )
  })
  afterAll(() => runtime.dispose())

  const ask = (method: string, path: string, asked: Asked = {}): Promise<Answer> => {
    const { body, headers = {}, key = "all" } = asked
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url)
      const authorization = key === null ? {} : { authorization: `Bearer ${secret(key)}` }
      const sent = request({ hostname, port, method, path, headers: { ...authorization, ...headers } }, (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString("utf8")
          })
        )
      })
      // A kept connection that the server closed just then: nothing of the request was read.
      sent.on("error", (error: NodeJS.ErrnoException) =>
        sent.reusedSocket && error.code === "ECONNRESET" ? resolve(ask(method, path, asked)) : reject(error)
      )
      sent.end(body)
    })
  }

  return {
    ask,
    url: () => url,
    /** Lines of its log so far. */
    logged,
    /** A POST of JSON. */
    post: (path: string, json: unknown, asked: Omit<Asked, "body"> = {}) =>
      ask("POST", path, {
        ...asked,
        headers: { "content-type": "application/json", ...asked.headers },
        body: typeof json === "string" ? json : JSON.stringify(json)
      }),
    get: (path: string, asked: Asked = {}) => ask("GET", path, asked),
    client: (key = "all"): Promise<Client.Client> =>
      Effect.runPromise(Effect.provide(Client.make({ url, key: Redacted.make(secret(key)) }), FetchHttpClient.layer)),
    dump: () => runtime.runPromise(dumpTables),
    run: <A, E>(effect: Effect.Effect<A, E, Database | Layer.Success<typeof Stores.layer>>) =>
      runtime.runPromise(effect),
    /** Stops it as a signal would. */
    stop: () => runtime.dispose()
  }
}
