/** A redemption with its credits, as our streams have them. */
import { type Fact, OurRecords, type RedemptionEvent, type SourceRecord } from "@pointback/domain"
import type { Entry } from "./Life.ts"

/** What happened to a redemption. */
export interface Case {
  readonly redemption: SourceRecord.SourceRecord
  readonly credits: ReadonlyArray<SourceRecord.SourceRecord>
  /** The credit that was recorded twice, and the second record of it. */
  readonly twice: { readonly first: SourceRecord.SourceRecord; readonly second: SourceRecord.SourceRecord } | null
}

type Redeemed = Extract<RedemptionEvent.RedemptionEvent, { _tag: "Redeemed" }>

interface Gathered {
  readonly redeemed: Redeemed
  readonly redeemedAt: Fact.Fact["occurredAt"]
  readonly events: Array<OurRecords.OurEvent>
  /** The place of a second record among the credits. */
  again: number | null
}

/** Gathers the entries of an account, and answers what happened to each redemption, in the order of time. */
export class Cases {
  readonly #gathered = new Map<string, Gathered>()

  add({ again, facts }: Entry): void {
    for (const { event, occurredAt, stream } of facts) {
      if (stream._tag !== "Redemption") continue
      if (event._tag === "Redeemed") {
        this.#gathered.set(stream.redemptionId, { redeemed: event, redeemedAt: occurredAt, events: [], again: null })
        continue
      }
      const gathered = this.#gathered.get(stream.redemptionId)
      if (gathered === undefined) continue
      if (again) gathered.again = gathered.events.length
      gathered.events.push({
        event: event as RedemptionEvent.RedemptionEvent,
        occurredAt,
        recordedAt: occurredAt,
        eventId: null
      })
    }
  }

  all(): ReadonlyArray<Case> {
    return Array.from(this.#gathered.values(), caseOf)
  }
}

const caseOf = ({ again, events, redeemed, redeemedAt }: Gathered): Case => {
  const { draws, points, redemptionId } = redeemed
  const [redemption, ...credits] = OurRecords.ofRedemption({ redemptionId, points, redeemedAt, draws }, events)
  const [first, second] = again === null ? [] : [credits[again - 1], credits[again]]
  return {
    redemption: redemption as SourceRecord.SourceRecord,
    credits,
    twice: first === undefined || second === undefined ? null : { first, second }
  }
}
