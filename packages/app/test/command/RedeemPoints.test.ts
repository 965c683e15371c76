/** Redemptions of named lots: the same refusals on every store. */
import { Points } from "@pointback/domain"
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { earn, lot, newAccount, points, redeem, redeemed } from "../support/Commands.ts"
import { implementations, worldFor } from "../support/World.ts"

describe.each(implementations)("naming lots on %s", (implementation) => {
  const world = worldFor(implementation)

  const naming = (lotId: string, when: string) =>
    Effect.gen(function* () {
      const account = newAccount()
      yield* redeemed(account)
      yield* earnPoints(earn(account, "C", "10", "2025-11-01"))
      const draws = [{ lotId: lot(lotId), points: points("5") }]
      return yield* redeemPoints({ ...redeem(account, "R2", "5", when), draws })
    })

  it.each([
    ["is empty by then", "A", "2025-12-02", "LotOverdrawn"],
    ["has expired by then", "B", "2026-03-10", "LotExpired"],
    ["does not exist", "Z", "2025-12-02", "UnknownLot"]
  ])("a lot that %s is refused as such", async (_name, lotId, when, tag) => {
    assert.strictEqual((await world.run(Effect.flip(naming(lotId, when))))._tag, tag)
  })

  it("draws exactly what is named, and answers the balance of all lots", async () => {
    const answer = await world.run(naming("C", "2025-12-02"))
    assert.deepStrictEqual(
      answer.draws.map((draw) => [draw.lotId, Points.toString(draw.points)]),
      [["C", "5"]]
    )
    assert.strictEqual(Points.toString(answer.balance), "55")
  })
})
