/**
 * Walks over the events of a log partition in the order of their positions, and holds each against its hash and against
 * the event before it: what was changed, removed, inserted or moved is named where it shows first.
 */
import * as Chain from "./Chain.ts"
import type { Difference } from "./Difference.ts"
import type { KeptHead } from "./KeptHeads.ts"

/** An event: its hash, then what is hashed of it but for the partition, all with U+001F between them. */
export type EventLine = string

/** The head of a partition as it is stored: position, hash and instant. */
export interface StoredHead {
  readonly position: number
  readonly hash: string
  /** As it is hashed; null where nothing was recorded. */
  readonly recordedAt: string | null
}

/** What was found in a partition. */
export interface Walked {
  readonly events: number
  readonly differences: ReadonlyArray<Difference>
}

const HASH_DIGITS = 64

/** The first difference of a kind, and how many follow it. */
interface Series {
  readonly first: Difference
  more: number
  last: number
}

const KINDS = {
  gap: "follow no position",
  hash: "do not fit their hashes",
  order: "are recorded no later than those before them"
} as const

/** A walk over one partition, from its first event to its head. */
export class PartitionWalk {
  readonly #partition: number
  readonly #kept: KeptHead | null
  readonly #series = new Map<keyof typeof KINDS, Series>()
  #events = 0
  #position = 0
  #hash = Chain.START
  #recordedAt = ""
  #hashAtKept: string | null = null

  /** `kept`: the head that was kept elsewhere, where there is one. */
  constructor(partition: number, kept: KeptHead | null) {
    this.#partition = partition
    this.#kept = kept
  }

  /** How far the walk has come. */
  get position(): number {
    return this.#position
  }

  /** Goes on to the next event. */
  event(line: EventLine): void {
    const stored = line.slice(0, HASH_DIGITS)
    const fields = line.split(Chain.SEPARATOR)
    const position = Number(fields[1])
    const recordedAt = fields[4] as string
    // A text with a separator of its own could imitate other fields.
    const plain = fields.length === Chain.FIELDS
    const computed = Chain.next(this.#hash, this.#partition + line.slice(HASH_DIGITS))
    if (position !== this.#position + 1) {
      const problem = `follows position ${this.#position}: what stood between them was removed`
      this.#found("gap", fields, problem)
    } else if (computed !== stored || !plain) {
      this.#found("hash", fields, NOT_AS_RECORDED)
    }
    if (recordedAt <= this.#recordedAt) this.#found("order", fields, "is recorded no later than the event before it")
    this.#events++
    this.#position = position
    this.#hash = stored
    this.#recordedAt = recordedAt
    if (position === this.#kept?.position) this.#hashAtKept = stored
  }

  /** Ends the walk at the head that is stored, as of the moment at which there were no more events. */
  end(head: StoredHead | null): Walked {
    const series = Array.from(this.#series, ([kind, { first, last, more }]) =>
      more === 0
        ? [first]
        : [
            first,
            this.#ofLog(
              `partition ${this.#partition} position ${last}`,
              `is the last of ${more} more that ${KINDS[kind]}`
            )
          ]
    )
    return {
      events: this.#events,
      differences: [...series.flat(), ...this.#againstHead(head), ...this.#againstKept()]
    }
  }

  #found(kind: keyof typeof KINDS, fields: ReadonlyArray<string>, problem: string): void {
    const [, position, program, account, , eventId] = fields
    const known = this.#series.get(kind)
    if (known !== undefined) {
      known.more++
      known.last = Number(position)
      return
    }
    const place = `partition ${this.#partition} position ${position}, event ${eventId}`
    const first: Difference = { check: "log", program: program ?? null, account: account ?? null, place, problem }
    this.#series.set(kind, { first, more: 0, last: Number(position) })
  }

  #ofLog(place: string, problem: string): Difference {
    return { check: "log", program: null, account: null, place, problem }
  }

  #againstHead(head: StoredHead | null): ReadonlyArray<Difference> {
    const place = `partition ${this.#partition} head`
    if (head === null) return [this.#ofLog(place, "is missing")]
    if (head.position > this.#position) {
      return [
        this.#ofLog(
          place,
          `stands at position ${head.position}, and the last event at ${this.#position}: those between were cut off`
        )
      ]
    }
    if (head.position < this.#position) {
      return [this.#ofLog(place, `stands at position ${head.position}, and events go on to ${this.#position}`)]
    }
    if (head.hash !== this.#hash) return [this.#ofLog(place, `has hash ${head.hash}, and the last event ${this.#hash}`)]
    // A head's instant is brought up to date without an event, and never back.
    return (head.recordedAt ?? "") < this.#recordedAt
      ? [
          this.#ofLog(
            place,
            `is of ${head.recordedAt ?? "no instant"}, and the last event was recorded at ${this.#recordedAt}`
          )
        ]
      : []
  }

  #againstKept(): ReadonlyArray<Difference> {
    const kept = this.#kept
    if (kept === null || kept.position === 0 || this.#hashAtKept === kept.hash) return []
    const place = `partition ${this.#partition} position ${kept.position}`
    const problem =
      this.#hashAtKept !== null
        ? `has hash ${this.#hashAtKept}, and ${kept.hash} was kept: the log up to here was written anew`
        : this.#position < kept.position
          ? `was kept, and the log ends at ${this.#position}: those between were cut off`
          : "was kept, and is missing"
    return [{ check: "heads", program: null, account: null, place, problem }]
  }
}

const NOT_AS_RECORDED =
  "is not what was recorded here: it was changed, inserted or moved, or the event before it was changed with its hash"
