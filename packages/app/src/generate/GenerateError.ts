/** Why a program was not generated. */
import { Schema } from "effect"

/** There is such a file already, and nobody asked to overwrite it. */
export class OutputExists extends Schema.TaggedError<OutputExists>()("OutputExists", {
  file: Schema.String
}) {
  override get message() {
    return `${this.file} is there already; name another folder, or ask to overwrite it`
  }
}

/** The folder cannot be written to. */
export class OutputUnwritable extends Schema.TaggedError<OutputUnwritable>()("OutputUnwritable", {
  folder: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.folder} cannot be written to: ${this.problem}`
  }
}
