/** Functions that are written as steps, each of which may fail. */
import { Result } from "effect"

/**
 * A function whose body takes steps: `yield*` gives what a result succeeded with, or ends the function with its failure.
 *
 * Its generator is made once. One that is made at every call, as `Result.gen(function* () {…})` inside of a function
 * does, keeps all that it closes over, the account and its lots, until V8 collects its whole heap: a process that
 * decides a million commands then needs half a gigabyte in place of a tenth of it.
 */
export const steps =
  <Arguments extends ReadonlyArray<unknown>, Step extends Result.Result<unknown, unknown>, A>(
    body: (...args: Arguments) => Generator<Step, A, never>
  ) =>
  (...args: Arguments): Result.Result<A, FailureOf<Step>> =>
    Result.gen(() => body(...args)) as Result.Result<A, FailureOf<Step>>

type FailureOf<Step> = Step extends Result.Result<unknown, infer E> ? E : never
