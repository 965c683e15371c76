/** The methods that ask about the past: each is one question, with the shape of what it is given. */
import { Entry, Ids, Instant, Triangle } from "@pointback/domain"
import { Effect, Schema } from "effect"
import * as HistoryJson from "../cli/HistoryJson.ts"
import * as Json from "../cli/Json.ts"
import type { Json as AnyJson } from "../cli/Output.ts"
import * as QuestionJson from "../cli/QuestionJson.ts"
import { now } from "../command/Now.ts"
import { MAXIMUM_PAGE, PAGE } from "../http/Limits.ts"
import { Moment } from "../import/ImportRecord.ts"
import * as AccountHistory from "../query/AccountHistory.ts"
import { aging } from "../query/Aging.ts"
import * as Known from "../query/Known.ts"
import { redemptions } from "../query/Redemptions.ts"
import { restatement } from "../query/Restatement.ts"
import { cellEvents, rollForward, triangle } from "../query/RollForward.ts"
import { schedule } from "../query/Schedule.ts"
import { statement } from "../query/Statement.ts"
import type * as Answers from "./Answers.ts"
import { instantOf, method, optionalInstant } from "./Method.ts"

const ofAccount = { program: Ids.ProgramId, account: Ids.AccountNumber }
const ofProgram = { program: Ids.ProgramId, account: Schema.optional(Ids.AccountNumber) }
const optionalMoment = Schema.optional(Moment)
const asKnown = { knownAt: optionalMoment }
const asOfKnown = { asOf: optionalMoment, ...asKnown }
const interval = { from: Moment, to: Moment, ...asKnown }
const basis = Schema.optional(Schema.Literals(["age", "to-expiry"]))

/** The shape of JSON that the command line prints as well; a test holds each against its type. */
const shaped = <Answer>(json: AnyJson): Answer => json as Answer

interface Clocks {
  readonly asOf?: string | undefined
  readonly knownAt?: string | undefined
}

/** Both clocks of a question. */
const clocks = Effect.fnUntraced(function* (program: Ids.ProgramId, given: Clocks) {
  return {
    asOf: (yield* optionalInstant(program, given.asOf)) ?? (yield* now),
    knownAt: (yield* optionalInstant(program, given.knownAt)) ?? null
  }
})

const period = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  given: { readonly from: string; readonly to: string; readonly knownAt?: string | undefined }
) {
  return {
    from: yield* instantOf(program, given.from),
    to: yield* instantOf(program, given.to),
    knownAt: (yield* optionalInstant(program, given.knownAt)) ?? null
  }
})

export const askAging = method({
  input: Schema.Struct({ ...ofProgram, ...asOfKnown, basis }),
  run: Effect.fnUntraced(function* (given) {
    const { account, program } = given
    const at = yield* clocks(program, given)
    const asked = { program, account: account ?? null, basis: given.basis ?? "age", withLots: true, ...at } as const
    return Json.aging(yield* aging(asked), true)
  })
})

export const askSchedule = method({
  input: Schema.Struct({ ...ofProgram, ...asOfKnown }),
  run: Effect.fnUntraced(function* (given) {
    const { account, program } = given
    const answer = yield* schedule({ program, account: account ?? null, ...(yield* clocks(program, given)) })
    return shaped<Answers.Schedule>(QuestionJson.schedule(answer))
  })
})

export const askStatement = method({
  input: Schema.Struct({ ...ofAccount, ...interval }),
  run: Effect.fnUntraced(function* (given) {
    const { account, program } = given
    const answer = yield* statement({ program, account, ...(yield* period(program, given)) })
    return shaped<Answers.Statement>(QuestionJson.statement(answer))
  })
})

export const askRollForward = method({
  input: Schema.Struct({ ...ofProgram, ...interval, cohorts: Schema.optional(Schema.Boolean) }),
  run: Effect.fnUntraced(function* (given) {
    const { account, cohorts, program } = given
    const asked = { program, account, withCohorts: cohorts ?? false, ...(yield* period(program, given)) }
    return shaped<Answers.RollForward>(QuestionJson.rollForward(yield* rollForward(asked)))
  })
})

