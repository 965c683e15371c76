import { DatabaseError } from "@pointback/adapters"

/** What a command's exit code says. */
export const ExitCode = {
  done: 0,
  /** A rule of the domain refused the command, or Mastercard declined it. */
  refused: 1,
  /** Wrong use, or input that cannot be read. */
  wrongUse: 2,
  /** The database or Mastercard could not be reached, or gave an unknown outcome. */
  unreachable: 3,
  /** A check found differences. */
  differences: 4,
  /** A bug of ours. */
  bug: 70
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

const WRONG_USE = new Set([
  "InvalidInput",
  "ApiKeysUnusable",
  "ForeignProgram",
  "InvalidInterval",
  "UnknownPeriod",
  "UnreadableLines",
  "UnreadableFile",
  "StatementHeaderInvalid",
  "SourceUnreadable",
  "RunMismatch",
  "RoleNameInvalid",
  "RoleMissing",
  "RoleSeesAll",
  "UnknownRole",
  "UnknownBreak",
  "ReportUnwritable",
  "DatabaseUrlInvalid",
  "SecretUnreadable",
  "SchemaNameInvalid",
  "MastercardConfigInvalid",
  "SettleLimitsTooShort",
  "SettleSettingInvalid",
  "SandboxStateUnusable",
  "TelemetryInvalid",
  "UnrecognizedOption",
  "DuplicateOption",
  "MissingOption",
  "MissingArgument",
  "UnexpectedArgument",
  "InvalidValue",
  "UnknownSubcommand",
  "ValidationError",
  "UserError",
  "ShowHelp"
])

const UNREACHABLE = new Set([
  "AccountBusy",
  "DatabaseError",
  "DatabaseLocked",
  "DatabaseFolderUnusable",
  "MigrationFailed",
  "SchemaOutdated",
  "SandboxNotStarted",
  "ServeError",
  "SandboxStateHeld",
  "SimulationImpossible",
  "SpoolUnusable",
  "SourceDown",
  "RunTaken",
  "MastercardNotSent",
  "MastercardOutcomeUnknown"
])

/** What a rebuild finds that cannot be replayed. */
const DIFFERENCES = new Set(["HistoryUnreadable"])

/** Whether an error is the database's refusal of a program, or of what needs every program, to a role that sees some only. */
export const isWalled = (error: unknown): boolean => error instanceof DatabaseError && error.reason._tag === "Walled"

/** The exit code of an error: a role that does not see a program is the wrong one to use. */
export const of = (error: unknown, tag: string): ExitCode => (isWalled(error) ? ExitCode.wrongUse : ofTag(tag))

/** The exit code of an error by its tag; what is neither wrong use, out of reach nor a finding is a refusal. */
export const ofTag = (tag: string): ExitCode => {
  if (WRONG_USE.has(tag)) return ExitCode.wrongUse
  if (UNREACHABLE.has(tag)) return ExitCode.unreachable
  return DIFFERENCES.has(tag) ? ExitCode.differences : ExitCode.refused
}
