/** Pointback as plain promises, for programs that do not use Effect. */
import { Effect, ManagedRuntime } from "effect"
import type * as Answers from "./Answers.ts"
import { call, callMany, Calls, type ManyMethod, type Running, settle } from "./Engine.ts"
import { invalid } from "./Errors.ts"
import type * as Inputs from "./Inputs.ts"
import * as Many from "./Many.ts"
import type { Method } from "./Method.ts"
import * as Methods from "./Methods.ts"
import * as Questions from "./Questions.ts"
import { type HostTransaction, type Opening, opening, type PointbackOptions, transactionOf } from "./Settings.ts"

/**
 * Everything that can be done without a call to Mastercard, also inside a transaction of yours.
 *
 * Every method rejects with a class that has a `_tag`: `InvalidInput` names the field that cannot be read; a rule of the
 * domain is one of `Refusal`; `DatabaseError` says whether it may be repeated. Nothing is ever done twice: repeating a
 * call with the same key gives the same answer.
 */
export interface PointbackRecords {
  /**
   * Writes a version of a program's policy, unless nothing changes.
   *
   * @example
   * await pointback.setPolicy({ program: "rewards", zone: "Europe/Paris", expiredLots: "extend:30" })
   */
  readonly setPolicy: (policy: Inputs.SetPolicy, options?: Inputs.CallOptions) => Promise<Answers.PolicyVersion>

  /**
   * Records points that were earned, as a lot of their own; makes account and program where they are new.
   *
   * @example
   * await pointback.earn({ program: "rewards", account: "2200941101786412", lot: "winter", points: "100", earnedAt: "2025-01-10" })
   */
  readonly earn: (earn: Inputs.Earn, options?: Inputs.CallOptions) => Promise<Answers.Earned>

  /**
   * Adds points to a lot or takes some, by hand.
   *
   * @example
   * await pointback.adjust({ program: "rewards", account: "2200941101786412", lot: "winter", points: "-5", reason: "typing error", key: "case-7" })
   */
  readonly adjust: (adjust: Inputs.Adjust, options?: Inputs.CallOptions) => Promise<Answers.Adjusted>

  /**
   * Records a redemption, and which lots its points came from.
   *
   * @example
   * await pointback.redeem({ program: "rewards", account: "2200941101786412", redemption: "5134720", points: "60", redemptionType: "MERCHANDISE", processedBy: "E078562" })
   */
  readonly redeem: (redeem: Inputs.Redeem, options?: Inputs.CallOptions) => Promise<Answers.Redeemed>

  /**
   * Records a credit without calling anybody: for other backends, tests, and inside a transaction.
   *
   * @example
   * await pointback.recordCredit({ program: "rewards", account: "2200941101786412", redemption: "5134720", creditId: "refund-1", points: "20" })
   */
  readonly recordCredit: (credit: Inputs.Credit, options?: Inputs.CallOptions) => Promise<Answers.Credited>

  /**
   * Records many credits without calling anybody, and answers what became of each. Those of one redemption come in their
   * order, all in all in none.
   *
   * @example
   * for await (const { creditId, status } of pointback.recordCredits(credits)) console.log(creditId, status)
   */
  readonly recordCredits: (
    credits: AsyncIterable<Inputs.Credit> | Iterable<Inputs.Credit>,
    options?: Inputs.ManyOptions
  ) => AsyncIterable<Answers.CreditOfMany>

  /**
   * Confirms a credit that is in flight, or releases what it holds, by a person's name and reason.
   *
   * @example
   * await pointback.decide({ program: "rewards", account: "2200941101786412", creditId: "refund-1", decision: "release", actor: "alice", reason: "Mastercard's support says so" })
   */
  readonly decide: (decide: Inputs.Decide, options?: Inputs.CallOptions) => Promise<Answers.Credited>

  /**
   * Books the points of lots that have expired. Expired points are never spendable, whether they are booked or not.
   *
   * @example
   * await pointback.expire({ program: "rewards" })
   */
  readonly expire: (expire?: Inputs.Expire, options?: Inputs.CallOptions) => Promise<Answers.Expired>

  /**
   * Records that an account's number was replaced; both numbers find the account from then on.
   *
   * @example
   * await pointback.alias({ program: "rewards", account: "2200941101786412", newAccount: "2200941101786413" })
   */
  readonly alias: (alias: Inputs.Alias, options?: Inputs.CallOptions) => Promise<Answers.Aliased>

  /**
   * Forgets an account number for good; the history stays, anonymous.
   *
   * @example
   * await pointback.erase({ program: "rewards", account: "2200941101786412", actor: "alice", reason: "request 12" })
   */
  readonly erase: (erase: Inputs.Erase, options?: Inputs.CallOptions) => Promise<Answers.Erased>

  /**
   * Imports a file of records, one JSON object a line; a second run of it adds nothing.
   *
   * @example
   * const { imported, refused } = await pointback.importFile({ file: "history.ndjson" })
   */
  readonly importFile: (file: Inputs.ImportFile, options?: Inputs.CallOptions) => Promise<Answers.Imported>

