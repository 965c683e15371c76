/**
 * What is seen of a request: a span, metrics and a line of the log, by the route and never by the address that was asked
 * for, since account numbers stand in it.
 */
import { Clock, Context, Duration, Effect, Metric, Option } from "effect"
import { HttpServerRequest, HttpServerResponse, HttpTraceContext } from "effect/http"
import { randomUUID } from "node:crypto"

/** Requests, by route, method and status. */
const requests = Metric.counter("pointback_http_requests", {
  description: "HTTP requests by route, method and status",
  incremental: true
})

/** Milliseconds of a request, by route and method. */
const duration = Metric.histogram("pointback_http_request_milliseconds", {
  description: "How long HTTP requests took",
  boundaries: [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000]
})

/** Whole seconds of a time, one at least. */
export const wholeSeconds = (time: Duration.Duration): number => Math.max(1, Math.ceil(Duration.toSeconds(time)))

/** What is found out about a request on its way. */
class Noted {
  route = "none"
  key = "none"
}

const CurrentNoted = Context.Reference<Noted>("@pointback/app/http/CurrentNoted", { defaultValue: () => new Noted() })

/** Notes which route took the request. */
export const isAt = (route: string): Effect.Effect<void> =>
  Effect.map(CurrentNoted, (noted) => {
    noted.route = route
  })

/** Notes whose key let the request in. */
export const isCalledBy = (name: string): Effect.Effect<void> =>
  Effect.map(CurrentNoted, (noted) => {
    noted.key = name
  })

interface Request {
  readonly id: string
  readonly method: string
  readonly started: number
  readonly status: number
}

/** Notes a request on its span, in the metrics and in the log. */
const note = Effect.fnUntraced(function* ({ key, route }: Noted, { id, method, started, status }: Request) {
  const took = (yield* Clock.currentTimeMillis) - started
  yield* Effect.annotateCurrentSpan({ "http.route": route, "http.response.status_code": status })
  yield* Metric.update(Metric.withAttributes(requests, { route, method, status: String(status) }), 1)
  yield* Metric.update(Metric.withAttributes(duration, { route, method }), Math.max(0, took))
  yield* Effect.logInfo("request").pipe(
    Effect.annotateLogs({ request: id, method, route, status, milliseconds: took, key })
  )
})

/** Watches a whole server: what no route takes as well. */
export const watch = <E, R>(
  handled: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const { headers, method } = yield* HttpServerRequest.HttpServerRequest
    const noted = new Noted()
    const id = randomUUID()
    const started = yield* Clock.currentTimeMillis
    const answered = yield* handled.pipe(
      Effect.provideService(CurrentNoted, noted),
      Effect.annotateLogs({ request: id }),
      // Within the span, so that the line names its trace.
      Effect.tap(({ status }) => note(noted, { id, method, started, status })),
      Effect.withSpan("http request", {
        kind: "server",
        attributes: { "http.request.method": method },
        parent: Option.getOrUndefined(HttpTraceContext.fromHeaders(headers))
      })
    )
    return HttpServerResponse.setHeaders(answered, { "x-request-id": id })
  })
