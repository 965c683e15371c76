/** Carries files of records out. */
import { PolicyStore } from "@pointback/adapters"
import { Points, type Ids } from "@pointback/domain"
import { Effect, type Schema, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { CreditsStopped } from "../bulk/Brake.ts"
import * as CreditFile from "../bulk/CreditFile.ts"
import { creditMany, type CreditManyOptions, recordMany } from "../bulk/CreditMany.ts"
import { DEFAULT_IN_FLIGHT } from "../bulk/InFlight.ts"
import * as CreditRecord from "../bulk/CreditRecord.ts"
import * as CreditTally from "../bulk/CreditTally.ts"
import { lineOf } from "../cli/CreditReport.ts"
import * as Json from "../cli/Json.ts"
import { UnknownProgram } from "../error/AppError.ts"
import * as ImportFile from "../import/ImportFile.ts"
import { importHistory } from "../import/ImportHistory.ts"
import { Api } from "./Api.ts"
import { caller, command, type Handlers } from "./Handling.ts"
import { FILE_CREDITS } from "./Limits.ts"
import * as Problem from "./Problem.ts"
import * as UploadedFile from "./UploadedFile.ts"

const tooMany = Problem.make(413, "TooManyCredits", `a file may have ${FILE_CREDITS} credits; send several files`)

const foreign = (line: number, program: string) => Effect.fail(new UploadedFile.ForeignProgram({ line, program }))

/** Reads a history whose records are all of one program. */
const historyOf = Effect.fnUntraced(function* (path: string, program: Ids.ProgramId) {
  const read = Effect.mapError(ImportFile.read(path), UploadedFile.renamed)
  // Its accounts can be gone through once, so it is read once to be looked at and once to be imported.
  yield* Effect.scoped(
    Effect.flatMap(read, ({ accounts }) =>
      Stream.runForEach(accounts, (account) =>
        account.target.program === program
          ? Effect.void
          : foreign(account._tag === "Whole" ? (account.records[0]?.line ?? 0) : account.line, account.target.program)
      )
    )
  )
  return yield* read
})

interface Results {
  readonly tally: CreditTally.CreditTally
  readonly results: ReadonlyArray<CreditTally.NumberedResult>
  readonly stopped: CreditsStopped | null
}

/** The credits of a file, all of one program. */
const creditsOf = Effect.fnUntraced(function* (path: string, program: Ids.ProgramId) {
  const file = yield* Effect.mapError(CreditFile.read(path), UploadedFile.renamed)
  if (file.count > FILE_CREDITS) return yield* Effect.fail(tooMany)
  yield* Stream.runForEach(file.credits, ({ line, record }) =>
    record.program === program ? Effect.void : foreign(line, record.program)
  )
  const { known, policy } = yield* (yield* PolicyStore).current(program)
  if (!known) return yield* new UnknownProgram({ program })
  return { count: file.count, credits: Stream.map(file.credits, (one) => CreditRecord.toCredit(one, policy.zone)) }
})

const carryOut = Effect.fnUntraced(function* <E, R>(
  results: Stream.Stream<CreditTally.NumberedResult, E | CreditsStopped, R>
) {
  const all: Array<CreditTally.NumberedResult> = []
  let tally = CreditTally.nothing
  const stopped = yield* Stream.runForEach(results, (result) =>
    Effect.sync(() => {
      all.push(result)
      tally = CreditTally.add(tally, result)
    })
  ).pipe(
    Effect.as(null),
    Effect.catchIf(
      (error): error is E & CreditsStopped => (error as { _tag?: unknown })._tag === "CreditsStopped",
      (error) => Effect.succeed<CreditsStopped>(error)
    )
  )
  return { tally, results: all.sort((a, b) => a.credit.place - b.credit.place), stopped } satisfies Results
})

const answer = (count: number, { results, stopped, tally }: Results) => ({
  credits: count,
  notBegun: count - tally.begun,
  outcomes: { ...tally.outcomes },
  replayed: tally.replayed,
  notSent: tally.notSent,
  points: Points.toString(tally.points),
  live: Points.toString(tally.live),
  expired: Points.toString(tally.expired),
  stopped: stopped === null ? null : { cause: stopped.cause, message: stopped.message },
  results: results.map((result) => lineOf(result) as Readonly<Record<string, Schema.Json>>)
})

/** The handlers of the group `files`. The body is received as part of the command, whose file is gone when it has ended. */
export const layer: Handlers<"files"> = HttpApiBuilder.group(Api, "files", (handlers) =>
  handlers.handleAll({
    importHistory: Effect.fn("http import")(function* ({ params: { program }, payload }) {
      const by = yield* caller
      return yield* command(
        Effect.gen(function* () {
          const history = yield* historyOf(yield* UploadedFile.receive(payload), program)
          return Json.imported(yield* importHistory(history, by))
        }).pipe(Effect.scoped)
      )
    }),
    creditMany: Effect.fn("http creditMany")(function* ({ params: { program }, payload, query }) {
      const options: CreditManyOptions = { inFlight: query.inFlight ?? DEFAULT_IN_FLIGHT, caller: yield* caller }
      return yield* command(
        Effect.gen(function* () {
          const { count, credits } = yield* creditsOf(yield* UploadedFile.receive(payload), program)
          const results =
            query.local === "true"
              ? yield* carryOut(recordMany(credits, options))
              : yield* carryOut(creditMany(credits, options))
          return answer(count, results)
        }).pipe(Effect.scoped)
      )
    })
  })
)
