/** A redemption with its credits, as our streams have them. */
import { type Fact, Restoration, type SourceRecord } from "@pointback/domain"
import type { Entry } from "./Life.ts"

/** What happened to a redemption. */
export interface Case {
  readonly redemption: SourceRecord.SourceRecord
  readonly credits: ReadonlyArray<SourceRecord.SourceRecord>
  /** The credit that was recorded twice, and the second record of it. */
  readonly twice: { readonly first: SourceRecord.SourceRecord; readonly second: SourceRecord.SourceRecord } | null
}

const blank = { reference: null, status: "settled" } as const

/** Gathers the entries of an account, and answers what happened to each redemption, in the order of time. */
export class Cases {
  readonly #cases = new Map<string, Case>()

  add({ again, facts }: Entry): void {
    for (const fact of facts) this.#addFact(fact, again)
  }

  all(): Iterable<Case> {
    return this.#cases.values()
  }

  #addFact({ event, occurredAt, stream }: Fact.Fact, again: boolean): void {
    if (stream._tag !== "Redemption") return
    const { redemptionId } = stream
    if (event._tag === "Redeemed") {
      const lots = event.draws.map(({ expiresAt, lotId, points }) => ({ lot: lotId, points, expiresAt }))
      const { points } = event
      const redemption = { ...blank, kind: "redemption", redemption: redemptionId, credit: null, points } as const
      const record = { ...redemption, at: occurredAt, remaining: null, lots }
      this.#cases.set(redemptionId, { redemption: record, credits: [], twice: null })
      return
    }
    const known = this.#cases.get(redemptionId)
    if (known === undefined || (event._tag !== "PartiallyCredited" && event._tag !== "FullyCredited")) return
    const { creditId, points, remaining } = event
    const lots = event.restorations.map((restoration) => ({
      lot: Restoration.drawnLot(restoration),
      points: restoration.points,
      expiresAt: restoration.expiresAt
    }))
    const credit = { ...blank, kind: "credit", redemption: redemptionId, credit: creditId, points } as const
    const record = { ...credit, at: occurredAt, remaining, lots }
    const twice = again ? { first: known.credits.at(-1) ?? record, second: record } : known.twice
    this.#cases.set(redemptionId, { ...known, credits: [...known.credits, record], twice })
  }
}
