/** A generated program with a statement that disagrees, and what reconciling them needs. */
import {
  type AgingStore,
  type Database,
  type EventLog,
  type EventStore,
  type PolicyStore,
  StatementFile,
  Stores
} from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"
import { databaseLayer, type Implementation } from "../../../adapters/test/support/StoresUnderTest.ts"
import { generateProgram } from "../../src/generate/GenerateProgram.ts"
import * as ProgramPlan from "../../src/generate/ProgramPlan.ts"
import * as ImportFile from "../../src/import/ImportFile.ts"
import { importHistory } from "../../src/import/ImportHistory.ts"
import {
  type Reconciled,
  type ReconcileError,
  reconcileProgram,
  type ReconcileProgram
} from "../../src/reconcile/ReconcileProgram.ts"
import type { Sink } from "../../src/reconcile/Sink.ts"

/** Everything that a reconciliation needs of a database. */
export type Needs = Database | EventStore.EventStore | EventLog | PolicyStore | AgingStore

export type RunDatabase = <A, E>(effect: Effect.Effect<A, E, Needs>) => Promise<A>

/** An empty database for the surrounding `describe`. */
export const databaseFor = (implementation: Exclude<Implementation, "memory">): RunDatabase => {
  let runtime: ManagedRuntime.ManagedRuntime<Needs, unknown>
  beforeAll(async () => {
    runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, await databaseLayer(implementation)))
    await runtime.runPromise(Effect.void)
  })
  afterAll(() => runtime.dispose())
  return (effect) => runtime.runPromise(effect)
}

export const at = ProgramPlan.DEFAULT_UNTIL

/** The files of a generated program. */
export interface Generated {
  readonly program: Ids.ProgramId
  readonly records: string
  readonly statement: string
  /** Type and redemption of each break that was made, sorted. */
  readonly truth: ReadonlyArray<string>
}

/** Generates a program with breaks into a folder. */
export const generate = async (
  folder: string,
  seed: number,
  redemptions: number,
  breaks: number
): Promise<Generated> => {
  const program = Ids.ProgramId.make(`generated-${seed}`)
  await Effect.runPromise(generateProgram({ program, seed, redemptions, breaks, until: at, folder, overwrite: false }))
  const truth = readFileSync(join(folder, "truth.ndjson"), "utf8").trim().split("\n")
  return {
    program,
    records: join(folder, "import.ndjson"),
    statement: join(folder, "statement.ndjson"),
    truth: truth
      .map((line) => JSON.parse(line) as { readonly type: string; readonly redemption: string })
      .map(({ redemption, type }) => `${type} ${redemption}`)
      .toSorted()
  }
}

export const importInto = (file: string) =>
  Effect.scoped(Effect.flatMap(ImportFile.read(file), (history) => importHistory(history)))

/** Reconciles with a statement. */
export const reconcile = (
  { program, statement }: Pick<Generated, "program" | "statement">,
  sink: Sink,
  more: Partial<ReconcileProgram> = {}
): Effect.Effect<Reconciled, ReconcileError | StatementFile.StatementError, Needs> =>
  Effect.scoped(
    Effect.flatMap(StatementFile.read(statement), (source) =>
      reconcileProgram({ program, source, run: "run", at, ...more }, sink)
    )
  )

/** What was found, as the truth is written. */
export const told = ({ breaks }: Pick<Reconciled, "breaks">): ReadonlyArray<string> =>
  breaks.map(({ redemption, type }) => `${type} ${redemption}`).toSorted()

/** The statement with its lines in another order, in a file of its own. */
export const shuffled = (statement: string): string => {
  const [header, ...lines] = readFileSync(statement, "utf8").trim().split("\n")
  const file = `${statement}.shuffled.ndjson`
  // By their last letters: an order that has nothing to do with theirs, and is no chance.
  const reversed = lines.toSorted((a, b) =>
    a.split("").toReversed().join("") < b.split("").toReversed().join("") ? -1 : 1
  )
  writeFileSync(file, [header, ...reversed].join("\n"))
  return file
}
