/** A sandbox as a process of its own, for the benchmark; ends with its parent. Knows as many redemptions as it is told. */
import { Sandbox, type SandboxCommand } from "@pointback/adapters"
import { Instant } from "@pointback/domain"
import { Effect, Redacted } from "effect"

/** What the parent says first. */
export interface SandboxOrder {
  readonly consumerKey: string
  readonly publicKey: string
  /** Every account has one redemption, named as the account is. */
  readonly accounts: ReadonlyArray<string>
  /** What each lot holds and each redemption is of. */
  readonly points: string
}

const earnedAt = Instant.fromStringUnsafe("2025-01-10T00:00:00Z")

const known = ({ accounts, points }: SandboxOrder): ReadonlyArray<SandboxCommand> =>
  accounts.flatMap((userId): ReadonlyArray<SandboxCommand> => {
    const amount = BigInt(points)
    const lot = { lotId: "lot", earnedAt, expiresAt: undefined, points: amount }
    return [
      { _tag: "PutAccount", userId, lots: [lot] },
      {
        _tag: "PutRedemption",
        redemptionId: userId,
        userId,
        redemptionType: "MERCHANDISE",
        points: amount,
        draws: undefined,
        at: earnedAt
      }
    ]
  })

process.on("disconnect", () => process.exit(0))
process.once("message", (order: SandboxOrder) => {
  const layer = Sandbox.layer({ consumerKey: Redacted.make(order.consumerKey), publicKey: order.publicKey })
  const serve = Effect.gen(function* () {
    const sandbox = yield* Sandbox
    for (const command of known(order)) yield* sandbox.run(command)
    process.send?.({ url: sandbox.url.href })
    return yield* Effect.never
  })
  void Effect.runPromise(Effect.provide(serve, layer))
})
