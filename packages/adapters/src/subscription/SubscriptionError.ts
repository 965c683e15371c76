/** What can keep a subscription from running. */
import { Instant } from "@pointback/domain"
import { Schema } from "effect"

/** There is no subscription of the name, or it was removed while it ran. */
export class SubscriptionUnknown extends Schema.TaggedError<SubscriptionUnknown>(
  "@pointback/adapters/SubscriptionUnknown"
)("SubscriptionUnknown", { name: Schema.String }) {
  override get message() {
    return `there is no subscription ${this.name}; it is made when it is run for the first time`
  }
}

/** Somebody else runs the subscription. `until`: when his lease ends unless he renews it, by the database's clock. */
export class SubscriptionHeld extends Schema.TaggedError<SubscriptionHeld>("@pointback/adapters/SubscriptionHeld")(
  "SubscriptionHeld",
  { name: Schema.String, holder: Schema.String, until: Instant.Instant }
) {
  override get message() {
    return (
      `subscription ${this.name} is run by ${this.holder}, whose lease ends at ${Instant.toString(this.until)} ` +
      `unless it is renewed; stop that one first`
    )
  }
}

/** A checkpoint stands beyond the end of the log, as when the log was restored from an older backup. */
export class SubscriptionAhead extends Schema.TaggedError<SubscriptionAhead>("@pointback/adapters/SubscriptionAhead")(
  "SubscriptionAhead",
  { name: Schema.String, partition: Schema.Int, position: Schema.Int, head: Schema.Int }
) {
  override get message() {
    return (
      `subscription ${this.name} has seen position ${this.position} of partition ${this.partition}, and the log ends ` +
      `at ${this.head}: the log is older than the subscription. Decide what to do about the events that it has seen ` +
      `and that are gone, then reset it`
    )
  }
}

/** The name is taken by a subscription that this database role does not see. */
export class SubscriptionNameTaken extends Schema.TaggedError<SubscriptionNameTaken>(
  "@pointback/adapters/SubscriptionNameTaken"
)("SubscriptionNameTaken", { name: Schema.String }) {
  override get message() {
    return `another database role has a subscription ${this.name}, which this one does not see; choose another name`
  }
}

/** The handler failed as often as it may; the checkpoint stands before its batch. `cause` is its last error. */
export class SubscriptionStopped extends Schema.TaggedError<SubscriptionStopped>(
  "@pointback/adapters/SubscriptionStopped"
)("SubscriptionStopped", {
  name: Schema.String,
  attempts: Schema.Int,
  /** The first event of the batch, and how many it has. */
  partition: Schema.Int,
  position: Schema.Int,
  events: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message() {
    return (
      `subscription ${this.name} stopped: its handler failed ${this.attempts} times with the ${this.events} events ` +
      `from position ${this.position} of partition ${this.partition} on; nothing was skipped. Mend the cause and run it again`
    )
  }
}