export const askRollForwardEvents = method({
  input: Schema.Struct({
    ...ofProgram,
    ...interval,
    cohorts: Schema.optional(Schema.Boolean),
    period: Schema.String,
    column: Schema.Literals(Entry.COLUMNS)
  }),
  run: Effect.fnUntraced(function* (given) {
    const { account, cohorts, column, program } = given
    const asked = { program, account, withCohorts: cohorts ?? false, ...(yield* period(program, given)) }
    const answer = yield* cellEvents({ ...asked, period: given.period, column })
    return shaped<Answers.RollForwardEvents>(QuestionJson.cellEvents(answer))
  })
})

export const askTriangle = method({
  input: Schema.Struct({
    program: Ids.ProgramId,
    ...interval,
    measure: Schema.optional(Schema.Literals(Triangle.MEASURES))
  }),
  run: Effect.fnUntraced(function* (given) {
    const { measure, program } = given
    const asked = { program, measure: measure ?? "closing", ...(yield* period(program, given)) } as const
    return shaped<Answers.Triangle>(QuestionJson.triangle(yield* triangle(asked)))
  })
})

export const askRestatement = method({
  input: Schema.Struct({ ...ofProgram, asOf: optionalMoment, basis, knownFrom: Moment, knownTo: Moment }),
  run: Effect.fnUntraced(function* (given) {
    const { account, program } = given
    const { asOf } = yield* clocks(program, { asOf: given.asOf })
    const knownFrom = yield* instantOf(program, given.knownFrom)
    const knownTo = yield* instantOf(program, given.knownTo)
    const asked = { program, account: account ?? null, asOf, basis: given.basis ?? "age", knownFrom, knownTo } as const
    return shaped<Answers.Restatement>(QuestionJson.restatement(yield* restatement(asked)))
  })
})

export const askRedemptions = method({
  input: Schema.Struct({
    ...ofAccount,
    limit: Schema.optional(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MAXIMUM_PAGE }))),
    after: Schema.optional(Schema.NullOr(Schema.Struct({ redemption: Ids.RedemptionId, redeemedAt: Instant.Instant })))
  }),
  run: Effect.fnUntraced(function* ({ account, after, limit = PAGE, program }) {
    yield* Known.policy({ program })
    const place =
      after === undefined || after === null ? null : { redemptionId: after.redemption, redeemedAt: after.redeemedAt }
    // One more than is given tells whether there are more.
    const found = yield* redemptions({ program, account, after: place, limit: limit + 1 })
    const shown = found.slice(0, limit).map(HistoryJson.summary)
    const more = found.length > limit
    const last = shown[shown.length - 1]
    const next = more && last !== undefined ? { redemption: last.redemption, redeemedAt: last.redeemedAt } : null
    return { program, account, redemptions: shown, more, next }
  })
})

export const askLotHistory = method({
  input: Schema.Struct({ ...ofAccount, lot: Ids.LotId, ...asOfKnown }),
  run: Effect.fnUntraced(function* (given) {
    const { account, lot, program } = given
    const asked = { program, account, lotId: lot, ...(yield* clocks(program, given)) }
    return shaped<Answers.LotHistory>(HistoryJson.lot(asked, yield* AccountHistory.lotTimeline(asked)))
  })
})

export const askRedemptionHistory = method({
  input: Schema.Struct({ ...ofAccount, redemption: Ids.RedemptionId, ...asOfKnown }),
  run: Effect.fnUntraced(function* (given) {
    const { account, program, redemption } = given
    const asked = { program, account, redemptionId: redemption, ...(yield* clocks(program, given)) }
    const timeline = yield* AccountHistory.redemptionTimeline(asked)
    return shaped<Answers.RedemptionHistory>(HistoryJson.redemption(asked, timeline))
  })
})
