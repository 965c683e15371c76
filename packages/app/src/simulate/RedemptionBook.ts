/** One redemption, event by event, by plain arithmetic: what is out of which lot, and which laws an event breaks. */
import { Points, type RedemptionEvent } from "@pointback/domain"

type Event = RedemptionEvent.RedemptionEvent
type Of<Tag extends Event["_tag"]> = Extract<Event, { _tag: Tag }>

interface Out {
  readonly lotId: string
  readonly drawn: bigint
  restored: bigint
}

/** Laws L1, L2 (of the redemption), L3, L6 and L12. */
export class RedemptionBook {
  readonly #name: string
  readonly #lotsNamed: boolean
  #draws: ReadonlyArray<Out> = []
  #points = 0n
  #credited = 0n
  #held = 0n
  #inFlight: string | undefined
  #besideHeld = false
  #ended = false

  constructor(name: string, lotsNamed: boolean) {
    this.#name = name
    this.#lotsNamed = lotsNamed
  }

  /** Redeemed points that are not credited. */
  get outstanding(): bigint {
    return this.#points - this.#credited
  }

  /** Applies an event and tells which laws it breaks. */
  add(event: Event): ReadonlyArray<string> {
    const problems: Array<string> = []
    if (this.#ended) problems.push(`L12: ${event._tag} follows the full credit of ${this.#name}`)
    switch (event._tag) {
      case "Redeemed":
        this.#points = event.points
        this.#draws = event.draws.map(({ lotId, points }) => ({ lotId, drawn: points, restored: 0n }))
        break
      case "CreditRequested":
        if (this.#inFlight !== undefined) problems.push(`L1: two credits of ${this.#name} are in flight`)
        this.#inFlight = event.creditId
        this.#held = event.points
        break
      case "PartiallyCredited":
      case "FullyCredited":
        problems.push(...this.#credit(event))
        break
      case "CreditDeclined":
        this.#release(event.creditId)
        break
      case "CreditOutcomeUnknown":
        break
    }
    if (this.#credited + this.#held > this.#points) {
      problems.push(
        `L1: ${this.#name}: ${Points.toString(this.#credited)} credited and ${Points.toString(this.#held)} held ` +
          `of ${Points.toString(this.#points)}`
      )
    }
    return problems
  }

  #release(creditId: string): void {
    if (this.#inFlight !== creditId) return
    this.#inFlight = undefined
    this.#held = 0n
  }

  #credit(event: Of<"PartiallyCredited" | "FullyCredited">): ReadonlyArray<string> {
    if (this.#inFlight !== undefined && this.#inFlight !== event.creditId) this.#besideHeld = true
    this.#release(event.creditId)
    this.#credited += event.points
    this.#ended = event._tag === "FullyCredited"
    const problems: Array<string> = []
    for (const { from, lotId, points } of event.restorations) {
      const out = this.#draws.find((draw) => draw.lotId === (from ?? lotId))
      if (out === undefined)
        problems.push(`L2: ${event.creditId} gives back to ${lotId}, which ${this.#name} never drew`)
      else out.restored += points
    }
    if (Points.sum(event.restorations.map(({ points }) => points)) !== event.points) {
      problems.push(`L5: the restorations of ${event.creditId} are not its points`)
    }
    if ((this.outstanding === 0n) !== this.#ended || event.remaining !== this.outstanding) {
      problems.push(`L12: ${event._tag} of ${this.#name}, ${Points.toString(this.outstanding)} remain`)
    }
    return [...problems, ...this.#checkDraws(event.creditId)]
  }

  #checkDraws(creditId: string): ReadonlyArray<string> {
    const problems: Array<string> = []
    for (const { drawn, lotId, restored } of this.#draws) {
      if (restored > drawn) problems.push(`L2: ${creditId} brings ${lotId} more than ${this.#name} drew`)
      if (this.#ended && restored !== drawn) {
        problems.push(`L3: ${this.#name} is credited in full, and ${lotId} has not all back`)
      }
    }
    // The first draws come back last: behind one that is back in part, or in whole, none is out.
    const out = this.#draws.map(({ drawn, restored }) => drawn - restored)
    const last = out.findLastIndex((points) => points > 0n)
    const isPrefix = this.#draws.slice(0, Math.max(last, 0)).every(({ restored }) => restored === 0n)
    if (!this.#lotsNamed && !this.#besideHeld && !isPrefix) {
      problems.push(`L6: what is out of ${this.#name} after ${creditId} is not the first of its draws`)
    }
    return problems
  }
}
