/** Why a sandbox does not start. */
import { Schema } from "effect"

/** The sandbox could not be started. */
export class SandboxNotStarted extends Schema.TaggedError<SandboxNotStarted>()("SandboxNotStarted", {
  problem: Schema.String
}) {
  override get message(): string {
    return `The sandbox could not be started: ${this.problem}`
  }
}
