/**
 * Thousands of histories of commands, each with its own faults, deaths and order of steps, against the real client and a
 * real sandbox over HTTP; then everything is settled, and our events, Mastercard's truth and what callers were told are
 * compared. A seed gives the same histories on every machine.
 *
 * @see semantics, sections 4 and 7
 */
import { SandboxKeys } from "@pointback/adapters"
import { Effect, Layer, Random, Result, Schema } from "effect"
import * as Comparison from "./Comparison.ts"
import type { Difference } from "./Difference.ts"
import { count, Stuck } from "./Direction.ts"
import type { Answer, Ended } from "./Ended.ts"
import { History, type Playing, type RunOf } from "./History.ts"
import * as Report from "./Report.ts"
import { SEEDS } from "./Seeds.ts"
import type { Wiring } from "./Wiring.ts"

/** Which histories are simulated. */
export interface SimulateOptions {
  /** The seed of the first history, 0 to 2³¹ − 1; each further one has the next. */
  readonly seed: number
  readonly histories: number
  /** Histories beside each other, 4 by default: while one waits for a socket or a database, another goes on. */
  readonly together?: number
  /** Histories with differences after which the simulation ends, 10 by default. */
  readonly failures?: number
  /** Told whenever a history has ended. */
  readonly onProgress?: (progress: { readonly done: number; readonly of: number; readonly failed: number }) => void
}

const TOGETHER = 4

const FAILURES = 10

/** The stores, the client or the sandbox could not be made or used; says nothing about the credits. */
export class SimulationImpossible extends Schema.TaggedError<SimulationImpossible>()("SimulationImpossible", {
  seed: Schema.NullOr(Schema.Int),
  cause: Schema.Defect()
}) {
  override get message(): string {
    const what = this.seed === null ? "The simulation" : `The history of seed ${this.seed}`
    return `${what} could not be carried out: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

/** One history, played and compared. */
export interface Played extends Report.Failed {
  readonly tally: Report.Tally
}

/** Plays histories, one seed after the other, and compares each. */
export const simulate = <Run, Data>(
  wiring: Wiring<Run, Data>,
  options: SimulateOptions
): Effect.Effect<Report.Report, SimulationImpossible> =>
  withRun(wiring, (run) =>
    Effect.gen(function* () {
      const { histories, onProgress, seed } = options
      const failed: Array<Report.Failed> = []
      let tally = Report.nothing
      yield* Effect.forEach(
        Array.from({ length: histories }, (_, place) => (seed + place) % SEEDS),
        (seed) =>
          Effect.suspend(() => {
            if (failed.length >= (options.failures ?? FAILURES)) return Effect.void
            return Effect.map(playAndShrink(seed, run), ({ played, shrunk }) => {
              tally = Report.add(tally, played.tally)
              if (shrunk.differences.length > 0) failed.push(shrunk)
              onProgress?.({ done: tally.histories, of: histories, failed: failed.length })
            })
          }),
        { concurrency: options.together ?? TOGETHER, discard: true }
      )
      const verification = yield* impossible(null, Effect.provideContext(wiring.verify, run.services))
      return { ...tally, seed, failed, verification }
    })
  )

/** Plays one history, or some of its steps, for its trace. */
export const replay = <Run, Data>(
  wiring: Wiring<Run, Data>,
  seed: number,
  steps?: ReadonlyArray<number>
): Effect.Effect<Played, SimulationImpossible> => withRun(wiring, (run) => play({ seed, steps, attempt: 0 }, run))

/** Plays a history, and where it fails again and again, each time without one of its steps, as long as it fails. */
const playAndShrink = Effect.fnUntraced(function* <Run, Data>(seed: number, run: RunOf<Run, Data>) {
  const played = yield* play({ seed, steps: undefined, attempt: 0 }, run)
  let shrunk: Played = played
  if (played.differences.length === 0 || played.differences.some(({ kind }) => kind === "stuck")) {
    return { played, shrunk }
  }
  let attempt = 0
  // From the end: what comes after the failure is of no interest, and goes first.
  for (const place of played.steps.toReversed()) {
    const steps = shrunk.steps.filter((other) => other !== place)
    const again = yield* play({ seed, steps, attempt: ++attempt }, run)
    // Another difference would be another failure.
    if (again.differences.some(({ kind }) => played.differences.some((first) => first.kind === kind))) shrunk = again
  }
  return { played, shrunk }
})

const withRun = <Run, Data, A>(
  wiring: Wiring<Run, Data>,
  use: (run: RunOf<Run, Data>) => Effect.Effect<A, SimulationImpossible>
): Effect.Effect<A, SimulationImpossible> =>
  Effect.scoped(
    Effect.gen(function* () {
      const services = yield* impossible(null, Layer.build(Layer.fresh(wiring.run)))
      const keys = yield* SandboxKeys.generate
      const name = yield* Effect.map(Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER), (number) => number.toString(36))
      return yield* use({ wiring, services, keys, name })
    })
  )

const impossible = <A, E, R>(
  seed: number | null,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, SimulationImpossible, R> =>
  Effect.mapError(effect, (cause) =>
    cause instanceof SimulationImpossible ? cause : new SimulationImpossible({ seed, cause })
  )

const play = <Run, Data>(playing: Playing, run: RunOf<Run, Data>): Effect.Effect<Played, SimulationImpossible> =>
  Effect.gen(function* () {
    const history = yield* History.open(playing, run)
    const played = yield* Effect.result(history.play)
    if (Result.isFailure(played) && !(played.failure instanceof Stuck)) return yield* Effect.fail(played.failure)
    const stuck: ReadonlyArray<Difference> =
      Result.isFailure(played) && played.failure instanceof Stuck
        ? [{ kind: "stuck", problem: played.failure.problem }]
        : []
    const ended = yield* history.end
    const people = stuck.length > 0 ? 0 : yield* history.decide(ended)
    const before = stuck.length > 0 ? [] : Comparison.compare(ended)
    const after = people === 0 ? [] : Comparison.compare(yield* history.end)
    const differences = [
      ...stuck,
      ...history.direction.defects.map((problem): Difference => ({ kind: "defect", problem })),
      ...before,
      ...after.filter(({ problem }) => before.every((known) => known.problem !== problem))
    ]
    return {
      seed: playing.seed,
      steps: history.taken,
      differences,
      trace: history.trace.lines,
      tally: yield* tallyOf(history, ended, people)
    }
  }).pipe(Random.withSeed(playing.seed), Effect.scoped, (played) => impossible(playing.seed, played))

const tallyOf = <Run, Data>(
  history: History<Run, Data>,
  { tellings }: Ended,
  leftToPeople: number
): Effect.Effect<Report.Tally> =>
  Effect.map(history.faults, (faults) => {
    const told = new Map<string, number>()
    for (const { answer } of tellings) count(told, nameOf(answer))
    const { died, passed } = history.direction
    return { histories: 1, told, faults, passed, died, settled: history.settled, leftToPeople }
  })

const nameOf = (answer: Answer): string => {
  switch (answer._tag) {
    case "Outcome":
      return answer.outcome.outcome
    case "Failure":
      return answer.tag
    case "Nothing":
      return "nothing"
  }
}
