/** Reconciles over HTTP, and answers what was found. */
import { OwnRecords, ReconciliationStore, StatementFile } from "@pointback/adapters"
import { type Ids, Instant, type ReconciliationBreak } from "@pointback/domain"
import { Effect, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import * as BreakOutput from "../cli/BreakOutput.ts"
import { InvalidInput } from "../cli/Input.ts"
import { now } from "../command/Now.ts"
import { UnknownBreak } from "../error/AppError.ts"
import * as BreakGroups from "../reconcile/BreakGroups.ts"
import type { Grouping } from "../reconcile/Groupings.ts"
import * as MastercardSource from "../reconcile/MastercardSource.ts"
import { afterMending, mendFor } from "../reconcile/Mending.ts"
import { reconcileProgram, type ReconcileProgram } from "../reconcile/ReconcileProgram.ts"
import * as Sink from "../reconcile/Sink.ts"
import * as SettleSettings from "../settle/SettleSettings.ts"
import { Api } from "./Api.ts"
import * as Breaks from "./Breaks.ts"
import * as Cursor from "./Cursor.ts"
import { caller, command, type Handlers, moment, question } from "./Handling.ts"
import { PAGE } from "./Limits.ts"
import * as PolicyTerms from "./PolicyTerms.ts"
import * as UploadedFile from "./UploadedFile.ts"

// The functions that write JSON for the command line; the schema of each answer is held against it as it is written.
const as = <A>(json: unknown): A => json as A

const page = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  query: {
    readonly run?: string
    readonly type?: ReconciliationBreak.BreakType
    readonly all?: "true" | "false"
    readonly limit?: number
    readonly cursor?: string
  }
) {
  yield* PolicyTerms.known(program)
  const { all, cursor, limit = PAGE, run, type } = query
  const after = yield* Cursor.read(Breaks.BreakId, cursor)
  const at = yield* now
  const found = yield* ReconciliationStore.read({ program, run, type, all: all === "true", after, limit })
  return as<typeof Breaks.Page.Type>({
    breaks: found.map((one) => BreakOutput.withState(one, at)),
    next: Cursor.next(Breaks.BreakId, found, limit, ({ id }) => id)
  })
})

/** Where a page of runs ended. */
const RunPlace = Schema.Struct({ startedAt: Instant.Instant, run: Schema.String })

const runs = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  { cursor, limit = PAGE }: { readonly limit?: number; readonly cursor?: string }
) {
  yield* PolicyTerms.known(program)
  const found = yield* ReconciliationStore.runsOf(program, yield* Cursor.read(RunPlace, cursor), limit)
  return {
    runs: found.map(({ at, finishedAt, here, matched, parked, run, source, startedAt, there }) => ({
      run,
      source,
      at: Instant.toString(at),
      startedAt: Instant.toString(startedAt),
      finishedAt: finishedAt === null ? null : Instant.toString(finishedAt),
      records: { here, there },
      matched,
      parked
    })),
    next: Cursor.next(RunPlace, found, limit, (last) => last)
  }
})

const groups = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  {
    all,
    by,
    run,
    type
  }: {
    readonly by: Grouping
    readonly run?: string
    readonly type?: ReconciliationBreak.BreakType
    readonly all?: "true" | "false"
  }
) {
  yield* PolicyTerms.known(program)
  const found = yield* ReconciliationStore.readAll({ program, run, type, all: all === "true" })
  return { by, groups: BreakGroups.groupsOf(found, by, yield* now) }
})

/** A break of the program: the key of the request is for no other. */
const find = Effect.fnUntraced(function* (program: Ids.ProgramId, id: string) {
  const [found] = yield* ReconciliationStore.read({ program, ids: [id], all: true })
  return found ?? (yield* new UnknownBreak({ id }))
})

const withHistory = Effect.fnUntraced(function* (program: Ids.ProgramId, id: string) {
  const found = yield* find(program, id)
  const history = yield* ReconciliationStore.historyOf(id)
  return as<typeof Breaks.WithHistory.Type>({
    ...(BreakOutput.withState(found, yield* now) as object),
    history: history.map((entry) => ({ ...entry }))
  })
})

interface Run {
  readonly run?: string | undefined
  readonly at?: string | undefined
  readonly dryRun: boolean
  readonly apply: boolean
}

const carryOut = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  source: ReconcileProgram["source"],
  { apply, at, dryRun, run }: Run,
  actor: string
) {
  if (apply && dryRun) return yield* new InvalidInput({ flag: "apply", value: "true", problem: "goes without dryRun" })
  const request = { program, source, run, at: yield* moment(program, "at", at) }
  const reconciled = yield* reconcileProgram(request, dryRun ? Sink.dry() : Sink.database)
  const mended = apply ? yield* mendFor(actor, reconciled, yield* SettleSettings.fromEnvironment) : []
  const left = apply ? yield* afterMending(reconciled) : reconciled
  return as<typeof Breaks.Reconciled.Type>(BreakOutput.reconciled(left, mended, dryRun))
})

/** The handlers of the group `reconciliations`. */
export const layer: Handlers<"reconciliations"> = HttpApiBuilder.group(Api, "reconciliations", (handlers) =>
  handlers.handleAll({
    runs: ({ params: { program }, query }) => question(runs(program, query)),
    breakGroups: ({ params: { program }, query }) => question(groups(program, query)),
    breaks: ({ params: { program }, query }) => question(page(program, query)),
    oneBreak: ({ params: { break: id, program } }) => question(withHistory(program, id)),
    acceptBreak: Effect.fn("http acceptBreak")(function* ({ params: { break: id, program }, payload: { reason } }) {
      const { actor } = yield* caller
      return yield* command(
        Effect.gen(function* () {
          yield* find(program, id)
          const accepted = yield* ReconciliationStore.accept(id, { actor, reason, at: yield* now })
          if (!accepted) return yield* new UnknownBreak({ id })
          return { id, state: "accepted" as const, actor: String(actor), reason }
        })
      )
    }),
    reconcileStatement: Effect.fn("http reconcileStatement")(function* ({ params: { program }, payload, query }) {
      const { actor } = yield* caller
      const run = { ...query, dryRun: query.dryRun === "true", apply: query.apply === "true" }
      return yield* command(
        Effect.gen(function* () {
          yield* PolicyTerms.known(program)
          const path = yield* UploadedFile.receive(payload)
          const read = StatementFile.read(path, { replaced: yield* OwnRecords.replaced(program) })
          const source = yield* Effect.mapError(read, UploadedFile.renamed)
          if (source.program !== program) {
            return yield* new UploadedFile.ForeignProgram({ line: 1, program: source.program })
          }
          return yield* carryOut(program, source, run, actor)
        }).pipe(Effect.scoped)
      )
    }),
    reconcileMastercard: Effect.fn("http reconcileMastercard")(function* ({ params: { program }, payload }) {
      const { actor } = yield* caller
      const run = { ...payload, dryRun: payload.dryRun === true, apply: payload.apply === true }
      return yield* command(
        Effect.gen(function* () {
          yield* PolicyTerms.known(program)
          return yield* carryOut(program, yield* MastercardSource.make(program), run, actor)
        }).pipe(Effect.scoped)
      )
    })
  })
)
