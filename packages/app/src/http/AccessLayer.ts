/** Lets requests in: by key, scope, program, rate, and how many are carried out already. */
import { Context, Effect, Layer, type Redacted } from "effect"
import { HttpEffect, HttpRouter, HttpServerResponse } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { Access, CurrentCaller } from "./Access.ts"
import * as ApiKeys from "./ApiKeys.ts"
import { CONCURRENT_REQUESTS, RATE_WINDOW } from "./Limits.ts"
import * as Problem from "./Problem.ts"
import { Needs, type NeededScope } from "./Scopes.ts"
import * as Watched from "./Watched.ts"

const unauthorized = Problem.make(401, "Unauthorized", "a known API key is needed: Authorization: Bearer <key>")

const forbidden = (detail: string) => Problem.make(403, "Forbidden", detail)

const tooMany = Problem.make(429, "TooManyRequests", "this key has sent too many requests; go on after Retry-After")

const busy = Problem.make(503, "TooBusy", "too many requests are being carried out; nothing was begun, try again")

const header = (name: string, value: string) =>
  HttpEffect.appendPreResponseHandler((_request, response) =>
    Effect.succeed(HttpServerResponse.setHeader(response, name, value))
  )

/** The entry that lets the request in, within its scopes and programs. */
const admit = Effect.fnUntraced(function* (
  find: (credential: Redacted.Redacted) => ApiKeys.ApiKey | undefined,
  credential: Redacted.Redacted,
  scope: NeededScope
) {
  const entry = find(credential)
  if (entry === undefined) {
    yield* header("www-authenticate", 'Bearer realm="pointback"')
    return yield* Effect.fail(unauthorized)
  }
  const { params } = yield* HttpRouter.RouteContext
  if (scope !== "any" && !entry.scopes.includes(scope))
    return yield* Effect.fail(forbidden(`this key lacks the scope ${scope}`))
  if (!ApiKeys.covers(entry, params["program"])) return yield* Effect.fail(forbidden("this key is for other programs"))
  return entry
})

/** Fails where a key has used up what it may send. */
const withinRate = Effect.fnUntraced(function* (
  limiter: RateLimiter.RateLimiter,
  { name, requestsPerMinute }: ApiKeys.ApiKey
) {
  const window = {
    window: RATE_WINDOW,
    limit: requestsPerMinute,
    algorithm: "token-bucket",
    onExceeded: "fail"
  } as const
  yield* Effect.catchTag(limiter.consume({ key: name, ...window }), "RateLimiterError", ({ reason }) =>
    Effect.gen(function* () {
      const wait = reason._tag === "RateLimitExceeded" ? reason.retryAfter : RATE_WINDOW
      yield* header("retry-after", String(Watched.wholeSeconds(wait)))
      return yield* Effect.fail(tooMany)
    })
  )
})

/** The middleware over the entries of a file. */
export const layer = (keys: ReadonlyArray<ApiKeys.ApiKey>): Layer.Layer<Access> =>
  Layer.effect(
    Access,
    Effect.gen(function* () {
      const limiter = yield* RateLimiter.make
      const find = ApiKeys.finder(keys)
      let running = 0
      return Access.of({
        key: Effect.fnUntraced(function* (handled, { credential, endpoint }) {
          yield* Watched.isAt(endpoint.path)
          const entry = yield* admit(
            find,
            credential,
            Context.get(endpoint.annotations as Context.Context<Needs>, Needs)
          )
          yield* Watched.isCalledBy(entry.name)
          yield* withinRate(limiter, entry)
          if (running >= CONCURRENT_REQUESTS) {
            yield* header("retry-after", "1")
            return yield* Effect.fail(busy)
          }
          running++
          return yield* handled.pipe(
            Effect.provideService(CurrentCaller, { name: entry.name, scopes: entry.scopes, programs: entry.programs }),
            Effect.ensuring(Effect.sync(() => running--))
          )
        })
      })
    })
  ).pipe(Layer.provide(RateLimiter.layerStoreMemory))
