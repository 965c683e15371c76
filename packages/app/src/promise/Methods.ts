/** The methods: each is one use case, with the shape of what it is given. */
import { PolicyStore, Verification } from "@pointback/adapters"
import { Ids, Instant, Points, Policy, RedemptionEvent, Text, Zone } from "@pointback/domain"
import { Duration, Effect, Option, Result, Schema } from "effect"
import * as Json from "../cli/Json.ts"
import { adjustPoints } from "../command/AdjustPoints.ts"
import { aliasAccount } from "../command/AliasAccount.ts"
import type { Caller } from "../command/Command.ts"
import { creditRedemption, recordCredit } from "../command/CreditRedemption.ts"
import { earnPoints } from "../command/EarnPoints.ts"
import { eraseAccount } from "../command/EraseAccount.ts"
import { now } from "../command/Now.ts"
import { redeemPoints } from "../command/RedeemPoints.ts"
import { sweepExpired } from "../command/SweepExpired.ts"
import { UnknownProgram } from "../error/AppError.ts"
import * as History from "../import/History.ts"
import * as ImportFile from "../import/ImportFile.ts"
import { importHistory } from "../import/ImportHistory.ts"
import { type ImportRecord, LotPoints, Moment } from "../import/ImportRecord.ts"
import { judge } from "../import/RecordLine.ts"
import { decideCredit } from "../settle/DecideCredit.ts"
import { settleCredits } from "../settle/SettleCredits.ts"
import { invalid } from "./Errors.ts"
import { instantOf, method, occurrence, optionalInstant } from "./Method.ts"
import { CurrentSettleSettings } from "./Settings.ts"

const ofAccount = { program: Ids.ProgramId, account: Ids.AccountNumber }
const optionalMoment = Schema.optional(Moment)
const lotPoints = Schema.Array(LotPoints).check(Schema.isMinLength(1, { message: "needs at least one lot" }))

const lotsOf = (lots: ReadonlyArray<typeof LotPoints.Type> | undefined) =>
  lots?.map(({ lot, points }) => ({ lotId: lot, points }))

/** A program that there must be, or null for all of them. */
const knownProgram = Effect.fnUntraced(function* (program: Ids.ProgramId | undefined) {
  if (program === undefined) return null
  const { known } = yield* PolicyStore.use((policies) => policies.current(program))
  return known ? program : yield* new UnknownProgram({ program })
})

export const earn = method({
  input: Schema.Struct({
    ...ofAccount,
    lot: Ids.EarnedLotId,
    points: Points.Signed,
    earnedAt: Moment,
    expiresAt: Schema.optional(Schema.NullOr(Moment)),
    occurredAt: optionalMoment,
    source: Schema.optional(Text.Note)
  }),
  run: Effect.fnUntraced(function* ({ account, lot, points, program, source, ...times }, caller: Caller) {
    const lotId = lot
    const earnedAt = yield* instantOf(program, times.earnedAt)
    const expiresAt = (yield* optionalInstant(program, times.expiresAt)) ?? null
    const occurredAt = yield* optionalInstant(program, times.occurredAt)
    return Json.earned(
      yield* earnPoints({ program, account, lotId, points, earnedAt, expiresAt, occurredAt, source }, caller)
    )
  })
})

export const adjust = method({
  input: Schema.Struct({
    ...ofAccount,
    lot: Ids.LotId,
    points: Points.Signed,
    reason: Text.Note,
    key: Text.Identifier,
    occurredAt: optionalMoment
  }),
  run: Effect.fnUntraced(function* ({ lot, occurredAt, ...given }, caller: Caller) {
    const command = { ...given, lotId: lot, ...(yield* occurrence(given.program, occurredAt)) }
    return Json.adjusted(yield* adjustPoints(command, caller))
  })
})

export const redeem = method({
  input: Schema.Struct({
    ...ofAccount,
    redemption: Ids.RedemptionId,
    points: Points.Signed,
    redemptionType: RedemptionEvent.RedemptionType,
    processedBy: Ids.ProcessedBy,
    occurredAt: optionalMoment,
    draws: Schema.optional(lotPoints)
  }),
  run: Effect.fnUntraced(function* ({ draws, occurredAt, redemption, ...given }, caller: Caller) {
    const dated = yield* occurrence(given.program, occurredAt)
    const command = { ...given, ...dated, redemptionId: redemption, draws: lotsOf(draws) }
    return Json.redeem(yield* redeemPoints(command, caller))
  })
})

/** A credit as it is given. */
export const Credit = Schema.Struct({
  ...ofAccount,
  redemption: Ids.RedemptionId,
  creditId: Ids.CreditId,
  points: Schema.optional(Points.Signed),
  lots: Schema.optional(lotPoints),
  occurredAt: optionalMoment
})

/** The credit of the use cases, without its time. */
export const creditCommand = ({ account, creditId, lots, points, program, redemption }: typeof Credit.Type) => ({
  program,
  account,
  redemptionId: redemption,
  creditId,
  points,
  lots: lotsOf(lots)
})

const creditAt = Effect.fnUntraced(function* (credit: typeof Credit.Type) {
  return { ...creditCommand(credit), ...(yield* occurrence(credit.program, credit.occurredAt)) }
})

export const credit = method({
  input: Credit,
  callsMastercard: true,
  run: (given, caller) =>
    Effect.flatMap(creditAt(given), (command) => creditRedemption(command, caller)).pipe(Effect.map(Json.credit))
})

