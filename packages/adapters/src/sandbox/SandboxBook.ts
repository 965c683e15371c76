/** Holds the sandbox's state and its log, in memory. The one place where something changes. */
import { Instant } from "@pointback/domain"
import { HashMap, Option } from "effect"
import type * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Bank from "./SandboxBank.ts"
import type { CallSubject } from "./SandboxFaultPlan.ts"
import type { Fault } from "./SandboxFaults.ts"
import * as History from "./SandboxHistory.ts"
import { LateEffects } from "./SandboxLateEffects.ts"
import { Recent } from "./SandboxLog.ts"
import * as Lots from "./SandboxLots.ts"
import type { HistoryQuestion } from "./SandboxRequests.ts"
import * as State from "./SandboxState.ts"
import * as Truth from "./SandboxTruth.ts"

/** Entries of the log that are kept unless another number is asked for. */
const MAXIMUM_LOG = 10_000

/** How a book is set up. */
export interface BookOptions {
  readonly firstId: bigint
  readonly now: () => Instant.Instant
  /** Entries of the log at most; may be infinite. 10,000 unless set. */
  readonly maximumLog?: number | undefined
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
  #last: Instant.Instant = Instant.EARLIEST

  constructor({ firstId, maximumLog = MAXIMUM_LOG, now }: BookOptions) {
    this.#state = State.initial(firstId)
    this.#log = new Recent(maximumLog)
    this.#clock = now
  }

  /** The present instant of the sandbox. It never goes back, so that what is due once stays due. */
  now(): Instant.Instant {
    const now = this.#clock()
    if (now > this.#last) this.#last = now
    return this.#last
  }

  /** Carries out a command; `fault` is what went wrong with the call that brought it. */
  run(command: Bank.SandboxCommand, fault?: Fault): Bank.SandboxAnswer {
    const now = this.#settle()
    return this.#step(command, now, fault)
  }

  /** Carries a command out when `millis` have passed. */
  promise(command: Bank.SandboxCommand, fault: Fault, millis: number): void {
    const due = this.#settle() + BigInt(millis) * Instant.MICROS_PER_MILLI
    this.#late.add({ due, what: { command, fault } })
  }

  /** Notes a call that a fault befell and that changed nothing. */
  note(subject: CallSubject, fault: Fault): void {
    this.#log.add(Answers.faultEntry(subject, fault, this.#settle()))
  }

  /** The balance of an account; none where it is not known. */
  balance(userId: string): Option.Option<bigint> {
    const now = this.#settle()
    return Option.map(HashMap.get(this.#state.accounts, userId), ({ lots }) => Lots.balance(lots, now))
  }

  /**
   * A page of the history of an account, newest first, without what happened less than `lag` milliseconds ago; none
   * where the account is not known.
   */
  history(question: HistoryQuestion, lag: number): Option.Option<ReadonlyArray<History.SandboxEntry>> {
    const visible = this.#settle() - BigInt(lag) * Instant.MICROS_PER_MILLI
    const before = lag > 0 && visible < question.before ? visible + 1n : question.before
    return Option.map(HashMap.get(this.#state.accounts, question.userId), ({ history }) =>
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
    return Array.from(this.#state.redemptions, ([id, redemption]) => Truth.of(id, redemption))
  }

  /** What truly became of one redemption; none where it is not known. */
  truthOf(redemptionId: string): Option.Option<Truth.RedemptionTruth> {
    this.#settle()
    return Option.map(HashMap.get(this.#state.redemptions, redemptionId), (found) => Truth.of(redemptionId, found))
  }

  /** Lets everything happen that is due, each at its own instant, and gives the present one. */
  #settle(): Instant.Instant {
    const now = this.now()
    for (let late = this.#late.take(now); late !== undefined; late = this.#late.take(now)) {
      this.#step(late.what.command, late.due, late.what.fault)
    }
    return now
  }

  #step(command: Bank.SandboxCommand, at: Instant.Instant, fault: Fault | undefined): Bank.SandboxAnswer {
    const [state, answer] = Bank.step(this.#state, command, at)
    this.#state = state
    this.#log.add(Answers.logEntry(command, answer, at, fault))
    return answer
  }
}
