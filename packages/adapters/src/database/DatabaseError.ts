import { Schema } from "effect"

/**
 * Why a statement failed.
 *
 * - `UniqueViolation`, `CheckViolation`: a row breaks the named constraint.
 * - `SerializationFailure`, `Deadlock`, `LockTimeout`: another transaction was in the way; this one was rolled back.
 * - `Unreachable`: no connection, or it broke. `outcomeUnknown` is true when the statement or the COMMIT may have been
 *   carried out all the same.
 * - `Walled`: the connection's role sees some programs only, and not this one, or not every one where that is needed.
 * - `Closed`: the database or the transaction had been closed before.
 * - `Other`: anything else, with PostgreSQL's SQLSTATE if there was one.
 */
export const DatabaseErrorReason = Schema.TaggedUnion({
  UniqueViolation: { constraint: Schema.String },
  CheckViolation: { constraint: Schema.String },
  SerializationFailure: {},
  Deadlock: {},
  LockTimeout: {},
  Unreachable: { outcomeUnknown: Schema.Boolean },
  Walled: { needs: Schema.Literals(["program", "everyProgram"]) },
  Closed: {},
  Other: { sqlState: Schema.UndefinedOr(Schema.String) }
})

export type DatabaseErrorReason = typeof DatabaseErrorReason.Type

/** What to do, for the SQLSTATEs (or classes of them) that an operator meets. */
const advice: ReadonlyArray<readonly [prefix: string, text: string]> = [
  ["08P01", "a pooler may have refused a setting of ours; see docs/postgresql.md on PgBouncer"],
  ["22003", "an integer is too large for where it goes"],
  ["25006", "the server is a replica, or the transaction is read only; connect to the primary"],
  ["25P01", "no transaction is open on the connection that was handed in; begin one first"],
  ["25P02", "an earlier statement of this transaction failed, so all of it was rolled back"],
  ["28", "the server refused the user or the password; check the connection URL"],
  ["3D000", "there is no such database on the server; create it, or check the connection URL"],
  ["3F000", "the schema does not exist; run the migrations"],
  ["42501", "the database user lacks a privilege; grant it"],
  ["42P01", "a table does not exist; run the migrations"],
  ["53", "the server ran out of a resource; see its log"],
  ["57014", "the statement took longer than the statement timeout, or was cancelled"],
  ["P0001", "the read models are not those of the events; run `pointback verify`"]
]

const describeOther = (sqlState: string | undefined): string => {
  if (sqlState === undefined) {
    return "The database driver failed; see the cause"
  }
  const known = advice.find(([prefix]) => sqlState.startsWith(prefix))
  return `The database refused the statement (SQLSTATE ${sqlState})${known === undefined ? "" : `: ${known[1]}`}`
}

const describe = DatabaseErrorReason.match({
  UniqueViolation: ({ constraint }) => `A row with the same key is already there (constraint ${constraint})`,
  CheckViolation: ({ constraint }) => `A row breaks the check ${constraint}`,
  SerializationFailure: () => "Another transaction changed what this one read; run the whole transaction again",
  Deadlock: () => "This transaction and another waited for each other; run the whole transaction again",
  LockTimeout: () => "Another transaction held a lock for too long; run the whole transaction again later",
  Unreachable: ({ outcomeUnknown }) =>
    outcomeUnknown
      ? "The connection to the database broke before the answer came; read back whether the change was made"
      : "The database cannot be reached; check that it runs and that the connection URL is right, then try again",
  Walled: ({ needs }) =>
    needs === "program"
      ? "The database role of this connection does not see this program; `pointback program-role list` shows what it sees"
      : "This needs a database role that sees every program, and the one of this connection does not",
  Closed: () => "The database or the transaction was used after it had been closed",
  Other: ({ sqlState }) => describeOther(sqlState)
})

/**
 * The one error of the `Database` service.
 *
 * Its message holds neither connection string nor values of rows. `cause` is the driver's error, freed of the same.
 */
export class DatabaseError extends Schema.TaggedError<DatabaseError>("@pointback/adapters/DatabaseError")(
  "DatabaseError",
  { reason: DatabaseErrorReason, cause: Schema.optionalKey(Schema.Defect()) }
) {
  override get message(): string {
    return describe(this.reason)
  }

  /** True when nothing was changed and the same whole transaction may well succeed if it is run again. */
  get isRetryable(): boolean {
    switch (this.reason._tag) {
      case "SerializationFailure":
      case "Deadlock":
      case "LockTimeout":
        return true
      case "Unreachable":
        return !this.reason.outcomeUnknown
      default:
        return false
    }
  }
}
