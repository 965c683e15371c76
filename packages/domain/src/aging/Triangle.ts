/**
 * Cohorts by age: what became of the points of each earn month, month after month. A roll-forward with cohorts, turned:
 * a cohort's cell of age k is its row of the period that stands k months after its own, so the last diagonal is the
 * roll-forward of the last period.
 *
 * @see semantics, section 8
 */
import { compare } from "../identity/Ids.ts"
import type * as Points from "../points/Points.ts"
import type { Period } from "../time/Months.ts"
import * as Months from "../time/Months.ts"
import type { Column } from "./Entry.ts"
import { COLUMNS } from "./Entry.ts"
import type { Row } from "./RollForward.ts"

/** What a triangle shows: the points outstanding at the end of each month, or what moved in one. */
export const MEASURES: ReadonlyArray<Measure> = ["closing", ...COLUMNS]
/** What a cell of a triangle counts: what is outstanding at the end of its month, or what moved in it. */
export type Measure = Column | "closing"

/** One cohort in one period. */
export interface TriangleCell {
  /** Months from the cohort's own month to the period, from 0. */
  readonly age: number
  readonly period: string
  readonly points: Points.Points
}

/** A cohort, youngest cells first; it ends with the last period. */
export interface TriangleRow {
  readonly cohort: string
  readonly cells: ReadonlyArray<TriangleCell>
}

/** Turns a roll-forward with cohorts; cohorts in order, those with zeros alone left out. */
export const triangle = (
  rows: ReadonlyArray<Row>,
  periods: ReadonlyArray<Period>,
  measure: Measure
): ReadonlyArray<TriangleRow> => {
  const byCohort = new Map<string, Map<string, Points.Points>>()
  for (const row of rows) {
    if (row.cohort === null) continue
    const ofCohort = byCohort.get(row.cohort) ?? new Map<string, Points.Points>()
    byCohort.set(row.cohort, ofCohort.set(row.period, row[measure]))
  }
  return Array.from(byCohort, ([cohort, points]) => ({
    cohort,
    cells: periods
      .map(({ name }) => ({ age: Months.monthsBetween(cohort, name), period: name, points: points.get(name) ?? 0n }))
      .filter(({ age }) => age >= 0)
  }))
    .filter(({ cells }) => cells.some(({ points }) => points !== 0n))
    .sort((a, b) => compare(a.cohort, b.cohort))
}
