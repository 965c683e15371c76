/** Text that survives JSON, PostgreSQL and a log line unchanged. */
import { Schema } from "effect"

/** Characters of an identifier at most: longer than any known one, short enough for an index entry. */
export const MAXIMUM_IDENTIFIER_LENGTH = 128

/** Characters of a free text (a reason, a source reference) at most. */
export const MAXIMUM_NOTE_LENGTH = 1000

// Control characters break lines and logs, U+0000 is refused by PostgreSQL, a lone surrogate is replaced by it.
const WELL_FORMED = /^(?:[^\p{Cc}\p{Cs}])*$/u

const wellFormed = Schema.isPattern(WELL_FORMED, { message: "must have no control characters and be well-formed" })
const trimmed = Schema.isTrimmed({ message: "must not begin or end with a blank" })
const notEmpty = Schema.isMinLength(1, { message: "must not be empty" })

/** An identifier: 1 to 128 characters, no control characters, no blank at either end. */
export const Identifier = Schema.String.check(
  notEmpty,
  Schema.isMaxLength(MAXIMUM_IDENTIFIER_LENGTH, {
    message: `must have at most ${MAXIMUM_IDENTIFIER_LENGTH} characters`
  }),
  trimmed,
  wellFormed
)

/** Identifiers that we make from others may be a little longer than what a user can give. */
export const DerivedIdentifier = Schema.String.check(
  notEmpty,
  Schema.isMaxLength(MAXIMUM_IDENTIFIER_LENGTH + 32),
  trimmed,
  wellFormed
)

/** A note: 1 to 1000 characters, no control characters. */
export const Note = Schema.String.check(
  notEmpty,
  Schema.isMaxLength(MAXIMUM_NOTE_LENGTH, { message: `must have at most ${MAXIMUM_NOTE_LENGTH} characters` }),
  trimmed,
  wellFormed
)
