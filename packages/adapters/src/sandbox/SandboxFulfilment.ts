/** `PUT /redemptions`: the fulfilment status of redemptions. */
import { Option, Result } from "effect"
import { Zone } from "@pointback/domain"
import type * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Codes from "./SandboxCodes.ts"
import * as Requests from "./SandboxRequests.ts"

/** The last status of each redemption. */
export type Fulfilments = Map<string, Json.JsonObject>

const isDay = (text: string): boolean => Option.isSome(Zone.dateFromString(text.slice(0, "2026-02-01".length)))

/** Records a status. `backOrderDate` must be there exactly when the status is B. */
export const update = (
  fulfilments: Fulfilments,
  body: Json.JsonObject,
  knowsRedemption: (redemptionId: string) => boolean,
  { assumptions: names }: Answers.Manner
): Answers.Reply => {
  const status = Result.gen(function* () {
    const redemptionId = yield* Requests.text(body, "redemptionId")
    const statusCode = yield* Requests.text(body, "statusCode")
    const isBackOrder = statusCode === "B"
    if (!isBackOrder && body["backOrderDate"] !== undefined) {
      return yield* Result.fail(Codes.invalid("backOrderDate", "left out unless statusCode is B"))
    }
    const backOrderDate = isBackOrder ? yield* Requests.text(body, "backOrderDate") : undefined
    if (backOrderDate !== undefined && !isDay(backOrderDate)) {
      return yield* Result.fail(Codes.invalid("backOrderDate", "a date such as 2026-02-01"))
    }
    return { redemptionId, statusCode, backOrderDate }
  })
  if (Result.isFailure(status)) return Answers.refused(status.failure)
  const { redemptionId } = status.success
  if (!knowsRedemption(redemptionId)) return Answers.refused(Codes.unknownRedemption)
  fulfilments.set(redemptionId, status.success)
  return { status: 200, body: { [names.fulfilmentMessage]: "Successful Update" } }
}

/** What is known of a redemption, for who looks into the sandbox. */
export const look = (fulfilments: Fulfilments, redemptionId: string): Answers.Reply => {
  const status = fulfilments.get(redemptionId)
  return status === undefined ? Answers.refused(Codes.unknownRedemption) : { status: 200, body: status }
}
