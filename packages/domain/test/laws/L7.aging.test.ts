import { HashMap } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Account from "../../src/account/Account.ts"
import { history } from "../support/History.ts"
import { isCredited, lotsOf } from "../support/Model.ts"

describe("L7 aging", () => {
  it("L7 aging: no fact changes the earnedAt or expiresAt of a lot that exists", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const first = new Map<string, readonly [bigint, bigint | null]>()
        let account = Account.empty
        for (const fact of facts) {
          account = Account.evolve(account, fact)
          for (const { earnedAt, expiresAt, lotId } of HashMap.values(account.lots.byId)) {
            const known = first.get(lotId)
            if (known === undefined) first.set(lotId, [earnedAt, expiresAt])
            else expect([earnedAt, expiresAt]).toEqual(known)
          }
        }
        for (const [lotId, { earnedAt, expiresAt }] of lotsOf(facts)) {
          expect(first.get(lotId)).toEqual([earnedAt, expiresAt])
        }
      })
    )
  })

  it("L7 aging: draws and restorations carry the aging status of their lot as it was earned", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const lots = lotsOf(facts)
        for (const { event } of facts) {
          if (event._tag !== "Redeemed" && !isCredited(event)) continue
          const parts = event._tag === "Redeemed" ? event.draws : event.restorations
          for (const { earnedAt, expiresAt, lotId } of parts) {
            expect(lots.get(lotId)).toMatchObject({ earnedAt, expiresAt })
          }
        }
      })
    )
  })

  it("L7 aging: extended points keep the earnedAt of the lot that they were drawn from", () => {
    fc.assert(
      fc.property(history(), ({ facts }) => {
        const lots = lotsOf(facts)
        for (const { event } of facts) {
          if (!isCredited(event)) continue
          for (const { earnedAt, fate, from } of event.restorations) {
            expect(from !== undefined).toBe(fate === "extended")
            if (from !== undefined) expect(earnedAt).toBe(lots.get(from)?.earnedAt)
          }
        }
      })
    )
  })

  it("L7 aging: lots come to be by earning and by extension alone", () => {
    fc.assert(
      fc.property(history(), ({ account, facts }) => {
        const lots = Array.from(HashMap.keys(account.lots.byId)).sort()
        expect(lots).toEqual(Array.from(lotsOf(facts).keys()).sort())
      })
    )
  })
})
