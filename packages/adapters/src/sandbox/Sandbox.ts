/**
 * A stand-in for Mastercard Digital Redemptions: a real HTTP server on this machine that checks signatures and keeps
 * accounts, lots and redemptions. The client talks to it as it talks to Mastercard.
 *
 * It listens on 127.0.0.1 only and forgets everything when its scope closes.
 */
import { Instant } from "@pointback/domain"
import { Clock, Context, Duration, Effect, Layer, Redacted, Schema, type Scope } from "effect"
import { createPublicKey } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Json from "../json/Json.ts"
import * as Assumptions from "../mastercard/Assumptions.ts"
import { isLoopback } from "../mastercard/BaseUrl.ts"
import * as Answers from "./SandboxAnswers.ts"
import type { SandboxCommand } from "./SandboxBank.ts"
import { SandboxBook } from "./SandboxBook.ts"
import * as Codes from "./SandboxCodes.ts"
import * as ExtrasOptions from "./SandboxExtrasOptions.ts"
import type { SandboxLot } from "./SandboxLots.ts"
import { SandboxNotStarted } from "./SandboxNotStarted.ts"
import * as Routes from "./SandboxRoutes.ts"

export { SandboxNotStarted }

/** How a sandbox is set up. */
export interface SandboxOptions {
  /** The port; 0, the default, takes a free one. */
  readonly port?: number
  readonly consumerKey: Redacted.Redacted
  /** The public half of the client's key, SPKI as PEM text. */
  readonly publicKey: string
  /** `Pay With Points API` by default, as on Mastercard's page. */
  readonly programName?: string
  /** The accounts to begin with. */
  readonly accounts?: ReadonlyArray<{
    readonly userId: string
    readonly lots: ReadonlyArray<Omit<SandboxLot, "granted">>
  }>
  /** The present instant of the accounts; the real clock by default. Signatures always follow the real clock. */
  readonly clock?: () => Instant.Instant
  /** The id of the first redemption or credit that is made, 5134720 by default. */
  readonly firstId?: bigint
  /** How far the timestamp of a signature may be away, five minutes by default. */
  readonly tolerance?: Duration.Duration
  readonly assumptions?: Assumptions.Assumptions
  /** OAuth 2.0 and payload encryption; by default with the consumer key as client id and the same public key. */
  readonly extras?: ExtrasOptions.SandboxExtrasOptions
}

/** The host that the sandbox listens on: nobody else can reach it. */
const HOST = "127.0.0.1"

/** Bytes of a request's body at most: a hundred times what any call has. */
const MAXIMUM_REQUEST_BYTES = 262_144

const DEFAULT_PROGRAM_NAME = "Pay With Points API"

// The redemption of Mastercard's own page.
const DEFAULT_FIRST_ID = 5_134_720n

const DEFAULT_TOLERANCE = Duration.minutes(5)

/** A request and its answer as they went over the wire. */
export interface Exchange {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly requestBody: string
  readonly status: number
  readonly responseBody: string
}

/** Exchanges that are kept: enough to look back at a session, little enough for a sandbox that runs for days. */
const MAXIMUM_EXCHANGES = 1000

/** A running sandbox. */
export class Sandbox extends Context.Service<
  Sandbox,
  {
    /** What `POINTBACK_MASTERCARD_URL` has to be: `http://127.0.0.1:<port>/loyalty`. */
    readonly url: URL
    /** Where it is set up and looked into: `http://127.0.0.1:<port>/sandbox`. */
    readonly adminUrl: URL
    /** Carries a command out as if it had come over the wire, for set-up. Fails with the refusal in words. */
    readonly run: (command: SandboxCommand) => Effect.Effect<void, SandboxRefused>
    /** What truly happened, oldest first. */
    readonly log: Effect.Effect<ReadonlyArray<Json.JsonObject>>
    /** The last requests and answers as they went over the wire, oldest first. */
    readonly exchanges: Effect.Effect<ReadonlyArray<Exchange>>
  }
>()("@pointback/adapters/Sandbox") {
  /** A sandbox that runs as long as the layer is in use. */
  static readonly layer = (options: SandboxOptions): Layer.Layer<Sandbox, SandboxNotStarted | SandboxRefused> =>
    Layer.effect(Sandbox, make(options))
}

/** The sandbox said no to a command of its own set-up. */
export class SandboxRefused extends Schema.TaggedError<SandboxRefused>()("SandboxRefused", {
  reasonCode: Schema.String,
  description: Schema.String
}) {
  override get message(): string {
    return `The sandbox refused: ${this.reasonCode}: ${this.description}`
  }
}

