/** A program's policy, as bodies carry it. */
import { type DatabaseError, PolicyStore, type PolicyTerms } from "@pointback/adapters"
import type { Ids, Policy } from "@pointback/domain"
import { Effect } from "effect"
import { UnknownProgram } from "../error/AppError.ts"
import type { PolicyChange } from "./Shapes.ts"

/** The policy of a program that there must be. */
export const known = Effect.fnUntraced(function* (
  program: Ids.ProgramId
): Effect.fn.Return<Policy.Policy, UnknownProgram | DatabaseError, PolicyStore> {
  const current = yield* (yield* PolicyStore).current(program)
  return current.known ? current.policy : yield* new UnknownProgram({ program })
})

const fate = (text: string): Policy.ExpiredLots => {
  if (text === "expire") return { _tag: "Expire" }
  return text === "refuse" ? { _tag: "Refuse" } : { _tag: "Extend", days: Number(text.slice("extend:".length)) }
}

/** The terms that a body changes. */
export const of = ({ expiredLots, ...others }: typeof PolicyChange.Type): Partial<PolicyTerms> => ({
  ...others,
  ...(expiredLots === undefined ? {} : { expiredLots: fate(expiredLots) })
})
