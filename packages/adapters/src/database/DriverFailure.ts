import { isAbortedTransactionError, NoResultError } from "kysely"
import { UnsafeInteger } from "./ColumnTypes.ts"
import { DatabaseError, type DatabaseErrorReason } from "./DatabaseError.ts"

/*
 * What pg, PGlite and kysely throw, as the one DatabaseError. Nothing that was written or read may pass through: a
 * driver's `detail`, `where` and `params` quote rows, and so do the messages of some classes of SQLSTATE.
 */

/**
 * Where a statement stood when it failed; it decides whether a broken connection may have left a change behind.
 * `statement`: inside a transaction. `autocommit`: a statement on its own. `commit`: the COMMIT.
 */
export type Standing = "statement" | "autocommit" | "commit"

const SQLSTATE = /^[0-9A-Z]{5}$/

/** The code of the error where no password could be had for a connection. */
export const PASSWORD_UNAVAILABLE = "PASSWORD_UNAVAILABLE"

/** SQLSTATEs and Node's error codes that mean: no connection came about, so nothing was sent. */
const neverConnected = new Set([
  "08001",
  "08004",
  "53300",
  "57P03",
  PASSWORD_UNAVAILABLE,
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOTFOUND"
])

/** SQLSTATEs and Node's error codes that mean: the connection broke. */
const connectionLost = new Set([
  "08000",
  "08003",
  "08006",
  "40003",
  "57P01",
  "57P02",
  "57P05",
  "25P03",
  "25P04",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT"
])

/** pg reports these with a message only. */
const neverConnectedText =
  /^(timeout exceeded when trying to connect|Connection terminated due to|timeout expired|Client (has|was))/
const connectionLostText = /^(Connection terminated|Query read timeout)/
const closedText =
  /(pool after calling end|driver has already been destroyed|PGlite is clos|[Tt]ransaction is (already|closed))/

const text = (value: unknown): string => (typeof value === "string" ? value : "")

const field = (cause: unknown, name: string): string =>
  typeof cause === "object" && cause !== null ? text((cause as Record<string, unknown>)[name]) : ""

/** Constraints that functions name which refuse a program, or what needs every program, to a role that sees some only. */
export const NOT_THIS_PROGRAM = "program_roles"
export const NOT_EVERY_PROGRAM = "program_roles_every"

/** What row-level security refuses to write is named by the function of PostgreSQL's that did, in every language. */
const wallOf = (cause: unknown): DatabaseErrorReason | undefined => {
  const constraint = field(cause, "constraint")
  if (constraint === NOT_EVERY_PROGRAM) return { _tag: "Walled", needs: "everyProgram" }
  return constraint === NOT_THIS_PROGRAM || field(cause, "routine") === "ExecWithCheckOptions"
    ? { _tag: "Walled", needs: "program" }
    : undefined
}

const reasonOf = (cause: unknown, standing: Standing): DatabaseErrorReason => {
  const code = field(cause, "code")
  const message = field(cause, "message")
  if (isAbortedTransactionError(cause)) {
    return { _tag: "Other", sqlState: "25P02" }
  }
  if (neverConnected.has(code) || neverConnectedText.test(message)) {
    return { _tag: "Unreachable", outcomeUnknown: false }
  }
  if (connectionLost.has(code) || connectionLostText.test(message)) {
    return { _tag: "Unreachable", outcomeUnknown: standing !== "statement" }
  }
  switch (code) {
    case "42501":
      return wallOf(cause) ?? { _tag: "Other", sqlState: code }
    case "23505":
      return { _tag: "UniqueViolation", constraint: field(cause, "constraint") }
    case "23514":
      return { _tag: "CheckViolation", constraint: field(cause, "constraint") }
    case "40001":
      return { _tag: "SerializationFailure" }
    case "40P01":
      return { _tag: "Deadlock" }
    case "55P03":
      return { _tag: "LockTimeout" }
    default:
      return code === "" && closedText.test(message)
        ? { _tag: "Closed" }
        : { _tag: "Other", sqlState: SQLSTATE.test(code) ? code : undefined }
  }
}

/** Messages of these classes quote values: data exceptions (22) and RAISE (P0). */
const quotesValues = /^(22|P0)/

const withoutValues = (cause: unknown): Error => {
  const code = field(cause, "code")
  const secret = quotesValues.test(code) && !(cause instanceof UnsafeInteger)
  const copy = new Error(secret ? "(withheld: it may quote values)" : field(cause, "message"))
  copy.name = field(cause, "name") || "Error"
  // The first frame on; what stands before it repeats the message.
  const frames = field(cause, "stack").match(/\n\s+at [\s\S]*/)
  copy.stack = `${copy.name}: ${copy.message}${frames?.[0] ?? ""}`
  const where = Object.fromEntries(
    ["code", "schema", "table", "column", "constraint"].flatMap((name) => {
      const value = field(cause, name)
      return value === "" ? [] : [[name, value]]
    })
  )
  return Object.assign(copy, where)
}

/** Errors of our own code, not of the database: they are defects. */
const isBug = (cause: unknown): boolean =>
  cause instanceof NoResultError ||
  cause instanceof ReferenceError ||
  (cause instanceof TypeError && field(cause, "code") === "")

/** The DatabaseError for what a driver threw; `undefined` for an error of the program, which is a defect. */
export const fromDriver = (cause: unknown, standing: Standing): DatabaseError | undefined =>
  isBug(cause) ? undefined : new DatabaseError({ reason: reasonOf(cause, standing), cause: withoutValues(cause) })
