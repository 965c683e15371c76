/** Why a report was not written. */
import { Instant } from "@pointback/domain"
import { Schema } from "effect"

/** The months of the report cannot be shown. */
export class InvalidPeriod extends Schema.TaggedError<InvalidPeriod>()("InvalidPeriod", {
  from: Instant.Instant,
  to: Instant.Instant,
  problem: Schema.String
}) {
  override get message() {
    return `the time from ${Instant.toString(this.from)} to ${Instant.toString(this.to)} cannot be shown: ${this.problem}`
  }
}
