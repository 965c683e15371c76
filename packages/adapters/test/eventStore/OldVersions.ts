/*
 * Events as two made-up earlier versions of Pointback would have stored them, and the steps that lead them to the present
 * form, which is the third version then. The first version called the type otherwise and had both instants in one field;
 * the second had no source yet.
 */
import type * as Upcasters from "../../src/eventStore/Upcasters.ts"

/** The version of the present form after these. */
export const PRESENT = 3

/** Renames the type and splits a field. */
const splitLife: Upcasters.Upcaster = ({ payload, type }) => {
  if (type !== "PointsGranted") return { type, payload }
  const { life, ...rest } = payload
  const [earnedAt, expiresAt] = String(life).split("/")
  return { type: "PointsEarned", payload: { ...rest, earnedAt, expiresAt: expiresAt === "" ? null : expiresAt } }
}

/** Adds a field. */
const addSource: Upcasters.Upcaster = ({ payload, type }) =>
  type === "PointsEarned" ? { type, payload: { ...payload, source: null } } : { type, payload }

export const steps: ReadonlyArray<Upcasters.Upcaster> = [splitLife, addSource]

/** One lot's earning as each version stored it, by its schema version from 1. */
export const earned: ReadonlyArray<Upcasters.Versioned> = [
  { type: "PointsGranted", payload: { lotId: "A", points: "12.5", life: "2025-01-10T00:00:00.000000Z/" } },
  {
    type: "PointsEarned",
    payload: { lotId: "A", points: "12.5", earnedAt: "2025-01-10T00:00:00.000000Z", expiresAt: null }
  },
  {
    type: "PointsEarned",
    payload: { lotId: "A", points: "12.5", earnedAt: "2025-01-10T00:00:00.000000Z", expiresAt: null, source: null }
  }
]
