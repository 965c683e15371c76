/** Failures of use cases that are no refusals of the domain. */
import { Instant } from "@pointback/domain"
import { Schema } from "effect"

/** Nothing was ever recorded of the program, nor a policy set for it. */
export class UnknownProgram extends Schema.TaggedError<UnknownProgram>()("UnknownProgram", {
  program: Schema.String
}) {
  override get message() {
    return `there is no program ${this.program}; \`program set\` makes one, and so does its first \`earn\``
  }
}

/** The role is none that is held to programs. */
export class UnknownRole extends Schema.TaggedError<UnknownRole>()("UnknownRole", { role: Schema.String }) {
  override get message() {
    return `no role ${this.role} is held to programs; \`program-role list\` lists those that are`
  }
}

/** Nothing was ever recorded of the account. */
export class UnknownAccount extends Schema.TaggedError<UnknownAccount>()("UnknownAccount", {
  program: Schema.String,
  account: Schema.String
}) {
  override get message() {
    return `program ${this.program} has no account ${this.account}; its first \`earn\` makes it`
  }
}

/** The number stands for another account. */
export class NumberTaken extends Schema.TaggedError<NumberTaken>()("NumberTaken", {
  program: Schema.String,
  account: Schema.String
}) {
  override get message() {
    return `program ${this.program} has another account ${this.account}; a number stands for one account`
  }
}

/** The account had no such lot on the clocks of the question. */
export class LotNotFound extends Schema.TaggedError<LotNotFound>()("LotNotFound", {
  lot: Schema.String,
  asOf: Instant.Instant
}) {
  override get message() {
    return `this account had no lot ${this.lot} as of ${Instant.toString(this.asOf)}, as it is known; \`aging --lots\` lists lots that hold points`
  }
}

/** The account had no such redemption on the clocks of the question. */
export class RedemptionNotFound extends Schema.TaggedError<RedemptionNotFound>()("RedemptionNotFound", {
  redemption: Schema.String,
  asOf: Instant.Instant
}) {
  override get message() {
    return `this account had no redemption ${this.redemption} as of ${Instant.toString(this.asOf)}, as it is known`
  }
}

/** The key stands for a command with other content (law L8). Names the fields that differ. */
export class KeyConflict extends Schema.TaggedError<KeyConflict>()("KeyConflict", {
  kind: Schema.String,
  key: Schema.String,
  fields: Schema.Array(Schema.String)
}) {
  override get message() {
    return (
      `${this.kind} ${this.key} is known already and differs in ${this.fields.join(", ")}; ` +
      "repeat it with the same content, or use a new key"
    )
  }
}

/** Others kept appending to the account. Nothing was recorded, the key is free. */
export class AccountBusy extends Schema.TaggedError<AccountBusy>()("AccountBusy", {
  attempts: Schema.Natural
}) {
  override get message() {
    return `others kept changing the account through ${this.attempts} attempts; nothing was recorded, try again`
  }
}

/** An interval in which nothing can lie, or too much. */
export class InvalidInterval extends Schema.TaggedError<InvalidInterval>()("InvalidInterval", {
  from: Schema.String,
  to: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `from ${this.from} to ${this.to}: ${this.problem}`
  }
}

/** A cell was asked for in a period that the report does not have. */
export class UnknownPeriod extends Schema.TaggedError<UnknownPeriod>()("UnknownPeriod", {
  period: Schema.String,
  periods: Schema.Array(Schema.String)
}) {
  override get message() {
    return `there is no period ${this.period}; the report has ${this.periods[0]} to ${this.periods.at(-1)}`
  }
}

/** No open break has the id. */
export class UnknownBreak extends Schema.TaggedError<UnknownBreak>()("UnknownBreak", { id: Schema.String }) {
  override get message() {
    return `no open break has the id ${this.id}; \`pointback breaks\` lists them`
  }
}
