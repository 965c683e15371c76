/**
 * One request, one connection, one answer, and whether a byte of the request can have left.
 *
 * A connection is never used twice. A kept one may be closed by the other side just as a request goes out, which would
 * make an unknown outcome of a call that was never read; and nothing keeps a process alive after its work.
 */
import type * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type { buildConnector } from "@effect/platform-node/Undici"
import { Clock, Duration, Effect, Option, Stream } from "effect"
import { HttpClient, type HttpClientError, type HttpClientRequest, type HttpClientResponse } from "effect/http"

/** Bytes of an answer at most: a page of 50 entries has some ten thousand. */
export const MAXIMUM_ANSWER_BYTES = 1_048_576

/** Why the body of an answer is not all there. */
type BodyFlaw = "timeout" | "connectionLost" | "tooLong"

/** An answer: its status, and as much of its body as arrived. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly flaw: BodyFlaw | undefined
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** No answer came. `connected` is false where the connection never stood: then certainly no byte of the call left. */
export interface NoAnswer {
  readonly connected: boolean
  /** Undefined where the time limit passed. */
  readonly error: unknown
}

/** How long is waited. */
export interface Limits {
  readonly connectLimit: Duration.Duration
  readonly answerLimit: Duration.Duration
}

/** Sends a request once. */
export type Transport = (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<Answer, NoAnswer>

/** The connection of one call. */
interface Line {
  connected: boolean
}

type Connector = buildConnector.connector

/** Undici is a hundred files. Most commands call nobody, and most processes that embed us begin before they do. */
const load = Effect.promise(() =>
  Promise.all([import("@effect/platform-node/NodeHttpClient"), import("@effect/platform-node/Undici")])
)

/** A transport; its TLS sessions are kept from call to call, its connections are not. */
export const make = Effect.fnUntraced(function* (limits: Limits): Effect.fn.Return<Transport> {
  const [client, undici] = yield* load
  const connector = undici.buildConnector({
    timeout: Duration.toMillis(limits.connectLimit),
    // HTTP/2 may send a refused stream again by itself, and a credit must never go out twice.
    allowH2: false
  })
  return (request) =>
    Effect.suspend(() => {
      const line: Line = { connected: false }
      return exchange(client, request, watch(connector, line), limits.answerLimit).pipe(
        Effect.mapError((error): NoAnswer => ({ connected: line.connected, error }))
      )
    })
})

/** Notes when the connection stands, TLS included, and refuses a second one: undici would send the request again. */
const watch =
  (connector: Connector, line: Line): Connector =>
  (options, callback) => {
    if (line.connected) return callback(new Error("the connection was closed"), null)
    connector(options, (...result) => {
      if (result[0] === null) line.connected = true
      callback(...result)
    })
  }

const exchange = Effect.fnUntraced(
  function* (
    { Dispatcher, makeDispatcherOptions, makeUndici }: typeof NodeHttpClient,
    request: HttpClientRequest.HttpClientRequest,
    connect: Connector,
    limit: Duration.Duration
  ) {
    const started = yield* Clock.currentTimeMillis
    // No pipelining means `connection: close`.
    const dispatcher = yield* makeDispatcherOptions({ connect, pipelining: 0 })
    const client = yield* Effect.provideService(makeUndici, Dispatcher, dispatcher)
    const response = yield* Effect.timeoutOrElse(Effect.mapError(client.execute(request), causeOf), {
      duration: limit,
      orElse: () => Effect.fail(undefined)
    })
    // A clock that was set back must not give the answer more time.
    const spent = Math.max(0, (yield* Clock.currentTimeMillis) - started)
    return yield* readAnswer(response, Duration.millis(Math.max(0, Duration.toMillis(limit) - spent)))
  },
  Effect.scoped,
  // The client's own span would carry the URL, and with it the account number.
  Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
)

const causeOf = (error: HttpClientError.HttpClientError): unknown =>
  "cause" in error.reason ? error.reason.cause : error

class TooLong {}

const readAnswer = (
  response: HttpClientResponse.HttpClientResponse,
  limit: Duration.Duration
): Effect.Effect<Answer> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  const collect = Stream.runForEach(response.stream, (chunk) =>
    Effect.suspend(() => {
      const free = MAXIMUM_ANSWER_BYTES - size
      size += chunk.length
      chunks.push(chunk.subarray(0, free))
      return size > MAXIMUM_ANSWER_BYTES ? Effect.fail(new TooLong()) : Effect.void
    })
  )
  return Effect.matchEffect(Effect.timeoutOption(collect, limit), {
    onSuccess: (done) => Effect.succeed(Option.isSome(done) ? undefined : ("timeout" as const)),
    onFailure: (error) => Effect.succeed(error instanceof TooLong ? ("tooLong" as const) : ("connectionLost" as const))
  }).pipe(
    Effect.map((flaw) => ({
      status: response.status,
      body: new TextDecoder().decode(Buffer.concat(chunks)),
      flaw,
      headers: response.headers
    }))
  )
}
