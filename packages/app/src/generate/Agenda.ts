/** What is still to happen to an account, soonest first. */
import type { Ids, Instant } from "@pointback/domain"

/** Something that happens to an account. */
export type Task =
  | { readonly _tag: "Earn" }
  | { readonly _tag: "Redeem" }
  | { readonly _tag: "Adjust" }
  /** `more`: how many credits of the redemption come after this one. */
  | { readonly _tag: "Credit"; readonly redemptionId: Ids.RedemptionId; readonly more: number }
  /** `booked`: whether the sweep came by. */
  | { readonly _tag: "Expire"; readonly lotId: Ids.LotId; readonly booked: boolean }

interface Appointment {
  readonly at: Instant.Instant
  readonly task: Task
}

/** Tasks by their instants; those of one instant in the order in which they were added. */
export class Agenda {
  // Latest first, so that the next one is at the end.
  private readonly appointments: Array<Appointment> = []

  /** Adds a task; after all others of its instant. */
  add(at: Instant.Instant, task: Task): void {
    let low = 0
    let high = this.appointments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.appointments[middle] as Appointment).at > at) low = middle + 1
      else high = middle
    }
    this.appointments.splice(low, 0, { at, task })
  }

  /** Takes the next task out; undefined where there is none. */
  next(): Appointment | undefined {
    return this.appointments.pop()
  }
}
