/** What all handlers share: errors become problems, commands run to their end, questions have a time limit. */
import { Ids } from "@pointback/domain"
import type { Mastercard } from "@pointback/adapters"
import { Effect, type Layer, Option } from "effect"
import type { HttpRouter } from "effect/http"
import type { HttpApiGroup } from "effect/http-api"
import type { Backend } from "../cli/Backend.ts"
import type { Caller } from "../command/Command.ts"
import * as Input from "../cli/Input.ts"
import { type Access, CurrentCaller } from "./Access.ts"
import * as ErrorProblem from "./ErrorProblem.ts"
import { InFlight } from "./InFlight.ts"
import { QUESTION_TIMEOUT } from "./Limits.ts"
import type { LongJobs } from "./LongJobs.ts"
import * as Problem from "./Problem.ts"

/** What handlers ask of. */
export type Services = Backend | Mastercard | InFlight | LongJobs

/** The handlers of a group. */
export type Handlers<Group extends string> = Layer.Layer<
  HttpApiGroup.Service<"pointback", Group>,
  never,
  Access | HttpRouter.Request.From<"Requires", Services>
>

/** Carries a command out, to its end whoever hangs up. */
export const command = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, Problem.Problem, R | InFlight> =>
  InFlight.use(({ run }) => run(Effect.mapError(work, (error) => ErrorProblem.of(error))))

const tooLong = Problem.make(503, "QuestionTooLong", "the answer took too long; ask for less at once, or again later")

/** Answers a question within its time limit. */
export const question = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, Problem.Problem, R> =>
  work.pipe(
    Effect.mapError((error) => ErrorProblem.of(error, "query")),
    Effect.timeoutOrElse({ duration: QUESTION_TIMEOUT, orElse: () => Effect.fail(tooLong) })
  )

/** Who records something: the key's name. */
export const caller: Effect.Effect<Caller & { readonly actor: Ids.Actor }, never, CurrentCaller> = Effect.map(
  CurrentCaller,
  ({ name }) => ({ actor: Ids.Actor.make(name) })
)

/** An instant of the body; undefined where there is none. */
export const moment = (program: Ids.ProgramId, field: string, value: string | undefined | null) =>
  Input.optionalMoment(program, field, Option.fromNullishOr(value))

/** When a command occurs. */
export const occurrence = (program: Ids.ProgramId, at: string | undefined) =>
  Input.occurrence(program, Option.fromNullishOr(at))

/** Lots with their points, as commands carry them. */
export const lotsOf = (lots: ReadonlyArray<{ readonly lot: Ids.LotId; readonly points: bigint }> | undefined) =>
  lots?.map(({ lot, points }) => ({ lotId: lot, points }))
