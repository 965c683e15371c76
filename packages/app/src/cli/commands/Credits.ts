/** `pointback credits` */
import { Mastercard, PolicyStore } from "@pointback/adapters"
import type { Ids } from "@pointback/domain"
import { Cache, Effect, Fiber, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { CreditsStopped } from "../../bulk/Brake.ts"
import * as CreditFile from "../../bulk/CreditFile.ts"
import { creditMany, type CreditManyOptions, recordMany } from "../../bulk/CreditMany.ts"
import { DEFAULT_IN_FLIGHT, MAXIMUM_IN_FLIGHT } from "../../bulk/InFlight.ts"
import * as CreditRecord from "../../bulk/CreditRecord.ts"
import type { BatchedCredit } from "../../bulk/CreditResult.ts"
import * as CreditTally from "../../bulk/CreditTally.ts"
import { withBackend } from "../Backend.ts"
import * as CreditReport from "../CreditReport.ts"
import * as CreditsAnswer from "../CreditsAnswer.ts"
import { exitWith } from "../Exit.ts"
import { InvalidInput } from "../Input.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"

/** Programs whose zone is remembered: more than a file has, but for one that was made to have them. */
const ZONES = 1000

interface Given {
  readonly file: string
  readonly inFlight: Option.Option<string>
  readonly local: boolean
  readonly report: Option.Option<string>
  readonly format: Option.Option<"ndjson" | "csv">
}

export const credits = Command.make(
  "credits",
  {
    file: Argument.String("file").pipe(Argument.withDescription("NDJSON or CSV, also as .gz; - is standard input")),
    inFlight: Flag.String("in-flight").pipe(
      Flag.withDescription(`How many credits are asked for at once, 1 to ${MAXIMUM_IN_FLIGHT} [${DEFAULT_IN_FLIGHT}]`),
      Flag.optional
    ),
    local: Flag.Boolean("local").pipe(
      Flag.withDescription("Record the credits without calling Mastercard"),
      Flag.withDefault(false)
    ),
    report: Flag.String("report").pipe(
      Flag.withDescription("Write what became of each credit to this file, one JSON object a line"),
      Flag.withMetavar("file"),
      Flag.optional
    ),
    format: Flag.Literals("format", ["ndjson", "csv"]).pipe(
      Flag.withDescription("How the file is written [csv where its name ends in .csv, else ndjson]"),
      Flag.optional
    )
  },
  Effect.fn("credits")(function* (given) {
    const inFlight = Option.isNone(given.inFlight) ? DEFAULT_IN_FLIGHT : yield* readInFlight(given.inFlight.value)
    if (Option.isSome(given.report) && given.report.value.trim() === "") {
      return yield* new InvalidInput({ flag: "report", value: given.report.value, problem: "a file is expected" })
    }
    const ran = given.local
      ? run(given, inFlight, recordMany)
      : // Without a way to reach Mastercard nothing may be stored, so that is looked at before anything else is.
        Effect.provide(run(given, inFlight, creditMany), Mastercard.layerEnvironment)
    yield* exitWith(CreditsAnswer.exitCode(yield* Effect.scoped(ran)))
  })
).pipe(Command.withDescription("Give points of many redemptions back, as a file says"))

const readInFlight = (value: string): Effect.Effect<number, InvalidInput> =>
  /^[1-9]\d{0,3}$/.test(value) && Number(value) <= MAXIMUM_IN_FLIGHT
    ? Effect.succeed(Number(value))
    : Effect.fail(
        new InvalidInput({
          flag: "in-flight",
          value,
          problem: `a whole number from 1 to ${MAXIMUM_IN_FLIGHT} is expected`
        })
      )

type Credit = BatchedCredit & CreditRecord.Numbered

type Many<R> = (
  credits: Stream.Stream<Credit, CreditFile.ReadError, PolicyStore>,
  options: CreditManyOptions
) => Stream.Stream<CreditTally.NumberedResult, CreditFile.ReadError | CreditsStopped, R | PolicyStore>

/** Reads the file, carries it out and prints what came of it, also where it was interrupted. */
const run = <R>({ file, format, report }: Given, inFlight: number, many: Many<R>) =>
  Effect.gen(function* () {
    const progress = yield* Progress.report
    // The whole file is read before anything is sent or even the database opened.
    const read = yield* CreditFile.read(file, {
      format: Option.getOrUndefined(format),
      onProgress: (done, total) => progress({ label: "reading", done, total, unit: "bytes" })
    })
    const reported = Option.isSome(report) ? yield* CreditReport.open(report.value, read.count) : undefined
    const carried = (signal: AbortSignal) =>
      Effect.gen(function* () {
        const credits = yield* dated(read)
        let tally = CreditTally.nothing
        const take = (result: CreditTally.NumberedResult) => {
          tally = CreditTally.add(tally, result)
          progress({ label: "crediting", done: tally.begun, total: read.count, unit: "records" })
          return reported === undefined ? Effect.void : reported.add(result)
        }
        const stopped = yield* Stream.runForEach(many(credits, { inFlight, signal }), take).pipe(
          Effect.as(null),
          Effect.catchTag("CreditsStopped", Effect.succeed)
        )
        if (reported !== undefined) yield* reported.finish
        return {
          file,
          count: read.count,
          tally,
          stopped,
          interrupted: signal.aborted,
          report: Option.getOrNull(report)
        }
      })
    return yield* stoppable((signal) => withBackend(carried(signal)), answer)
  })

const answer = (ran: CreditsAnswer.Ran) => Output.answer(CreditsAnswer.json(ran), () => CreditsAnswer.text(ran))

/** The credits of a file, with calendar dates in the zones of their programs. */
const dated = Effect.fnUntraced(function* (read: CreditFile.CreditFile) {
  const policies = yield* PolicyStore
  const zones = yield* Cache.make({
    capacity: ZONES,
    lookup: (program: Ids.ProgramId) => Effect.map(policies.current(program), ({ policy }) => policy.zone)
  })
  return Stream.mapEffect(read.credits, (numbered) =>
    Effect.map(Cache.get(zones, numbered.record.program), (zone) => CreditRecord.toCredit(numbered, zone))
  )
})

/**
 * Runs what can be told to stop, and prints its answer. Who interrupts it has it stopped, its answer printed, and is
 * interrupted then.
 */
const stoppable = <A, E, R, E2, R2>(
  work: (signal: AbortSignal) => Effect.Effect<A, E, R>,
  print: (answer: A) => Effect.Effect<void, E2, R2>
): Effect.Effect<A, E | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const controller = new AbortController()
      const printed = Effect.tap(Effect.interruptible(work(controller.signal)), print)
      const fiber = yield* Effect.forkDetach(printed, { startImmediately: true })
      return yield* Effect.onInterrupt(restore(Fiber.join(fiber)), () => {
        controller.abort()
        return Effect.asVoid(Fiber.await(fiber))
      })
    })
  )
