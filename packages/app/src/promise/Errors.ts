/** Errors of the promises themselves; use cases fail with those of the domain, the database and Mastercard besides. */
import { Schema } from "effect"

const Problem = Schema.Struct({ field: Schema.String, problem: Schema.String })

/** What was given cannot be read. Names the field, and every other one that cannot be read either. Nothing was done. */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", {
  /** The first of the fields, such as `points` or `lots.0.lot`; `input` for the whole. */
  field: Schema.String,
  /** All of them, each with what is expected of it. */
  problems: Schema.Array(Problem)
}) {
  override get message() {
    return this.problems.map(({ field, problem }) => `${field}: ${problem}`).join("; ")
  }
}

/** One field that cannot be used, and why. */
export const invalid = (field: string, problem: string): InvalidInput =>
  new InvalidInput({ field, problems: [{ field, problem }] })

/** The call's signal was aborted. */
export class CallAborted extends Schema.TaggedError<CallAborted>()("CallAborted", { method: Schema.String }) {
  override get message() {
    return (
      `${this.method} was aborted and may have been recorded or not; ` +
      "the same call again does what is missing and tells what there is"
    )
  }
}

/** `close()` was called before. */
export class PointbackClosed extends Schema.TaggedError<PointbackClosed>()("PointbackClosed", {
  method: Schema.String
}) {
  override get message() {
    return `${this.method} was called after close(); create another Pointback`
  }
}

/** A method that calls Mastercard, where nothing says how to reach it. Nothing was done. */
export class MastercardNotConfigured extends Schema.TaggedError<MastercardNotConfigured>()("MastercardNotConfigured", {
  method: Schema.String
}) {
  override get message() {
    return `${this.method} calls Mastercard; give createPointback \`mastercard\`, or use recordCredit to record without a call`
  }
}

/** A method that calls Mastercard, inside a transaction: what it stores before the call could be undone after it. */
export class MastercardInTransaction extends Schema.TaggedError<MastercardInTransaction>()("MastercardInTransaction", {
  method: Schema.String
}) {
  override get message() {
    return (
      `${this.method} calls Mastercard and must not run inside a transaction; ` +
      "commit first, then call it outside, or use recordCredit inside"
    )
  }
}

/** A bug of Pointback's, or of what it runs on. The cause says more. */
export class UnexpectedFailure extends Schema.TaggedError<UnexpectedFailure>()("UnexpectedFailure", {
  method: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `${this.method} failed in a way that nobody expected; please report it with its cause`
  }
}
