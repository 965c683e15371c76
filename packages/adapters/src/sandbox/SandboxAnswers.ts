/** Writes what the sandbox says, member by member in the order of Mastercard's page. */
import { Instant, Points } from "@pointback/domain"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "../mastercard/Assumptions.ts"
import type { SandboxAnswer, SandboxCommand } from "./SandboxBank.ts"
import * as Codes from "./SandboxCodes.ts"
import type { CallSubject } from "./SandboxFaultPlan.ts"
import type { Fault } from "./SandboxFaults.ts"
import type { Part, Restoration } from "./SandboxLots.ts"
import type { SandboxRules } from "./SandboxRules.ts"
import type { SandboxEntry } from "./SandboxHistory.ts"

/** A status and a body, and headers beside those of every reply. */
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: Json.Json
}

/** How the sandbox names itself and the open points of the API. */
export interface Manner {
  readonly programName: string
  readonly assumptions: Assumptions
}

/** An amount of points. */
export const amount = (points: bigint): Json.JsonNumber => Json.number(Points.toString(points))

const ok = (body: Json.Json): Reply => ({ status: 200, body })

/** A refusal. */
export const refused = (refusal: Codes.Refusal): Reply => ({ status: refusal.status, body: Codes.toBody(refusal) })

/** The reply to a command. */
export const reply = (command: SandboxCommand, answer: SandboxAnswer, manner: Manner): Reply => {
  const names = manner.assumptions
  switch (answer._tag) {
    case "Refused":
      return refused(answer.refusal)
    case "AccountStored":
      return ok({ [names.balance]: amount(answer.balance) })
    case "RulesStored":
      return ok(command._tag === "PutRules" ? rules(command.rules) : {})
    case "Redeemed":
      return ok({ [names.redeemedId]: answer.redemptionId, [names.balance]: amount(answer.balance) })
    case "Credited":
      return ok({
        pointBalance: amount(answer.balance),
        // Only a partial credit carries it.
        partialCreditPointBalRemain:
          command._tag === "Credit" && command.points !== undefined ? amount(answer.remaining) : undefined,
        programName: manner.programName,
        id: names.creditAnswerId === "credit" ? answer.creditId : answer.redemptionId
      })
  }
}

/** The reply about a redeemer. */
export const redeemer = (balance: bigint, { assumptions, programName }: Manner): Reply =>
  ok({ [assumptions.balance]: amount(balance), [assumptions.programName]: programName })

/** A page of the history. */
export const history = (
  entries: ReadonlyArray<SandboxEntry>,
  { assumptions: names }: Manner,
  { creditNamesRedemption }: SandboxRules
): Reply =>
  ok({
    [names.historyEntries]: entries.map((entry) => ({
      [names.entryId]: entry.id,
      [names.entryKind]: entry.kind === "credit" ? names.entryKindCredit : names.entryKindRedemption,
      [names.entryPoints]: amount(entry.points),
      [names.entryAt]: Instant.toString(entry.at),
      [names.entryRedemptionType]: entry.redemptionType,
      [names.entryCreditOf]: creditNamesRedemption ? entry.creditOf : undefined
    }))
  })

/** The rules as JSON can hold them. Spans are milliseconds. */
export const rules = (rules: SandboxRules): Json.JsonObject =>
  Object.fromEntries(
    Object.entries(rules).map(([name, value]) => [
      name,
      typeof value === "number" ? Json.number(value.toString()) : value
    ])
  )

/** What a credit gave back, lot by lot; only what is out of the ordinary is said of a part. */
export const restorations = (list: ReadonlyArray<Restoration>): Json.Json =>
  list.map(({ from, isExpired, lotId, points }) => ({
    lotId,
    points: amount(points),
    expired: isExpired ? true : undefined,
    from
  }))

/** Points lot by lot. */
export const parts = (list: ReadonlyArray<Part>): Json.Json =>
  list.map(({ lotId, points }) => ({ lotId, points: amount(points) }))

/** What truly happened, for the log: also where the caller never got the reply. */
export const logEntry = (
  command: SandboxCommand,
  answer: SandboxAnswer,
  at: Instant.Instant,
  fault: Fault | undefined
): Json.JsonObject => {
  const head = { at: Instant.toString(at), fault, userId: "userId" in command ? command.userId : undefined }
  switch (answer._tag) {
    case "Refused":
      return {
        kind: "refused",
        ...head,
        command: command._tag,
        redemptionId: "redemptionId" in command ? command.redemptionId : undefined,
        reasonCode: answer.refusal.reasonCode
      }
    case "RulesStored":
      return { kind: "rulesStored", ...head }
    case "AccountStored":
      return {
        kind: "accountStored",
        ...head,
        successor: command._tag === "ReplaceAccount" ? command.successor : undefined,
        balance: amount(answer.balance)
      }
    case "Redeemed":
      return {
        kind: "redeemed",
        ...head,
        redemptionId: answer.redemptionId,
        draws: parts(answer.draws),
        balance: amount(answer.balance)
      }
    case "Credited":
      return {
        kind: "credited",
        ...head,
        redemptionId: answer.redemptionId,
        creditId: answer.creditId,
        points: amount(answer.points),
        restorations: restorations(answer.restorations),
        remaining: amount(answer.remaining),
        balance: amount(answer.balance)
      }
  }
}

/** A call that a fault befell and that changed nothing, for the log. */
export const faultEntry = (
  { account, call, redemption }: CallSubject,
  fault: Fault,
  at: Instant.Instant
): Json.JsonObject => ({
  kind: "nothing",
  at: Instant.toString(at),
  fault,
  userId: account,
  call,
  redemptionId: redemption
})
