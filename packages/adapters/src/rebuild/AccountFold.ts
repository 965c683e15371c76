/** Folds accounts one after the other, their events in pieces, into lines of the rows that follow. */
import { Account, type Fact, type Ids } from "@pointback/domain"
import * as Lines from "../eventStore/Lines.ts"
import { type LotRow, project } from "../eventStore/Projection.ts"
import { lotRow, postingRow } from "../eventStore/ReadModelRow.ts"
import * as Snapshot from "../eventStore/Snapshot.ts"

/** An account that is to be folded up to a version. */
export interface AccountAt {
  readonly program: string
  readonly key: string
  readonly version: number
}

/** An event as it is folded; `recordedAt` is its microseconds as text, which go back as they came. */
export interface LoggedEvent {
  readonly position: number
  readonly version: number
  readonly recordedAt: string
  readonly fact: Fact.Fact
}

/** Lines of rows, by table. */
export interface RowLines {
  readonly postings: Array<string>
  readonly lots: Array<string>
  readonly redemptions: Array<string>
  readonly folded: Array<string>
}

/** No rows. */
export const noLines = (): RowLines => ({ postings: [], lots: [], redemptions: [], folded: [] })

/** One account. Its state alone is kept; what its events move is handed out as they come. */
export class AccountFold {
  readonly #account: AccountAt
  #state = Account.empty
  readonly #lots = new Map<Ids.LotId, LotRow>()
  readonly #versions = new Map<Ids.RedemptionId, number>()

  constructor(account: AccountAt) {
    this.#account = account
  }

  /** Applies the events that follow. */
  add(events: ReadonlyArray<LoggedEvent>, lines: RowLines): void {
    const { key, program } = this.#account
    const projected = project(
      this.#state,
      events.map(({ fact }) => fact)
    )
    this.#state = projected.state
    for (const posting of projected.postings) {
      const { position, recordedAt } = events[posting.index] as LoggedEvent
      const row = Object.values(postingRow(posting))
      lines.postings.push(Lines.line([program, key, position, recordedAt, ...row]))
    }
    for (const row of projected.lots) this.#lots.set(row.lot.lotId, after(this.#lots.get(row.lot.lotId), row))
    for (const { fact, version } of events) {
      if (fact.stream._tag === "Redemption") this.#versions.set(fact.stream.redemptionId, version)
    }
  }

  /** Adds what the account has come to. */
  end(lines: RowLines): void {
    const { key, program, version } = this.#account
    for (const row of this.#lots.values()) lines.lots.push(Lines.line([program, key, ...Object.values(lotRow(row))]))
    for (const [redemptionId, ofStream] of this.#versions) {
      const state = Account.redemption(this.#state, redemptionId)
      if (state._tag === "None") throw new Error(`no redemption ${redemptionId} after its own event`)
      lines.redemptions.push(Lines.line([program, key, ...Object.values(Snapshot.row(state, ofStream))]))
    }
    lines.folded.push(Lines.line([program, key, version]))
  }
}

const after = (before: LotRow | undefined, { lastAt, late, lot }: LotRow): LotRow => ({
  lot,
  lastAt: before !== undefined && before.lastAt > lastAt ? before.lastAt : lastAt,
  late: late || before?.late === true
})
