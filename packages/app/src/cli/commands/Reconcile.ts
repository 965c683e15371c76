/** `pointback reconcile` */
import { type EventStore, Mastercard, OwnRecords, StatementFile } from "@pointback/adapters"
import { type Ids, Instant } from "@pointback/domain"
import { Cron, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { hostname } from "node:os"
import { now } from "../../command/Now.ts"
import * as MastercardSource from "../../reconcile/MastercardSource.ts"
import { type Reconciled, reconcileProgram, type ReconcileProgram } from "../../reconcile/ReconcileProgram.ts"
import { type Mended, mend } from "../../reconcile/Remedies.ts"
import { workForEver } from "../../reconcile/ReconcileWorker.ts"
import * as Sink from "../../reconcile/Sink.ts"
import { withBackend } from "../Backend.ts"
import * as BreakOutput from "../BreakOutput.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import { keepHeapSmall } from "../SmallHeap.ts"

export const reconcile = Command.make(
  "reconcile",
  {
    program: Flags.program,
    statement: Flag.String("statement").pipe(
      Flag.withDescription("A statement: NDJSON, or CSV where it ends in .csv; also gzipped"),
      Flag.withMetavar("file"),
      Flag.optional
    ),
    mastercard: Flag.Boolean("mastercard").pipe(
      Flag.withDescription("Ask Mastercard for the redemptions and the balance of every account"),
      Flag.withDefault(false)
    ),
    dryRun: Flag.Boolean("dry-run").pipe(Flag.withDescription("Write nothing down"), Flag.withDefault(false)),
    apply: Flag.Boolean("apply").pipe(
      Flag.withDescription("Mend what is certain: confirm, record, release"),
      Flag.withDefault(false)
    ),
    run: Flag.String("run").pipe(
      Flag.withDescription("An id; the same one goes on where it was stopped [from the input of both sides]"),
      Flag.optional
    ),
    at: Flag.String("at").pipe(
      Flag.withDescription("What ages are counted to [now]"),
      Flag.withMetavar("instant"),
      Flag.optional
    ),
    every: Flag.String("every").pipe(
      Flag.withDescription(
        'Go on for ever, at the times of a cron expression in UTC such as "0 4 * * *"; with --mastercard'
      ),
      Flag.withMetavar("cron"),
      Flag.optional
    ),
    actor: Flags.actor
  },
  Effect.fn("reconcile")(function* (flags) {
    const { apply, dryRun, mastercard } = flags
    if (Option.isSome(flags.statement) === mastercard) {
      return yield* wrong("statement", "either --statement or --mastercard is expected")
    }
    if (apply && dryRun) return yield* wrong("apply", "goes without --dry-run")
    if (Option.isSome(flags.every)) {
      const [given] = (["run", "at", "dryRun"] as const).filter((name) =>
        typeof flags[name] === "boolean" ? flags[name] : Option.isSome(flags[name])
      )
      if (!mastercard) return yield* wrong("every", "goes with --mastercard", flags.every.value)
      if (given !== undefined) return yield* wrong("every", `goes without --${given === "dryRun" ? "dry-run" : given}`)
      return yield* forEver(flags, flags.every.value)
    }
    yield* keepHeapSmall
    const run = yield* runId(flags.run)
    const { mended, reconciled } = yield* Effect.scoped(
      Option.isSome(flags.statement)
        ? withStatement(flags.statement.value, { ...flags, run })
        : withMastercard({ ...flags, run })
    )
    yield* Output.answer(json(reconciled, mended, dryRun), () => text(reconciled, mended, dryRun))
    const isOpen = reconciled.breaks.length + reconciled.parked.length > 0
    yield* exitWith(isOpen ? ExitCode.differences : ExitCode.done)
  })
).pipe(Command.withDescription("Hold a program against a statement, or against Mastercard, and list what differs"))

interface Given {
  readonly program: string
  readonly dryRun: boolean
  readonly apply: boolean
  readonly run: string | undefined
  readonly at: Option.Option<string>
  readonly actor: Option.Option<string>
}

const wrong = (flag: string, problem: string, value = "") => new Input.InvalidInput({ flag, value, problem })

/** Characters of a run's id at most, as the database holds them. */
const MAXIMUM_RUN_ID = 128

const runId = (given: Option.Option<string>): Effect.Effect<string | undefined, Input.InvalidInput> =>
  Option.match(given, {
    onNone: () => Effect.succeed(undefined),
    onSome: (value) =>
      /^[\w.:@/-]+$/.test(value) && value.length <= MAXIMUM_RUN_ID
        ? Effect.succeed(value)
        : Effect.fail(wrong("run", `1 to ${MAXIMUM_RUN_ID} letters, digits and . : @ / - _ are expected`, value))
  })

const withStatement = Effect.fnUntraced(function* (file: string, given: Given) {
  const report = yield* Progress.report
  const run = Effect.gen(function* () {
    const program = yield* Input.knownProgram(given.program)
    const source = yield* StatementFile.read(file, {
      replaced: yield* OwnRecords.replaced(program),
      onRecords: (done) => report({ label: "reading", done, total: undefined, unit: "records" })
    })
    if (source.program !== program) {
      return yield* wrong("statement", `it is of program ${source.program}, and not of ${program}`, file)
    }
    return yield* runAll(given, { program, source }, report)
  })
  return yield* withBackend(run)
})

const withMastercard = Effect.fnUntraced(function* (given: Given) {
  const report = yield* Progress.report
  const run = Effect.gen(function* () {
    const program = yield* Input.knownProgram(given.program)
    return yield* runAll(given, { program, source: yield* MastercardSource.make(program) }, report)
  })
  return yield* Effect.provide(withBackend(run), Mastercard.layerEnvironment)
})

/** Prints every run that this process brought to its end, one line each with `--json`. */
const forEver = Effect.fnUntraced(function* (given: Omit<Given, "run" | "at">, every: string) {
  const times = yield* Effect.mapError(Effect.fromResult(Cron.parse(every, "UTC")), () =>
    wrong("every", 'a cron expression of five fields is expected, such as "0 4 * * *"', every)
  )
  const run = Effect.gen(function* () {
    const program = yield* Input.knownProgram(given.program)
    const backend = yield* Effect.context<EventStore.EventStore | "effect/cli/GlobalFlag/json">()
    const onRun = (reconciled: Reconciled) =>
      Effect.gen(function* () {
        const mended = given.apply ? yield* mendFor(given.actor, reconciled) : []
        const left = mended.length > 0 ? yield* afterMending(reconciled) : reconciled
        yield* Output.answer(json(left, mended, false), () => text(left, mended, false))
      }).pipe(Effect.provideContext(backend))
    const source = yield* MastercardSource.make(program)
    return yield* workForEver({ program, source, holder: `${hostname()}:${process.pid}`, onRun }, times)
  })
  return yield* Effect.provide(withBackend(run), Mastercard.layerEnvironment)
})

const mendFor = (actor: Option.Option<string>, reconciled: Reconciled) =>
  Effect.flatMap(now, (at) => mend(reconciled, at, { actor: Option.getOrUndefined(actor) }))

const afterMending = (reconciled: Reconciled) =>
  Effect.map(Sink.database.result(startOf(reconciled)), (result): Reconciled => ({ ...reconciled, ...result }))

const runAll = Effect.fnUntraced(function* (
  given: Given,
  { program, source }: { readonly program: Ids.ProgramId; readonly source: ReconcileProgram["source"] },
  report: Progress.Report
) {
  const at = yield* Input.optionalMoment(program, "at", given.at)
  const request = { program, source, run: given.run, at }
  const onGroups = (done: number) => report({ label: "reconciling", done, total: undefined, unit: "records" })
  const reconciled = yield* reconcileProgram(request, given.dryRun ? Sink.dry() : Sink.database, onGroups)
  if (!given.apply) return { reconciled, mended: [] }
  const mended = yield* mendFor(given.actor, reconciled)
  return { reconciled: yield* afterMending(reconciled), mended }
})

const startOf = ({ at, program, run, source }: Reconciled) => ({ run, program, source, identity: "", at, rules: "" })

const json = (
  { at, breaks, counts, parked, program, run, source }: Reconciled,
  mended: ReadonlyArray<Mended>,
  dryRun: boolean
): Output.Json => ({
  run: dryRun ? null : run,
  program,
  source,
  at: Json.instant(at),
  records: { here: counts.here, there: counts.there },
  matched: counts.matched,
  breaks: breaks.map((found) => BreakOutput.json(found, at)),
  parked: parked.map((record) => ({ ...record })),
  mended: mended.map((one) => ({ ...one }))
})

/** Breaks that are shown to a person at once; the others are counted. */
const SHOWN = 50

const text = (reconciled: Reconciled, mended: ReadonlyArray<Mended>, dryRun: boolean): string => {
  const { at, breaks, counts, parked, run, source } = reconciled
  const done = mended.filter(({ event }) => event !== null)
  return [
    `${dryRun ? "looked at" : `run ${run}:`} ${Output.count(counts.here, "record")} here and ` +
      `${counts.there} of ${source}, as of ${Instant.toString(at)}: ${counts.matched} matched, ` +
      `${Output.count(breaks.length, "break")} open`,
    ...(done.length > 0 ? [`mended ${Output.count(done.length, "break")}`] : []),
    ...mended.filter(({ event }) => event === null).map(({ id, reason }) => `not mended: ${id}: ${reason}`),
    ...parked.slice(0, SHOWN).map(({ place, reason }) => `put aside: ${place}: ${reason}`),
    ...(breaks.length > 0 ? [BreakOutput.table(breaks.slice(0, SHOWN), at)] : []),
    ...(breaks.length > SHOWN
      ? [`and ${breaks.length - SHOWN} more; \`pointback breaks --run ${run}\` lists them`]
      : [])
  ].join("\n")
}
