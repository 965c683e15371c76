/** Commands of one account that are carried out together leave what they would leave one after the other. */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { adjustPoints } from "../../src/command/AdjustPoints.ts"
import { recordCredit } from "../../src/command/CreditRedemption.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import { adjust, credit, earn, newAccount, redeem } from "../support/Commands.ts"
import { worldFor } from "../support/World.ts"

describe.each(["pglite", "postgres"] as const)("%s", (implementation) => {
  const world = worldFor(implementation)

  it("also where an earlier instant of one of them makes another one see movements that cancel each other", async () => {
    const account = newAccount()
    await world.run(earnPoints(earn(account, "A", "100", "2025-01-10", "2026-01-10")))
    await world.run(earnPoints(earn(account, "B", "100", "2025-01-10")))
    await world.run(redeemPoints(redeem(account, "R", "50", "2026-01-01")))
    await world.run(recordCredit(credit(account, "R", "live", "2026-01-05", "5")))
    // Restored and expired in one entry: A holds what it held.
    await world.run(recordCredit(credit(account, "R", "expired", "2026-01-11", "5")))
    await world.run(
      Effect.all(
        [
          // The first is carried out alone, while the others gather.
          adjustPoints(adjust(account, "first", "B", "1", "2026-01-02")),
          adjustPoints(adjust(account, "earlier", "B", "1", "2026-01-02")),
          recordCredit(credit(account, "R", "together", "2026-01-06", "5"))
        ],
        { concurrency: "unbounded" }
      )
    )
    assert.deepStrictEqual(await world.differences(), [])
  })
})