/** Starts a sandbox. It stops when the scope closes, and every connection with it. */
export const make = Effect.fnUntraced(function* (
  options: SandboxOptions
): Effect.fn.Return<Sandbox["Service"], SandboxNotStarted | SandboxRefused, Scope.Scope> {
  const millis = yield* Effect.map(Clock.Clock, (clock) => () => clock.currentTimeMillisUnsafe())
  const publicKey = yield* Effect.try({
    try: () => createPublicKey(options.publicKey),
    catch: () => new SandboxNotStarted({ problem: "the public key is not SPKI as PEM text" })
  })
  const book = new SandboxBook(
    options.firstId ?? DEFAULT_FIRST_ID,
    options.clock ?? (() => Instant.fromEpochMillis(millis()))
  )
  const run = (command: SandboxCommand) =>
    Effect.suspend(() => {
      const answer = book.run(command)
      return answer._tag === "Refused" ? Effect.fail(new SandboxRefused(answer.refusal)) : Effect.void
    })
  for (const account of options.accounts ?? []) yield* run({ _tag: "PutAccount", ...account })
  const parts: Routes.SandboxParts = {
    book,
    gateway: {
      consumerKey: Redacted.value(options.consumerKey),
      publicKey,
      tolerance: Duration.toSeconds(options.tolerance ?? DEFAULT_TOLERANCE),
      nonces: new Map()
    },
    extras: yield* ExtrasOptions.make(options, options.extras ?? {}, publicKey),
    manner: {
      programName: options.programName ?? DEFAULT_PROGRAM_NAME,
      assumptions: options.assumptions ?? Assumptions.defaults
    },
    seconds: () => Math.floor(millis() / 1000)
  }
  const exchanges: Array<Exchange> = []
  const origin = yield* listen(parts, options.port ?? 0, (exchange) => {
    exchanges.push(exchange)
    if (exchanges.length > MAXIMUM_EXCHANGES) exchanges.shift()
  })
  return Sandbox.of({
    url: new URL(Routes.API_PREFIX, origin),
    adminUrl: new URL(Routes.ADMIN_PREFIX, origin),
    run,
    log: Effect.sync(() => book.log().entries),
    exchanges: Effect.sync(() => exchanges.slice())
  })
})

const listen = (
  parts: Routes.SandboxParts,
  port: number,
  keep: (exchange: Exchange) => void
): Effect.Effect<string, SandboxNotStarted, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Server, SandboxNotStarted>((resume) => {
        const server = createServer((request, response) => void serve(parts, keep, request, response))
        server.once("error", (error) => resume(Effect.fail(new SandboxNotStarted({ problem: error.message }))))
        server.listen(port, HOST, () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    (server) => `http://${HOST}:${(server.address() as AddressInfo).port}`
  )

const serve = async (
  parts: Routes.SandboxParts,
  keep: (exchange: Exchange) => void,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const body = await readBody(request).catch(() => "lost" as const)
  if (body === "lost") return
  const {
    body: json,
    headers,
    status
  } = body === "tooLarge" ? Answers.refused(Codes.tooLarge) : replyTo(parts, request, body)
  const text = Json.stringify(json, 2)
  keep({
    method: request.method ?? "GET",
    path: request.url ?? "/",
    requestBody: body === "tooLarge" ? "" : Buffer.from(body).toString("utf8"),
    status,
    responseBody: text
  })
  response
    .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers })
    .end(text)
}

const replyTo = (parts: Routes.SandboxParts, request: IncomingMessage, body: Uint8Array): Answers.Reply => {
  const host = request.headers.host ?? HOST
  const target = `http://${host}${request.url ?? "/"}`
  // A page in a browser can make a name of its own point here; such a request names that name.
  if (!URL.canParse(target) || !isLoopback(new URL(target).hostname)) return Answers.refused(Codes.notFound)
  return Routes.answer(parts, {
    method: request.method ?? "GET",
    url: new URL(target),
    authorization: request.headers.authorization,
    dpop: request.headersDistinct["dpop"]?.join(),
    body
  })
}

/** Reads to the end in any case: who stops earlier closes the connection, and the answer with it. */
const readBody = async (request: IncomingMessage): Promise<Uint8Array | "tooLarge"> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size <= MAXIMUM_REQUEST_BYTES) chunks.push(chunk)
  }
  return size > MAXIMUM_REQUEST_BYTES ? "tooLarge" : Buffer.concat(chunks)
}
