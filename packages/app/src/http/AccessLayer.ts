/** Lets requests in: by key, scope, program, rate, and how many are carried out already. */
import { Context, Effect, Layer, type Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { Access, CurrentCaller } from "./Access.ts"
import * as AnswerHeader from "./AnswerHeader.ts"
import * as ApiKeys from "./ApiKeys.ts"
import { CONCURRENT_REQUESTS, RATE_WINDOW } from "./Limits.ts"
import * as Problem from "./Problem.ts"
import { type NeededScope, Needs, OfAllPrograms } from "./Scopes.ts"
import * as Watched from "./Watched.ts"

const unauthorized = Problem.make(401, "Unauthorized", "a known API key is needed: Authorization: Bearer <key>")

const forbidden = (detail: string) => Problem.make(403, "Forbidden", detail)

const tooMany = Problem.make(429, "TooManyRequests", "this key has sent too many requests; go on after Retry-After")

const busy = Problem.make(503, "TooBusy", "too many requests are being carried out; nothing was begun, try again")

/** The entry that lets the request in, within its scopes and programs. */
const admit = Effect.fnUntraced(function* (
  find: (credential: Redacted.Redacted) => ApiKeys.ApiKey | undefined,
  credential: Redacted.Redacted,
  { ofAll, scope }: { readonly scope: NeededScope; readonly ofAll: boolean }
) {
  const entry = find(credential)
  if (entry === undefined) {
    yield* AnswerHeader.set("www-authenticate", 'Bearer realm="pointback"')
    return yield* Effect.fail(unauthorized)
  }
  const { params } = yield* HttpRouter.RouteContext
  if (scope !== "any" && !entry.scopes.includes(scope))
    return yield* Effect.fail(forbidden(`this key lacks the scope ${scope}`))
  if (!ApiKeys.covers(entry, params["program"])) return yield* Effect.fail(forbidden("this key is for other programs"))
  if (ofAll && !ApiKeys.coversAll(entry)) return yield* Effect.fail(forbidden("this key is not for all programs"))
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
      yield* AnswerHeader.set("retry-after", String(Watched.wholeSeconds(wait)))
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
          const annotations = endpoint.annotations as Context.Context<Needs>
          const entry = yield* admit(find, credential, {
            scope: Context.get(annotations, Needs),
            ofAll: Context.get(annotations, OfAllPrograms)
          })
          yield* Watched.isCalledBy(entry.name)
          yield* withinRate(limiter, entry)
          if (running >= CONCURRENT_REQUESTS) {
            yield* AnswerHeader.set("retry-after", "1")
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
