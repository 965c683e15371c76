/**
 * The report of a run: one JSON object for each credit, in the order of the file. What is written is put in order beside
 * it, and gets its name when it is whole.
 */
import { Points } from "@pointback/domain"
import { Effect, Schema, type Scope } from "effect"
import { chmod, mkdtemp, rename, rm } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { errorJson, type Json } from "./Output.ts"
import { TimeSort } from "../generate/TimeSort.ts"
import type { NumberedResult } from "../bulk/CreditTally.ts"
import { statusOf } from "../bulk/CreditResult.ts"

/** Folders of this prefix hold reports that are being written; one that was killed leaves its own behind. */
const WORK_PREFIX = ".credits-unfinished-"

/** Only its owner reads it: account numbers are personal data. */
const MODE = 0o600

/** The report cannot be written. */
export class ReportUnwritable extends Schema.TaggedError<ReportUnwritable>()("ReportUnwritable", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `the report ${this.file} cannot be written: ${this.problem}`
  }
}

/** A report that is being written. */
export interface CreditReport {
  readonly add: (result: NumberedResult) => Effect.Effect<void, ReportUnwritable>
  /** Puts it in order and gives it its name; in place of one that had it. */
  readonly finish: Effect.Effect<void, ReportUnwritable>
}

/** Begins a report of so many credits at most; what is not finished is gone when the scope closes. */
export const open = Effect.fnUntraced(function* (
  file: string,
  count: number
): Effect.fn.Return<CreditReport, ReportUnwritable, Scope.Scope> {
  const writing = <A>(action: () => Promise<A>): Effect.Effect<A, ReportUnwritable> =>
    Effect.tryPromise({
      try: action,
      catch: (cause) => new ReportUnwritable({ file, problem: cause instanceof Error ? cause.message : String(cause) })
    })
  const path = resolve(file)
  const folder = yield* Effect.acquireRelease(
    writing(() => mkdtemp(join(dirname(path), WORK_PREFIX))),
    (made) => Effect.ignore(writing(() => rm(made, { recursive: true, force: true })))
  )
  // Places count up as time does.
  const sort = new TimeSort(folder, { from: 0n, to: BigInt(count), lines: count })
  return {
    add: (result) =>
      Effect.andThen(
        sort.full ? writing(() => sort.flush()) : Effect.void,
        Effect.sync(() => sort.add(BigInt(result.credit.place), JSON.stringify(lineOf(result))))
      ),
    finish: writing(async () => {
      const finished = join(folder, "report")
      await sort.writeTo(finished, () => undefined, new AbortController().signal)
      await chmod(finished, MODE)
      await rename(finished, path)
    })
  }
})

/** A result as a line of the report. */
export const lineOf = (result: NumberedResult): Json => {
  const { account, creditId, line, program, redemptionId } = result.credit
  const credit = { line, creditId, redemption: redemptionId, program, account, outcome: statusOf(result) }
  if (result._tag === "Failed") {
    const { points } = result.credit
    return {
      ...credit,
      points: points === undefined ? null : Points.toString(points),
      live: "0",
      expired: "0",
      remaining: null,
      replayed: false,
      error: errorJson(result.error) as { readonly [key: string]: Json }
    }
  }
  const { cause, expired, live, outcome, points, reasons, remaining, replayed } = result.outcome
  return {
    ...credit,
    points: Points.toString(points),
    live: Points.toString(live),
    expired: Points.toString(expired),
    remaining: Points.toString(remaining),
    replayed,
    ...(outcome === "CreditDeclined" ? { reasons } : {}),
    ...(cause === null ? {} : { cause })
  }
}