  /**
   * Imports records that are in memory. Where one cannot be read nothing is imported.
   *
   * @example
   * const { imported, refused } = await pointback.importRecords({ records })
   */
  readonly importRecords: (records: Inputs.ImportRecords, options?: Inputs.CallOptions) => Promise<Answers.Imported>

  /**
   * Which points an account or a program holds, how old they are, or how soon they expire.
   *
   * @example
   * const { total, buckets } = await pointback.aging({ program: "rewards", account: "2200941101786412" })
   */
  readonly aging: (question: Inputs.AskAging, options?: Inputs.CallOptions) => Promise<Answers.Aging>

  /**
   * Which points expire when.
   *
   * @example
   * const { rows } = await pointback.schedule({ program: "rewards" })
   */
  readonly schedule: (question: Inputs.AskSchedule, options?: Inputs.CallOptions) => Promise<Answers.Schedule>

  /**
   * What an account held, what happened to it over [from, to), and what it holds.
   *
   * @example
   * const { lines, closing } = await pointback.statement({ program: "rewards", account: "2200941101786412", from: "2026-01-01", to: "2026-04-01" })
   */
  readonly statement: (question: Inputs.AskStatement, options?: Inputs.CallOptions) => Promise<Answers.Statement>

  /**
   * How the points outstanding moved from month to month; it closes exactly.
   *
   * @example
   * const { rows } = await pointback.rollForward({ program: "rewards", from: "2026-01-01", to: "2026-04-01" })
   */
  readonly rollForward: (question: Inputs.AskRollForward, options?: Inputs.CallOptions) => Promise<Answers.RollForward>

  /**
   * The events of one cell of a roll-forward, which add up to it.
   *
   * @example
   * const { events } = await pointback.rollForwardEvents({ program: "rewards", from: "2026-01-01", to: "2026-04-01", period: "2026-01", column: "redeemed" })
   */
  readonly rollForwardEvents: (
    question: Inputs.AskRollForwardEvents,
    options?: Inputs.CallOptions
  ) => Promise<Answers.RollForwardEvents>

  /**
   * What became of the points of each month, month after month.
   *
   * @example
   * const { rows } = await pointback.triangle({ program: "rewards", from: "2025-01-01", to: "2026-01-01" })
   */
  readonly triangle: (question: Inputs.AskTriangle, options?: Inputs.CallOptions) => Promise<Answers.Triangle>

  /**
   * What moved in an answer between two states of knowledge, and which events moved it.
   *
   * @example
   * const { events } = await pointback.restatement({ program: "rewards", asOf: "2026-01-01", knownFrom: "2026-01-02", knownTo: "2026-02-01" })
   */
  readonly restatement: (question: Inputs.AskRestatement, options?: Inputs.CallOptions) => Promise<Answers.Restatement>

  /**
   * An account's redemptions as they are now, the latest first, page by page.
   *
   * @example
   * const { redemptions, next } = await pointback.redemptions({ program: "rewards", account: "2200941101786412", limit: 50 })
   */
  readonly redemptions: (question: Inputs.AskRedemptions, options?: Inputs.CallOptions) => Promise<Answers.Redemptions>

  /**
   * What became of one lot: earned, drawn, restored, expired, with both clocks.
   *
   * @example
   * const { holds, steps } = await pointback.lotHistory({ program: "rewards", account: "2200941101786412", lot: "winter" })
   */
  readonly lotHistory: (question: Inputs.AskLotHistory, options?: Inputs.CallOptions) => Promise<Answers.LotHistory>

  /**
   * What became of one redemption: its draws, its credits, and what remains.
   *
   * @example
   * const { remaining, steps } = await pointback.redemptionHistory({ program: "rewards", account: "2200941101786412", redemption: "5134720" })
   */
  readonly redemptionHistory: (
    question: Inputs.AskRedemptionHistory,
    options?: Inputs.CallOptions
  ) => Promise<Answers.RedemptionHistory>

  /**
   * Holds the ledger and the read models against the events, and checks the log's hashes.
   *
   * @example
   * const { count } = await pointback.verify()
   */
  readonly verify: (verify?: Inputs.Verify, options?: Inputs.CallOptions) => Promise<Answers.Verified>
}

/** Everything that can be done; the methods here call Mastercard, or end. */
export interface Pointback extends PointbackRecords {
  /**
   * Gives points of a redemption back: asks Mastercard once, and records what it said. The same credit again is never
   * sent twice, and gets its present outcome.
   *
   * It does not reject where Mastercard declines or nobody knows what happened: look at `outcome`.
   *
   * @example
   * const { outcome, remaining } = await pointback.credit({ program: "rewards", account: "2200941101786412", redemption: "5134720", creditId: "refund-1", points: "20" })
   */
  readonly credit: (credit: Inputs.Credit, options?: Inputs.CallOptions) => Promise<Answers.Credited>

  /**
   * Asks Mastercard for many credits, and answers what became of each. Leaving the loop ends it when what is in flight is
   * recorded; aborting the signal begins no further one, tells those that were, and rejects with `CallAborted`.
   *
   * @example
   * for await (const { creditId, status } of pointback.credits(credits, { inFlight: 16 })) console.log(creditId, status)
   */
  readonly credits: (
    credits: AsyncIterable<Inputs.Credit> | Iterable<Inputs.Credit>,
    options?: Inputs.ManyOptions
  ) => AsyncIterable<Answers.CreditOfMany>

