/** Holds the sandbox's state and its log. The one place where something changes. */
import { Instant } from "@pointback/domain"
import { Option } from "effect"
import type * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Bank from "./SandboxBank.ts"
import type { CallSubject } from "./SandboxFaultPlan.ts"
import type { Fault } from "./SandboxFaults.ts"
import * as History from "./SandboxHistory.ts"
import type { Journal, JournalEntry } from "./SandboxJournal.ts"
import { LateEffects } from "./SandboxLateEffects.ts"
import { Recent } from "./SandboxRecent.ts"
import * as Lots from "./SandboxLots.ts"
import type { HistoryQuestion } from "./SandboxRequests.ts"
import type { SandboxRules } from "./SandboxRules.ts"
import * as State from "./SandboxState.ts"
import * as Truth from "./SandboxTruth.ts"

/** Entries of the log that are kept unless another number is asked for. */
const MAXIMUM_LOG = 10_000

/** How a book is set up. */
export interface BookOptions {
  readonly firstId: bigint
  readonly rules: SandboxRules
  readonly now: () => Instant.Instant
  /** Entries of the log at most; may be infinite. 10,000 unless set. */
  readonly maximumLog?: number | undefined
  /** What happened before, which happens again. */
  readonly past?: ReadonlyArray<JournalEntry> | undefined
  /** Where everything is written down before it happens. */
  readonly journal?: Journal | undefined
}

/** A command that comes true later, and the fault that made it late. */
interface Promised {
  readonly command: Bank.SandboxCommand
  readonly fault: Fault
}

/** The state of a sandbox. Whatever looks at it sees all late effects that are due. */
export class SandboxBook {
  #state: State.SandboxState
  readonly #log: Recent<Json.JsonObject>
  readonly #late = new LateEffects<Promised>()
  readonly #clock: () => Instant.Instant
  readonly #journal: Journal | undefined
  #last: Instant.Instant = Instant.EARLIEST

  constructor({ firstId, journal, maximumLog = MAXIMUM_LOG, now, past = [], rules }: BookOptions) {
    this.#state = State.initial(firstId, rules)
    this.#log = new Recent(maximumLog)
    this.#clock = now
    for (const entry of past) {
      this.#last = entry.at
      this.#settle(entry.at)
      this.#repeat(entry)
    }
    this.#journal = journal
  }

  /** The present instant of the sandbox. It never goes back, so that what is due once stays due. */
  now(): Instant.Instant {
    const now = this.#clock()
    if (now > this.#last) this.#last = now
    return this.#last
  }

  /** Moves the present instant forward and writes that down. */
  advanceTo(at: Instant.Instant): void {
    this.#journal?.append({ kind: "clock", at }, true)
    this.#last = at
  }

  /** Carries out a command; `fault` is what went wrong with the call that brought it. */
  run(command: Bank.SandboxCommand, fault?: Fault): Bank.SandboxAnswer {
    const at = this.#settle()
    const step = Bank.step(this.#state, command, at)
    this.#journal?.append({ kind: "command", at, command, fault }, step[1]._tag !== "Refused")
    return this.#take(step, command, at, fault)
  }

  /** Carries a command out when `millis` have passed. */
  promise(command: Bank.SandboxCommand, fault: Fault, millis: number): void {
    const at = this.#settle()
    const due = at + BigInt(millis) * Instant.MICROS_PER_MILLI
    this.#journal?.append({ kind: "promised", at, due, command, fault }, true)
    this.#late.add({ due, what: { command, fault } })
  }

  /** Notes a call that a fault befell and that changed nothing. */
  note(subject: CallSubject, fault: Fault): void {
    const at = this.#settle()
    this.#journal?.append({ kind: "note", at, subject, fault }, false)
    this.#log.add(Answers.faultEntry(subject, fault, at))
  }

  /** The rules that count now. */
  rules(): SandboxRules {
    return this.#state.rules
  }

  /** The balance of an account; none where it is not known. */
  balance(userId: string): Option.Option<bigint> {
    const now = this.#settle()
    return Option.map(State.accountOf(this.#state, userId), (account) =>
      Lots.balance(State.lotsOf(this.#state, account), now)
    )
  }

  /**
   * A page of the history of an account, newest first, without what happened less than `lag` milliseconds ago; none
   * where the account is not known.
   */
  history(question: HistoryQuestion, lag: number): Option.Option<ReadonlyArray<History.SandboxEntry>> {
    const visible = this.#settle() - BigInt(lag) * Instant.MICROS_PER_MILLI
    const before = lag > 0 && visible < question.before ? visible + 1n : question.before
    return Option.map(State.accountOf(this.#state, question.userId), ({ history }) =>
      History.extract(history, { ...question, before })
    )
  }

  /** What truly happened, oldest first, and how many older entries were dropped. */
  log(): { readonly entries: ReadonlyArray<Json.JsonObject>; readonly dropped: number } {
    this.#settle()
    return { entries: this.#log.items(), dropped: this.#log.dropped }
  }

  /** What truly became of the redemptions. */
  truth(): ReadonlyArray<Truth.RedemptionTruth> {
    this.#settle()
    return Truth.redemptions(this.#state)
  }

  /** What truly became of one redemption; none where it is not known. */
  truthOf(redemptionId: string): Option.Option<Truth.RedemptionTruth> {
    this.#settle()
    return Truth.redemption(this.#state, redemptionId)
  }

  /** An account with its lots; none where it is not known. */
  account(userId: string): Option.Option<Truth.AccountTruth> {
    const now = this.#settle()
    return Truth.account(this.#state, userId, now)
  }

  /** Lets everything happen that is due, each at its own instant, and gives the present one. */
  #settle(now = this.now()): Instant.Instant {
    for (let late = this.#late.take(now); late !== undefined; late = this.#late.take(now)) {
      const { command, fault } = late.what
      this.#take(Bank.step(this.#state, command, late.due), command, late.due, fault)
    }
    return now
  }

  #take(
    [state, answer]: Bank.Step,
    command: Bank.SandboxCommand,
    at: Instant.Instant,
    fault: Fault | undefined
  ): Bank.SandboxAnswer {
    this.#state = state
    this.#log.add(Answers.logEntry(command, answer, at, fault))
    return answer
  }

  #repeat(entry: JournalEntry): void {
    switch (entry.kind) {
      case "command":
        this.#take(Bank.step(this.#state, entry.command, entry.at), entry.command, entry.at, entry.fault)
        break
      case "promised":
        this.#late.add({ due: entry.due, what: entry })
        break
      case "note":
        this.#log.add(Answers.faultEntry(entry.subject, entry.fault, entry.at))
        break
      case "clock":
        break
    }
  }
}
