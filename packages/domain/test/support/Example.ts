/** Given, when, then for examples; facts are compared exactly, order included, and a missing refusal fails the test. */
import { Result } from "effect"
import { expect } from "vitest"
import * as Account from "../../src/account/Account.ts"
import type { Command } from "../../src/command/Decide.ts"
import { decide } from "../../src/command/Decide.ts"
import type { Fact } from "../../src/event/Fact.ts"
import type { Policy } from "../../src/program/Policy.ts"
import { initial } from "../../src/program/Policy.ts"
import type { Refusal } from "../../src/refusal/Refusal.ts"

type RefusalOf<Tag extends Refusal["_tag"]> = Extract<Refusal, { _tag: Tag }>
type FieldsOf<Tag extends Refusal["_tag"]> = Partial<Omit<RefusalOf<Tag>, "_tag" | keyof Error>>

/** History of one account, as facts in the order of the log. */
export const given = (facts: ReadonlyArray<Fact>) => ({
  /** Decides a command on that history. */
  when: (command: Command, policy: Policy = initial) => {
    const outcome = decide(command, Account.evolveAll(Account.empty, facts), policy)
    return {
      /** Exactly these facts, in this order. Answers the history with them, for the next step. */
      then: (expected: ReadonlyArray<Fact>): ReadonlyArray<Fact> => {
        expect(outcome).toEqual(Result.succeed(expected))
        return [...facts, ...expected]
      },
      /** Exactly this refusal, with at least these fields. */
      thenRefused: <Tag extends Refusal["_tag"]>(tag: Tag, fields: FieldsOf<Tag> = {}): void => {
        const refusal = Result.isFailure(outcome) ? outcome.failure : undefined
        expect(refusal?._tag ?? "accepted").toBe(tag)
        expect(refusal).toMatchObject(fields)
      }
    }
  }
})

/** Appends to a history what commands bring about; none of them may be refused. */
export const append = (
  facts: ReadonlyArray<Fact>,
  commands: ReadonlyArray<Command>,
  policy: Policy = initial
): ReadonlyArray<Fact> => {
  const log = facts.slice()
  let account = Account.evolveAll(Account.empty, facts)
  for (const command of commands) {
    const decided = Result.getOrThrow(decide(command, account, policy))
    log.push(...decided)
    account = Account.evolveAll(account, decided)
  }
  return log
}
