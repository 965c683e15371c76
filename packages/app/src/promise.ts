/**
 * Pointback as plain promises, for programs that do not use Effect. Amounts are decimal strings and instants ISO 8601
 * strings throughout; errors are classes with a `_tag`, and `errorJson` writes them as JSON.
 */
export {
  DatabaseError,
  DatabaseFolderUnusable,
  DatabaseLocked,
  DatabaseUrlInvalid,
  MastercardConfig,
  Migrations,
  SchemaNameInvalid
} from "@pointback/adapters"
export { Refusal } from "@pointback/domain"
export * as AppError from "./error/AppError.ts"
export { errorJson } from "./error/ErrorJson.ts"
export { CreditsStopped } from "./bulk/Brake.ts"
export { CallMayBeUnderWay, NothingToDecide } from "./settle/DecideCredit.ts"
export {
  CallAborted,
  InvalidInput,
  MastercardInTransaction,
  MastercardNotConfigured,
  PointbackClosed,
  UnexpectedFailure
} from "./promise/Errors.ts"
export type * from "./promise/Answers.ts"
export type * from "./promise/Inputs.ts"
export { createPointback, type Pointback, type PointbackRecords } from "./promise/Pointback.ts"
export type {
  HostKysely,
  HostTransaction,
  MastercardSettings,
  PgClient,
  PgPool,
  PointbackDatabase,
  PointbackOptions,
  PostgresServer,
  SettleLimits
} from "./promise/Settings.ts"
