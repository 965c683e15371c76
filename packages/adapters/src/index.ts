/** Pointback's outside world: databases, the log and its read models, Mastercard, the sandbox. */
export {
  type AccountLots,
  AgingStore,
  type AgingQuestion,
  type NumberedEntry,
  type NumberedLot,
  type PositionKnown
} from "./aging/AgingStore.ts"
export * as KeptHeads from "./audit/KeptHeads.ts"
export { takeHeads } from "./audit/TakeHeads.ts"
export * as Verification from "./audit/Verification.ts"
export { CurrentTransaction } from "./database/CurrentTransaction.ts"
export { Database, DEFAULT_SCHEMA, type Dialect, type PoolUse } from "./database/Database.ts"
export { DatabaseError } from "./database/DatabaseError.ts"
export { DatabaseFolderUnusable } from "./database/DatabaseFolder.ts"
export { DatabaseLocked } from "./database/FolderLock.ts"
export { DatabaseUrlInvalid } from "./database/PostgresDatabase.ts"
export * as EmbeddedDatabase from "./database/EmbeddedDatabase.ts"
export * as HostDatabase from "./database/HostDatabase.ts"
export * as PostgresDatabase from "./database/PostgresDatabase.ts"
export { SchemaNameInvalid } from "./database/SchemaName.ts"
export * as Erasure from "./erasure/Erasure.ts"
export * as EventCodec from "./eventStore/EventCodec.ts"
export * as EventStore from "./eventStore/EventStore.ts"
export { FileLines, MAXIMUM_LINE_BYTES } from "./file/FileLines.ts"
export * as JsonLine from "./file/JsonLine.ts"
export { SpoolFile, SpoolUnusable } from "./file/SpoolFile.ts"
export * as Gathering from "./eventStore/Gathering.ts"
export { EventLog, type Head, type LogPage, type LogRead, type PartitionRead, type Positions } from "./log/EventLog.ts"
export * as KnownAt from "./log/KnownAt.ts"
export * as ProgramLedger from "./ledger/ProgramLedger.ts"
export * as MemoryStores from "./memory/MemoryStores.ts"
export * as Migrations from "./migration/Migrations.ts"
export { applicationRole } from "./migration/Roles.ts"
export * as ProgramRoles from "./program/ProgramRoles.ts"
export { PolicyStore, type PolicyTerms } from "./program/PolicyStore.ts"
export * as Rebuild from "./rebuild/Rebuild.ts"
export * as SecretFile from "./secret/SecretFile.ts"
export * as Stores from "./Stores.ts"
export * as Decimal from "./json/Decimal.ts"
export * as Json from "./json/Json.ts"
export type { CreditAnswer, FoundRedeemer, HistoryEntry, RedeemAnswer, Redeemer } from "./mastercard/Answers.ts"
export * as Assumptions from "./mastercard/Assumptions.ts"
export type { EncryptionSettings } from "./mastercard/Encryption.ts"
export type { FulfilmentAnswer, FulfilmentRequest, FulfilmentStatus } from "./mastercard/Fulfilment.ts"
export { maskAccount, maskText } from "./mastercard/Masking.ts"
export { Mastercard } from "./mastercard/Mastercard.ts"
export * as MastercardConfig from "./mastercard/MastercardConfig.ts"
export {
  type MastercardError,
  MastercardNotSent,
  MastercardOutcomeUnknown,
  MastercardRefused
} from "./mastercard/MastercardError.ts"
export * as MastercardKeys from "./mastercard/Pkcs12.ts"
export * as MastercardMetrics from "./mastercard/Telemetry.ts"
export type { OAuth2Settings } from "./mastercard/OAuth2.ts"
export { Reason } from "./mastercard/Reason.ts"
export type { RedeemerSearch, UserIdType } from "./mastercard/RedeemerSearch.ts"
export type {
  CreditRequest,
  HistoryRequest,
  RedeemerRequest,
  RedeemRequest,
  RedemptionType
} from "./mastercard/Requests.ts"
export type {
  AddShippingAddress,
  KnownShippingAddress,
  ShippingAddress,
  ShippingAddressesRequest
} from "./mastercard/ShippingAddress.ts"
export type { TrafficLimits } from "./mastercard/Traffic.ts"
export * as Standing from "./telemetry/Standing.ts"
export { exclusively } from "./subscription/Exclusive.ts"
export * as Subscription from "./subscription/Subscription.ts"
export {
  SubscriptionAhead,
  SubscriptionHeld,
  SubscriptionNameTaken,
  SubscriptionStopped,
  SubscriptionUnknown
} from "./subscription/SubscriptionError.ts"
export {
  Sandbox,
  type SandboxFailure,
  SandboxNotStarted,
  type SandboxOptions,
  SandboxRefused
} from "./sandbox/Sandbox.ts"
export type { SandboxCommand } from "./sandbox/SandboxBank.ts"
export type { SandboxExtrasOptions } from "./sandbox/SandboxExtrasOptions.ts"
export * as SandboxFaults from "./sandbox/SandboxFaults.ts"
export * as SandboxFaultText from "./sandbox/SandboxFaultText.ts"
export type { Exchange, Hold } from "./sandbox/SandboxServer.ts"
export * as SandboxRules from "./sandbox/SandboxRules.ts"
export { SandboxStateHeld, SandboxStateUnusable } from "./sandbox/SandboxStateFile.ts"
export type { AccountTruth, RedemptionTruth } from "./sandbox/SandboxTruth.ts"
export * as SandboxKeys from "./sandbox/SandboxKeys.ts"
export * as ReconciliationSource from "./statement/ReconciliationSource.ts"
export * as StatementFile from "./statement/StatementFile.ts"
export * as StatementRecord from "./statement/StatementRecord.ts"
export * as OwnRecords from "./reconciliation/OwnRecords.ts"
export * as ReconciliationStore from "./reconciliation/ReconciliationStore.ts"
export * as StoredBreak from "./reconciliation/StoredBreak.ts"
export { StatementHeaderInvalid } from "./statement/StatementFile.ts"
export { SourceUnreadable } from "./statement/ReconciliationSource.ts"
