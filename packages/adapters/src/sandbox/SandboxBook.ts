/** Holds the sandbox's state and its log, in memory. The one place where something changes. */
import type { Instant } from "@pointback/domain"
import { HashMap, Option } from "effect"
import type * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Bank from "./SandboxBank.ts"
import * as Lots from "./SandboxLots.ts"
import type { HistoryQuestion } from "./SandboxRequests.ts"
import * as State from "./SandboxState.ts"

/** Entries of the log that are kept: the oldest are dropped first, and counted. */
const MAXIMUM_LOG = 10_000

/** The state of a sandbox. */
export class SandboxBook {
  #state: State.SandboxState
  readonly #log: Array<Json.JsonObject> = []
  #dropped = 0
  readonly #now: () => Instant.Instant

  constructor(firstId: bigint, now: () => Instant.Instant) {
    this.#state = State.initial(firstId)
    this.#now = now
  }

  /** The present instant of the sandbox. */
  now(): Instant.Instant {
    return this.#now()
  }

  /** Carries out a command. */
  run(command: Bank.SandboxCommand): Bank.SandboxAnswer {
    const now = this.#now()
    const [state, answer] = Bank.step(this.#state, command, now)
    this.#state = state
    this.#log.push(Answers.logEntry(command, answer, now))
    if (this.#log.length > MAXIMUM_LOG) {
      this.#log.shift()
      this.#dropped++
    }
    return answer
  }

  /** The balance of an account; none where it is not known. */
  balance(userId: string): Option.Option<bigint> {
    return Option.map(HashMap.get(this.#state.accounts, userId), ({ lots }) => Lots.balance(lots, this.#now()))
  }

  /** Whether a redemption is known. */
  knowsRedemption(redemptionId: string): boolean {
    return HashMap.has(this.#state.redemptions, redemptionId)
  }

  /** A page of the history of an account, newest first; none where the account is not known. */
  history(question: HistoryQuestion): Option.Option<ReadonlyArray<State.SandboxEntry>> {
    const { before, from, limit, offset, userId } = question
    return Option.map(HashMap.get(this.#state.accounts, userId), ({ history }) =>
      history
        .filter(({ at }) => at >= from && at < before)
        .toReversed()
        // The sort is stable: of two of the same instant the later entry stays first.
        .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
        .slice(offset, offset + limit)
    )
  }

  /** What truly happened, oldest first, and how many older entries were dropped. */
  log(): { readonly entries: ReadonlyArray<Json.JsonObject>; readonly dropped: number } {
    return { entries: [...this.#log], dropped: this.#dropped }
  }
}
