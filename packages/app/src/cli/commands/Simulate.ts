/** `pointback simulate` */
import { EmbeddedDatabase, Migrations, PostgresDatabase } from "@pointback/adapters"
import { Effect, Layer, Option, Random, Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { unmet } from "../../simulate/Coverage.ts"
import type { Counts, Failed, Report } from "../../simulate/Report.ts"
import { SEEDS } from "../../simulate/Seeds.ts"
import type * as Simulate from "../../simulate/Simulate.ts"
import type { Wiring } from "../../simulate/Wiring.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import { DatabaseFlag } from "../GlobalFlags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"

/** Some seconds' worth. */
const DEFAULT_HISTORIES = 200

/** More take days. */
const MAXIMUM_HISTORIES = 10_000_000

export const simulate = Command.make(
  "simulate",
  {
    seed: Flag.String("seed").pipe(
      Flag.withDescription("The seed of the first history; each further one has the next [any]"),
      Flag.optional
    ),
    histories: Flag.String("histories").pipe(
      Flag.withDescription("How many histories are simulated"),
      Flag.withDefault(String(DEFAULT_HISTORIES))
    ),
    replay: Flag.String("replay").pipe(
      Flag.withDescription("Play the one history of this seed and tell all that happens in it"),
      Flag.withMetavar("seed"),
      Flag.optional
    ),
    steps: Flag.String("steps").pipe(
      Flag.withDescription("With --replay: only these steps of it, as a history that fails names them"),
      Flag.withMetavar("n,n,…"),
      Flag.optional
    )
  },
  Effect.fn("simulate")(function* (flags) {
    const simulating = yield* simulatingOn
    if (Option.isSome(flags.replay)) {
      const seed = yield* Input.wholeNumber("replay", flags.replay.value, SEEDS - 1)
      const played = yield* simulating.replay(seed, yield* stepsOf(flags.steps))
      yield* Output.answer(failedJson(played), () => replayText(played))
      return yield* exitWith(played.differences.length === 0 ? ExitCode.done : ExitCode.differences)
    }
    const histories = yield* Input.wholeNumber("histories", flags.histories, MAXIMUM_HISTORIES)
    const seed = Option.isNone(flags.seed)
      ? yield* Random.nextIntBetween(0, SEEDS - 1)
      : yield* Input.wholeNumber("seed", flags.seed.value, SEEDS - 1)
    const draw = yield* Progress.report
    const report = yield* simulating.run({
      seed,
      histories,
      onProgress: ({ done, of }) => draw({ label: "simulating", done, total: of, unit: "records" })
    })
    yield* Output.answer(json(report), () => reportText(report))
    yield* exitWith(isClean(report) ? ExitCode.done : ExitCode.differences)
  }, Effect.scoped)
).pipe(Command.withDescription("Simulate credits with faults, deaths and restarts, and compare what came of them"))

/** Steps of a history at most: more than any has. */
const MAXIMUM_STEP = 999

const stepsOf = (steps: Option.Option<string>) =>
  Option.isNone(steps)
    ? Effect.succeed(undefined)
    : Effect.forEach(steps.value.split(","), (step) => Input.wholeNumber("steps", step, MAXIMUM_STEP))

interface Simulating {
  readonly run: (options: Simulate.SimulateOptions) => Effect.Effect<Report, Simulate.SimulationImpossible>
  readonly replay: (
    seed: number,
    steps: ReadonlyArray<number> | undefined
  ) => Effect.Effect<Simulate.Played, Simulate.SimulationImpossible>
}

// No other command needs them, nor the time that loading them takes.
const load = Effect.promise(() =>
  Promise.all([import("../../simulate/Simulate.ts"), import("../../simulate/Wiring.ts")])
)

// `POINTBACK_DATABASE` is not asked: what it names is in use, and a simulation writes whole programs.
const simulatingOn: Effect.Effect<Simulating, Input.InvalidInput, "effect/cli/GlobalFlag/database"> = Effect.gen(
  function* () {
    const [{ replay, simulate }, Wirings] = yield* load
    const by = <Run, Data>(wiring: Wiring<Run, Data>): Simulating => ({
      run: (options) => simulate(wiring, options),
      replay: (seed, steps) => replay(wiring, seed, steps)
    })
    const place = Option.getOrElse(yield* DatabaseFlag, () => "memory")
    if (place === "memory") return by(Wirings.memory)
    if (place === "pglite") {
      return by(Wirings.database(EmbeddedDatabase.layerMemory({ prepare: Effect.asVoid(Migrations.migrate) })))
    }
    if (!/^postgres(ql)?:\/\//.test(place)) {
      return yield* new Input.InvalidInput({
        flag: "database",
        value: place,
        problem: "memory, pglite, or the URL of a PostgreSQL database that nobody needs is expected"
      })
    }
    const database = PostgresDatabase.layer({ url: Redacted.make(place) })
    return by(Wirings.database(Layer.effectDiscard(Migrations.requireCurrent).pipe(Layer.provideMerge(database))))
  }
)

const isClean = ({ failed, verification }: Report): boolean => failed.length + verification.length === 0

const failedJson = ({ differences, seed, steps, trace }: Failed): Output.Json => ({
  seed,
  steps,
  differences: differences.map(({ kind, problem }) => ({ kind, problem })),
  trace
})

const json = (report: Report): Output.Json => ({
  seed: report.seed,
  histories: report.histories,
  told: Object.fromEntries(report.told),
  faults: Object.fromEntries(report.faults),
  deaths: Object.fromEntries(report.died),
  gates: Object.fromEntries(report.passed),
  settled: Object.fromEntries(report.settled),
  leftToPeople: report.leftToPeople,
  unmet: unmet(report),
  failed: report.failed.map(failedJson),
  verification: report.verification
})

const total = (counts: Counts): number => Array.from(counts.values()).reduce((sum, count) => sum + count, 0)

/** Columns that a line of a list may take. */
const WIDTH = 100

/** A heading with a list behind it, on as many lines as that takes. */
const listed = (heading: string, items: ReadonlyArray<string>): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = `  ${heading.padEnd(HEADING)}`
  for (const [place, item] of items.entries()) {
    const text = place === items.length - 1 ? item : `${item}, `
    if (line.length + text.length > WIDTH) {
      lines.push(line.trimEnd())
      line = " ".repeat(HEADING + 2)
    }
    line += text
  }
  return [...lines, line.trimEnd()]
}

