import { HashMap, Result, Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Account from "../../src/account/Account.ts"
import { decide } from "../../src/command/Decide.ts"
import * as Fact from "../../src/event/Fact.ts"
import * as Lots from "../../src/lot/Lots.ts"
import { history, policy } from "../support/History.ts"

const encode = Schema.encodeSync(Fact.Event)
const decode = Schema.decodeUnknownSync(Fact.Event)

const throughJson = (event: Fact.Event): Fact.Event => decode(JSON.parse(JSON.stringify(encode(event))))

/** An account as plain data, in an order that does not depend on how it came about. */
const plain = ({ creditIds, lots, redemptions }: Account.Account) => ({
  lots: Array.from(HashMap.values(lots.byId)).sort(Lots.compareForDraw),
  redemptions: new Map(Array.from(redemptions).sort(([a], [b]) => (a < b ? -1 : 1))),
  creditIds: Array.from(creditIds).sort()
})

describe("L10 replay", () => {
  it("L10 replay: an event is the same after its way through JSON, and so is its JSON", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (const { event } of facts) {
          const read = throughJson(event)
          expect(read).toEqual(event)
          expect(JSON.stringify(encode(read))).toBe(JSON.stringify(encode(event)))
        }
      })
    )
  })

  it("L10 replay: stored events lead to the state that the decisions led to, at every prefix", () => {
    fc.assert(
      fc.property(history(), ({ steps }) => {
        let replayed = Account.empty
        for (const { after, outcome } of steps) {
          const facts = Result.getOrElse(outcome, () => [])
          replayed = Account.evolveAll(
            replayed,
            facts.map((fact) => ({ ...fact, event: throughJson(fact.event) }))
          )
          expect(plain(replayed)).toEqual(plain(after))
        }
      })
    )
  })

  it("L10 replay: streams keep their names", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        for (const { stream } of facts) expect(Fact.streamFromName(Fact.streamName(stream))).toEqual(stream)
      })
    )
  })

  it("L10 replay: lots and fates are chosen once; a confirmation under any other policy books the same", () => {
    fc.assert(
      fc.property(history(), policy, ({ steps }, other) => {
        for (const { before, command, outcome } of steps) {
          if (command._tag !== "ConfirmCredit") continue
          expect(decide(command, before, { ...other, creditWindowDays: 1, version: 99 })).toEqual(outcome)
        }
      })
    )
  })

  it("L10 replay: what is decided from a state that was replayed is what was decided", () => {
    fc.assert(
      fc.property(history(), ({ facts, steps }) => {
        let length = 0
        for (const { command, outcome, policy } of steps) {
          const log = facts.slice(0, length).map((fact) => ({ ...fact, event: throughJson(fact.event) }))
          expect(decide(command, Account.evolveAll(Account.empty, log), policy)).toEqual(outcome)
          length += Result.getOrElse(outcome, () => []).length
        }
      }),
      { numRuns: 30 }
    )
  })

  it("L10 replay: the lots alone, and the redemptions alone, are what the whole state holds of them", () => {
    fc.assert(
      fc.property(history(), ({ account, facts }) => {
        const lots = facts.reduce(Account.evolveLots, Lots.empty)
        const { creditIds, redemptions } = facts.reduce(Account.evolveRedemption, Account.empty)
        expect(plain({ lots, redemptions, creditIds })).toEqual(plain(account))
      })
    )
  })
})