  /**
   * Finds out at Mastercard what became of credits that nobody knows the outcome of.
   *
   * @example
   * const { confirmed, released, open } = await pointback.settle()
   */
  readonly settle: (settle?: Inputs.Settle, options?: Inputs.CallOptions) => Promise<Answers.Settled>

  /**
   * The same methods inside a transaction of yours: a pg client on which you sent `begin`, or kysely's transaction. What
   * they record is committed with your rows or not at all. What calls Mastercard is refused there with
   * `MastercardInTransaction`.
   *
   * @example
   * await client.query("begin")
   * await pointback.withTransaction(client).recordCredit(credit)
   * await client.query("commit")
   */
  readonly withTransaction: (transaction: HostTransaction) => PointbackRecords

  /** Waits for the calls that are under way, then closes the database. A pool or kysely of yours stays open. */
  readonly close: () => Promise<void>

  /** The same as `close`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

type Calling = Omit<Pointback, "withTransaction" | "close" | typeof Symbol.asyncDispose>

type Single = Omit<Calling, "credits" | "recordCredits">

/** The use case of each method, held against its type: one mechanism makes functions of them all. */
const single: {
  readonly [Name in keyof Single]: Method<NonNullable<Parameters<Single[Name]>[0]>, Awaited<ReturnType<Single[Name]>>>
} = {
  setPolicy: Methods.setPolicy,
  earn: Methods.earn,
  adjust: Methods.adjust,
  redeem: Methods.redeem,
  recordCredit: Methods.recordedCredit,
  decide: Methods.decide,
  expire: Methods.expire,
  alias: Methods.alias,
  erase: Methods.erase,
  importFile: Methods.importedFile,
  importRecords: Methods.importedRecords,
  aging: Questions.askAging,
  schedule: Questions.askSchedule,
  statement: Questions.askStatement,
  rollForward: Questions.askRollForward,
  rollForwardEvents: Questions.askRollForwardEvents,
  triangle: Questions.askTriangle,
  restatement: Questions.askRestatement,
  redemptions: Questions.askRedemptions,
  lotHistory: Questions.askLotHistory,
  redemptionHistory: Questions.askRedemptionHistory,
  verify: Methods.verify,
  credit: Methods.credit,
  settle: Methods.settle
}

const many: { readonly [Name in "credits" | "recordCredits"]: ManyMethod<Inputs.Credit, Answers.CreditOfMany> } = {
  credits: Many.credits,
  recordCredits: Many.recordedCredits
}

/** Methods that can be called without anything: they are about everything then. */
const WITHOUT_INPUT = new Set(["expire", "verify", "settle"])

const methodsOn = (running: Running, transaction: Opening["transaction"]): Calling => {
  const functions = Object.entries(single).map(([name, method]) => {
    const run = call(name, method as Method<unknown, unknown>, running, transaction)
    const whole = (input: unknown, options?: Inputs.CallOptions) =>
      run(input === undefined && WITHOUT_INPUT.has(name) ? {} : input, options)
    return [name, whole]
  })
  const iterables = Object.entries(many).map(([name, method]) => [name, callMany(name, method, running, transaction)])
  return Object.fromEntries([...functions, ...iterables]) as Calling
}

/**
 * Opens Pointback. Close it when the program ends.
 *
 * Rejects with `InvalidInput` where an option is wrong, with `SchemaOutdated` where tables are missing or old (say `migrate:
 * true`, or run `pointback migrate`), and with `DatabaseError`, `DatabaseLocked`, `DatabaseFolderUnusable` or
 * `MastercardConfigInvalid` where something cannot be used.
 *
 * @example
 * import { createPointback } from "@pointback/app/promise"
 *
 * const pointback = await createPointback({ database: "./points", mastercard: "environment" })
 * try {
 *   await pointback.earn({ program: "rewards", account: "2200941101786412", lot: "winter", points: "100", earnedAt: "2025-01-10" })
 * } finally {
 *   await pointback.close()
 * }
 */
export const createPointback = async (options: PointbackOptions): Promise<Pointback> => {
  const name = "createPointback"
  const { hasMastercard, layer, transaction } = settle(name, await Effect.runPromiseExit(opening(options)))
  const runtime = ManagedRuntime.make(layer)
  const opened = await runtime.runPromiseExit(Effect.void)
  if (opened._tag === "Failure") await runtime.dispose()
  settle(name, opened)
  const running: Running = { runtime, hasMastercard, calls: new Calls() }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= running.calls.close().then(() => runtime.dispose()))
  return {
    ...methodsOn(running, transaction),
    withTransaction: (given) => {
      const joined = transactionOf(given)
      if (joined === undefined) {
        throw invalid("transaction", "a pg client on which `begin` was sent, or a kysely transaction, is expected")
      }
      return methodsOn(running, joined)
    },
    close,
    [Symbol.asyncDispose]: close
  }
}