const HEADING = 20

const counted = (heading: string, counts: Counts): ReadonlyArray<string> =>
  listed(heading, [
    `${total(counts)} in all`,
    ...Array.from(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
  ])

/** A report for people. */
export const reportText = (report: Report): string => {
  const { died, failed, faults, histories, leftToPeople, passed, seed, settled, told, verification } = report
  const missing = unmet(report)
  return [
    `seed ${seed}: ${historiesText(histories)}`,
    ...counted("credits asked for", told),
    ...counted("faults", faults),
    ...listed("steps", [`${total(passed)} through ${passed.size} gates`]),
    ...counted("deaths", died),
    ...counted("settled", settled),
    ...listed("left to people", [String(leftToPeople)]),
    ...(missing.length === 0 ? [] : listed("not met in this run", missing)),
    ...failed.flatMap(failedText),
    ...(verification.length === 0 ? [] : ["", "the database differs from its events:", ...verification]),
    "",
    isClean(report)
      ? "no differences: what is booked, what Mastercard did and what callers were told agree"
      : `${historiesText(failed.length)} with differences`
  ].join("\n")
}

const historiesText = (count: number): string => `${count} ${count === 1 ? "history" : "histories"}`

const failedText = ({ differences, seed, steps }: Failed): ReadonlyArray<string> => [
  "",
  `seed ${seed}; \`pointback simulate --replay ${seed} --steps ${steps.join()}\` tells what happened`,
  ...differences.map(({ kind, problem }) => `  ${kind}: ${problem}`)
]

const replayText = (played: Simulate.Played): string =>
  [
    ...played.trace,
    "",
    ...(played.differences.length === 0
      ? [`seed ${played.seed}: no differences`]
      : [`seed ${played.seed}:`, ...played.differences.map(({ kind, problem }) => `  ${kind}: ${problem}`)])
  ].join("\n")
