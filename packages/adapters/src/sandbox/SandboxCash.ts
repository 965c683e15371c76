/** Redemptions that are sized by cash: what they cost in points, exactly. */
import { Points } from "@pointback/domain"
import { Option, Result } from "effect"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "../mastercard/Assumptions.ts"
import * as Codes from "./SandboxCodes.ts"

const amountOf = (value: Json.Json | undefined): bigint | undefined =>
  Option.getOrUndefined(
    Option.flatMap(Json.decimalOf(value, false), (text) => Result.getSuccess(Points.fromString(text)))
  )

/**
 * The request with its size in points. Where both sizes are given they must agree: what Mastercard makes of two that do
 * not is not public.
 */
export const sized = (
  asked: Json.JsonObject,
  names: Assumptions,
  pointsPerCash: bigint
): Result.Result<Json.JsonObject, Codes.Refusal> => {
  const given = asked[names.redeemCash]
  if (given === undefined || given === null) return Result.succeed(asked)
  const cash = amountOf(given)
  if (cash === undefined || cash <= 0n) return Result.fail(Codes.invalid(names.redeemCash, "a number above zero"))
  const points = cash * pointsPerCash
  const inPoints = asked[names.redeemPoints]
  return inPoints === undefined || amountOf(inPoints) === points
    ? Result.succeed({ ...asked, [names.redeemPoints]: Json.number(Points.toString(points)) })
    : Result.fail(Codes.invalid(names.redeemPoints, `${Points.toString(points)}, which is what the cash costs`))
}
