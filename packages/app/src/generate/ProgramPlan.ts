/** What a generated program is made from. */
import { Checks, Ids, Instant } from "@pointback/domain"

/** Days of a program's history: six years, so that lots of every term have expired and been credited after that. */
export const PROGRAM_DAYS = 6 * 365

/** Where a program ends unless another instant is asked for: a fixed one, so that today makes no difference. */
export const DEFAULT_UNTIL: Instant.Instant = Instant.fromStringUnsafe("2026-01-01T00:00:00Z")

/** Days before its record on which points may have been earned, at most. */
export const LATE_DAYS = 20

/** The earliest end: six years before it, and the days that points may be late, can be written still. */
export const EARLIEST_UNTIL: Instant.Instant = Instant.fromStringUnsafe("0008-01-01T00:00:00Z")

/** The first end that is too late: from there on no command may occur. */
export const END_OF_UNTIL: Instant.Instant = Checks.LATEST

/** Whether a program can end at an instant. */
export const canEnd = (until: Instant.Instant): boolean => until >= EARLIEST_UNTIL && until < END_OF_UNTIL

/** What a person is told whose program cannot end when it should. */
export const END_EXPECTED = "an instant of the years 8 to 9799 is expected"

/** Redemptions of one program at most: more would be a file of a hundred gigabytes, and a typing error. */
export const MAXIMUM_REDEMPTIONS = 100_000_000

/** The largest seed: the last whole number that is exact as a double. */
export const MAXIMUM_SEED = Number.MAX_SAFE_INTEGER

/** The same plan makes the same program, byte by byte. */
export interface ProgramPlan {
  readonly program: Ids.ProgramId
  /** 0 to `MAXIMUM_SEED`. */
  readonly seed: number
  /** How many redemptions there are, exactly; all else follows from them. 0 to `MAXIMUM_REDEMPTIONS`. */
  readonly redemptions: number
  /** Redemptions in a hundred about which the statement and the program do not agree, 0 to 100; none unless given. */
  readonly breaks?: number
  /** Nothing of the program occurs later. From `EARLIEST_UNTIL` to before `END_OF_UNTIL`. */
  readonly until: Instant.Instant
}

/** Throws for a plan that is out of its bounds. */
export const check = ({ breaks = 0, redemptions, seed, until }: ProgramPlan): void => {
  if (!isWhole(seed, MAXIMUM_SEED)) throw new RangeError(`seed ${seed}: 0 to ${MAXIMUM_SEED} is expected`)
  if (!isWhole(redemptions, MAXIMUM_REDEMPTIONS)) {
    throw new RangeError(`redemptions ${redemptions}: 0 to ${MAXIMUM_REDEMPTIONS} is expected`)
  }
  if (!(breaks >= 0 && breaks <= 100)) throw new RangeError(`breaks ${breaks}: 0 to 100 is expected`)
  if (!canEnd(until)) throw new RangeError(`until ${Instant.toString(until)}: ${END_EXPECTED}`)
}

/** Whether a number is a whole one from 0 to `most`. */
export const isWhole = (value: number, most: number): boolean => Number.isInteger(value) && value >= 0 && value <= most

/** The program's first instant. */
export const start = ({ until }: ProgramPlan): Instant.Instant => until - BigInt(PROGRAM_DAYS) * Instant.MICROS_PER_DAY

/** The name of a program that was given none. */
export const defaultProgram = (seed: number): Ids.ProgramId => Ids.ProgramId.make(`generated-${seed}`)

/** An account's number: thirty digits as Mastercard's, no two alike over all seeds. */
export const accountNumber = ({ seed }: ProgramPlan, index: number): Ids.AccountNumber =>
  Ids.AccountNumber.make(`2200${String(seed).padStart(16, "0")}${String(index).padStart(10, "0")}`)
