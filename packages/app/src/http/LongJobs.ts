/**
 * Jobs that read a whole program or the whole log. A few run at once, each has a time limit, and whoever hangs up ends
 * his: none of them leaves anything half done.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { HttpServerRequest } from "effect/http"
import * as AnswerHeader from "./AnswerHeader.ts"
import * as ErrorProblem from "./ErrorProblem.ts"
import { JOB_TIMEOUT, LONG_JOBS } from "./Limits.ts"
import * as Problem from "./Problem.ts"

/** Seconds after which whoever found all places taken may ask again. */
const RETRY_AFTER = 30

const taken = Problem.make(
  503,
  "TooBusy",
  `${LONG_JOBS} exports, verifications or rebuilds are being carried out; nothing was begun, try again`
)

const tooLong = Problem.make(
  503,
  "JobTooLong",
  "it took too long and was ended, and nothing is left half done; use the command line, which has no limit"
)

export class LongJobs extends Context.Service<
  LongJobs,
  {
    /** Takes a place until the scope closes. */
    readonly place: Effect.Effect<void, Problem.Problem, HttpServerRequest.HttpServerRequest | Scope.Scope>
  }
>()("@pointback/app/http/LongJobs") {
  static readonly layer: Layer.Layer<LongJobs> = Layer.sync(LongJobs, () => {
    let running = 0
    const take = Effect.suspend(() => {
      if (running < LONG_JOBS) return Effect.sync(() => void running++)
      return Effect.andThen(AnswerHeader.set("retry-after", String(RETRY_AFTER)), Effect.fail(taken))
    })
    return { place: Effect.acquireRelease(take, () => Effect.sync(() => running--)) }
  })
}

/** Carries a long job out while its caller waits. */
export const run = <A, E, R>(
  work: Effect.Effect<A, E, R>
): Effect.Effect<A, Problem.Problem, Exclude<R, Scope.Scope> | LongJobs | HttpServerRequest.HttpServerRequest> =>
  Effect.scoped(
    Effect.andThen(
      LongJobs.use(({ place }) => place),
      work.pipe(
        Effect.mapError((error) => ErrorProblem.of(error)),
        Effect.timeoutOrElse({ duration: JOB_TIMEOUT, orElse: () => Effect.fail(tooLong) })
      )
    )
  )
