/** The two clocks of a question over HTTP (law L11). */
import { PolicyStore } from "@pointback/adapters"
import type { Ids } from "@pointback/domain"
import { Effect } from "effect"
import * as Input from "../cli/Input.ts"
import { now } from "../command/Now.ts"
import { moment } from "./Handling.ts"

/** The instant of knowledge, and what reads dates: by the zone of the policy as known then. */
export const read = Effect.fnUntraced(function* (program: Ids.ProgramId, query: { readonly knownAt?: string }) {
  const knownAt = (yield* moment(program, "knownAt", query.knownAt)) ?? null
  const { policy } = yield* (yield* PolicyStore).knownAt(program, knownAt)
  const { zone } = policy
  const at = (field: string, value: string) => Input.momentIn(zone, field, value)
  const orNow = (field: string, value: string | undefined) => (value === undefined ? now : at(field, value))
  return { knownAt, zone, at, orNow }
})