export const recordedCredit = method({
  input: Credit,
  run: (given, caller) =>
    Effect.flatMap(creditAt(given), (command) => recordCredit(command, caller)).pipe(Effect.map(Json.credit))
})

export const settle = method({
  input: Schema.Struct({
    program: Schema.optional(Ids.ProgramId),
    olderThan: Schema.optional(Schema.String),
    absent: Schema.optional(Schema.Literals(["release", "repeat"]))
  }),
  callsMastercard: true,
  run: Effect.fnUntraced(function* (given, caller: Caller) {
    const olderThan =
      given.olderThan === undefined ? undefined : Option.getOrUndefined(Duration.fromInput(given.olderThan as never))
    if (given.olderThan !== undefined && olderThan === undefined) {
      return yield* invalid("olderThan", 'a time such as "90 seconds" or "2 hours" is expected')
    }
    const settling = { program: yield* knownProgram(given.program), olderThan, absent: given.absent }
    return Json.settled(yield* settleCredits(settling, yield* CurrentSettleSettings, caller))
  })
})

export const decide = method({
  input: Schema.Struct({
    ...ofAccount,
    creditId: Ids.CreditId,
    decision: Schema.Literals(["confirm", "release"]),
    actor: Ids.Actor,
    reason: Text.Note
  }),
  run: (given, caller) => Effect.map(decideCredit(given, caller), Json.credit)
})

export const expire = method({
  input: Schema.Struct({ program: Schema.optional(Ids.ProgramId), asOf: optionalMoment }),
  run: Effect.fnUntraced(function* (given, caller: Caller) {
    const program = yield* knownProgram(given.program)
    const asOf = (yield* optionalInstant(program, given.asOf)) ?? (yield* now)
    return Json.swept(program, yield* sweepExpired({ program, asOf }, caller))
  })
})

export const alias = method({
  input: Schema.Struct({ ...ofAccount, newAccount: Ids.AccountNumber, occurredAt: optionalMoment }),
  run: Effect.fnUntraced(function* ({ account, newAccount, program, ...given }, caller: Caller) {
    const { occurredAt } = yield* occurrence(program, given.occurredAt)
    return yield* aliasAccount({ program, account, newAccount, occurredAt }, caller)
  })
})

export const erase = method({
  input: Schema.Struct({ ...ofAccount, actor: Ids.Actor, reason: Text.Note }),
  run: (given) =>
    Effect.map(eraseAccount(given), ({ erasedAt, ...erased }) => ({ ...erased, erasedAt: Instant.toString(erasedAt) }))
})

const ExpiredLots = Schema.String.check(
  Schema.makeFilter((text: string) => /^(expire|refuse|extend:[1-9]\d{0,4})$/.test(text), {
    message: 'must be "expire", "refuse" or "extend:<days>"'
  })
)

const expiredLotsOf = (text: string): Policy.ExpiredLots => {
  if (text === "expire") return { _tag: "Expire" }
  return text === "refuse" ? { _tag: "Refuse" } : { _tag: "Extend", days: Number(text.slice("extend:".length)) }
}

export const setPolicy = method({
  input: Schema.Struct({
    program: Ids.ProgramId,
    scale: Schema.optional(Policy.Policy.fields.scale),
    zone: Schema.optional(Zone.Zone),
    expiredLots: Schema.optional(ExpiredLots),
    creditWindowDays: Schema.optional(Policy.Policy.fields.creditWindowDays),
    agingBoundaries: Schema.optional(Policy.Boundaries)
  }),
  run: Effect.fnUntraced(function* ({ expiredLots, program, ...given }) {
    const fate = expiredLots === undefined ? undefined : yield* readFate(expiredLots)
    const changes = Object.fromEntries(
      Object.entries({ ...given, expiredLots: fate }).filter(([, value]) => value !== undefined)
    )
    const policies = yield* PolicyStore
    const { policy } = yield* policies.revise(program, (terms) => ({ ...terms, ...changes }))
    return Json.policy(program, policy)
  })
})

const readFate = (text: string) =>
  Effect.fromResult(
    Result.mapError(Schema.decodeUnknownResult(Policy.ExpiredLots)(expiredLotsOf(text)), ({ message }) =>
      invalid("expiredLots", message)
    )
  )

const importOf = (history: History.History, caller: Caller) => Effect.map(importHistory(history, caller), Json.imported)

export const importedFile = method({
  input: Schema.Struct({ file: Schema.String.check(Schema.isMinLength(1, { message: "must not be empty" })) }),
  run: ({ file }, caller) =>
    Effect.scoped(Effect.flatMap(ImportFile.read(file), (history) => importOf(history, caller)))
})

export const importedRecords = method({
  input: Schema.Struct({ records: Schema.Array(Schema.Unknown) }),
  run: Effect.fnUntraced(function* ({ records }, caller: Caller) {
    const numbered: Array<{ line: number; record: ImportRecord }> = []
    for (const [index, json] of records.entries()) {
      const record = judge(json)
      if (typeof record === "string") return yield* invalid(`records.${index}`, record)
      numbered.push({ line: index + 1, record })
    }
    return yield* importOf(History.ofRecords(numbered), caller)
  })
})

export const verify = method({
  input: Schema.Struct({ program: Schema.optional(Ids.ProgramId) }),
  run: ({ program }) => Effect.flatMap(knownProgram(program), (known) => Verification.verify(known))
})
