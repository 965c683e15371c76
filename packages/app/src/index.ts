/**
 * What a user of Pointback calls: use cases as effects over the stores of `@pointback/adapters`.
 *
 * Each records one command under its idempotency key and answers what came of it. They fail with the refusals of the
 * domain, and with the errors of `AppError` and `DatabaseError`.
 */
export * as AppError from "./error/AppError.ts"
export { CreditsStopped } from "./bulk/Brake.ts"
export { creditMany, type CreditManyOptions, recordMany } from "./bulk/CreditMany.ts"
export type { BatchedCredit, CreditResult } from "./bulk/CreditResult.ts"
export { adjustPoints, type AdjustPoints, type PointsAdjusted } from "./command/AdjustPoints.ts"
export { type AccountAliased, type AliasAccount, aliasAccount } from "./command/AliasAccount.ts"
export type { CreditOutcome } from "./command/CreditOutcome.ts"
export { type CreditRedemption, creditRedemption, recordCredit } from "./command/CreditRedemption.ts"
export { type EarnPoints, earnPoints, type PointsEarned } from "./command/EarnPoints.ts"
export type { Caller, ExecutionError, Target } from "./command/Command.ts"
export { eraseAccount } from "./command/EraseAccount.ts"
export { type PointsRedeemed, type RedeemPoints, redeemPoints } from "./command/RedeemPoints.ts"
export { CallMayBeUnderWay, type DecideCredit, decideCredit, NothingToDecide } from "./settle/DecideCredit.ts"
export { type SettleCredits, settleCredits, type Settled, type SettledCredit } from "./settle/SettleCredits.ts"
export * as SettleSettings from "./settle/SettleSettings.ts"
export * as Simulation from "./simulate/Simulation.ts"
export { sweepExpired, type SweepExpired, type Swept } from "./command/SweepExpired.ts"
export { OutputExists, OutputUnwritable } from "./generate/GenerateError.ts"
export {
  type Generated,
  type GenerateProgram,
  generateProgram,
  type GenerateStep,
  type RecordCounts
} from "./generate/GenerateProgram.ts"
export * as ProgramPlan from "./generate/ProgramPlan.ts"
export * as ImportFile from "./import/ImportFile.ts"
export * as History from "./import/History.ts"
export type { Imported, RefusedRecord } from "./import/Imported.ts"
export { importHistory } from "./import/ImportHistory.ts"
export type { ImportRecord, NumberedRecord } from "./import/ImportRecord.ts"
export { aging, type AgingAnswer, type AgingQuestion } from "./query/Aging.ts"
export type { KnownAnswer, KnownQuestion, QuestionError } from "./query/Known.ts"
export { restatement, type RestatementAnswer, type RestatementQuestion } from "./query/Restatement.ts"
export {
  cellEvents,
  type CellEventsAnswer,
  type CellEventsQuestion,
  rollForward,
  type RollForwardAnswer,
  type RollForwardQuestion,
  triangle,
  type TriangleAnswer,
  type TriangleQuestion
} from "./query/RollForward.ts"
export { schedule, type ScheduleAnswer, type ScheduleQuestion } from "./query/Schedule.ts"
export { statement, type StatementAnswer, type StatementQuestion } from "./query/Statement.ts"
export {
  accountSeries,
  type LotQuestion,
  lotTimeline,
  type RedemptionQuestion,
  redemptionTimeline,
  type SeriesAnswer,
  type SeriesQuestion
} from "./query/AccountHistory.ts"
export { type Exported, exportProgram, type ExportProgram } from "./export/ExportProgram.ts"
export { writeReport, type WriteReport, type Written } from "./report/WriteReport.ts"
