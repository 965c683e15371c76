/** Which call a request is, and what it is about: what faults are chosen by. */
import { Result } from "effect"
import type { Assumptions } from "../mastercard/Assumptions.ts"
import type { CallSubject } from "./SandboxFaultPlan.ts"
import type { Call } from "./SandboxFaults.ts"
import type { SignedRequest } from "./SandboxGateway.ts"
import * as Requests from "./SandboxRequests.ts"

const CALLS: Record<string, Call> = {
  "POST redemptions credits": "credit",
  "POST redemptions": "redeem",
  "GET redemptions": "redemptions",
  "PUT redemptions": "status",
  "GET redeemers": "redeemer",
  "POST redeemers search": "search"
}

const callOf = (method: string, [first = "", second, third]: ReadonlyArray<string>): Call | undefined => {
  if (third === "addresses" || second === "addresses") return "addresses"
  const last = third ?? (second === "search" ? second : undefined)
  return CALLS[[method, first, ...(last === undefined ? [] : [last])].join(" ")]
}

/** Reads the subject of a request from its path below the prefix, its query and its body; undefined where it is no call. */
export const subjectOf = (
  { body, method, url }: SignedRequest,
  path: ReadonlyArray<string>,
  names: Assumptions
): CallSubject | undefined => {
  const call = callOf(method, path)
  if (call === undefined) return undefined
  const [first, id] = path
  const query = (name: string): string | undefined => url.searchParams.get(name) ?? undefined
  if (method === "GET") {
    const account = first === "redeemers" ? id : query(names.historyUserIdParameter)
    return { call, redemption: undefined, account }
  }
  const object = Result.getOrElse(Requests.body(body), () => ({}))
  const text = (name: string): string | undefined => {
    const value = (object as Record<string, unknown>)[name]
    return typeof value === "string" ? value : undefined
  }
  return { call, redemption: call === "credit" ? id : text("redemptionId"), account: text("userId") }
}
