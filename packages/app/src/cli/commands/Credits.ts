/** `pointback credits` */
import { Mastercard, maskAccount, PolicyStore } from "@pointback/adapters"
import { Ids, Points } from "@pointback/domain"
import { Cache, Effect, Fiber, Option, Stream } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { CreditsStopped } from "../../bulk/Brake.ts"
import * as CreditFile from "../../bulk/CreditFile.ts"
import { creditMany, DEFAULT_IN_FLIGHT, MAXIMUM_IN_FLIGHT, recordMany } from "../../bulk/CreditMany.ts"
import * as CreditRecord from "../../bulk/CreditRecord.ts"
import * as CreditReport from "../../bulk/CreditReport.ts"
import { statusOf } from "../../bulk/CreditResult.ts"
import * as CreditTally from "../../bulk/CreditTally.ts"
import { withBackend } from "../Backend.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import { InvalidInput } from "../Input.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"

/** Credits that are named in words where nothing was credited; JSON and the report have more. */
const NAMED_IN_WORDS = 20

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
      Flag.withDescription(`How many credits are in flight at once, 1 to ${MAXIMUM_IN_FLIGHT} [${DEFAULT_IN_FLIGHT}]`),
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
    const carried = stoppable((signal) => Effect.scoped(run(given, { inFlight, signal })), answer)
    // Without a way to reach Mastercard nothing may be stored, so that is looked at before anything else is.
    const ran = yield* given.local ? carried(local) : Effect.provide(carried(asked), Mastercard.layerEnvironment)
    yield* answer(ran)
    yield* exitWith(exitCode(ran))
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
