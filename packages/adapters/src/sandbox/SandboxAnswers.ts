/** Writes what the sandbox says, member by member in the order of Mastercard's page. */
import { Instant, Points } from "@pointback/domain"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "../mastercard/Assumptions.ts"
import type { SandboxAnswer, SandboxCommand } from "./SandboxBank.ts"
import * as Codes from "./SandboxCodes.ts"
import type { Part } from "./SandboxLots.ts"
import type { SandboxEntry } from "./SandboxState.ts"

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

const amount = (points: bigint): Json.JsonNumber => Json.number(Points.toString(points))

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
export const history = (entries: ReadonlyArray<SandboxEntry>, { assumptions: names }: Manner): Reply =>
  ok({
    [names.historyEntries]: entries.map((entry) => ({
      [names.entryId]: entry.id,
      [names.entryKind]: entry.kind === "credit" ? names.entryKindCredit : names.entryKindRedemption,
      [names.entryPoints]: amount(entry.points),
      [names.entryAt]: Instant.toString(entry.at),
      [names.entryRedemptionType]: entry.redemptionType,
      [names.entryCreditOf]: entry.creditOf
    }))
  })

const parts = (list: ReadonlyArray<Part>): Json.Json =>
  list.map(({ lotId, points }) => ({ lotId, points: amount(points) }))

/** What truly happened, for the log: also where the caller never got the reply. */
export const logEntry = (command: SandboxCommand, answer: SandboxAnswer, at: Instant.Instant): Json.JsonObject => {
  const head = { at: Instant.toString(at), userId: command.userId }
  switch (answer._tag) {
    case "Refused":
      return { kind: "refused", ...head, command: command._tag, reasonCode: answer.refusal.reasonCode }
    case "AccountStored":
      return { kind: "accountStored", ...head, balance: amount(answer.balance) }
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
        restorations: parts(answer.restorations),
        remaining: amount(answer.remaining),
        balance: amount(answer.balance)
      }
  }
}
