// An Effect program: use cases are effects, and layers say on what they run.
import { aging, creditRedemption, earnPoints, redeemPoints } from "@pointback/app"
import { Mastercard, PostgresDatabase, Stores } from "@pointback/adapters"
import { Ids, Instant, Points } from "@pointback/domain"
import { Config, Console, Effect, Layer, Result } from "effect"

const points = (text: string) => Result.getOrThrow(Points.fromString(text))
const on = (date: string) => Instant.fromStringUnsafe(`${date}T00:00:00Z`)

const program = Effect.gen(function* () {
  const target = {
    program: Ids.ProgramId.make("rewards"),
    account: Ids.AccountNumber.make(yield* Config.String("ACCOUNT"))
  }
  const redemptionId = Ids.RedemptionId.make(yield* Config.String("REDEMPTION"))
  yield* earnPoints({
    ...target,
    lotId: Ids.LotId.make("spring"),
    points: points("100"),
    earnedAt: on("2025-03-10"),
    expiresAt: null
  })
  yield* redeemPoints({
    ...target,
    redemptionId,
    points: points("60"),
    redemptionType: "MERCHANDISE",
    processedBy: Ids.ProcessedBy.make("E078562"),
    occurredAt: on("2025-12-01"),
    dated: true
  })
  const credited = yield* creditRedemption({
    ...target,
    redemptionId,
    creditId: Ids.CreditId.make("refund-1"),
    points: points("20"),
    occurredAt: on("2026-01-20"),
    dated: true
  }).pipe(Effect.catchTag("ExceedsRemaining", ({ remaining }) => Effect.die(`only ${remaining} remain`)))
  const { total } = yield* aging({ ...target, account: target.account, asOf: on("2026-01-21"), basis: "age" })
  yield* Console.log(
    `${credited.outcome}: ${Points.toString(credited.points)} points back, ${Points.toString(total)} held`
  )
})

const database = Layer.unwrap(Effect.map(Config.Redacted("DATABASE_URL"), (url) => PostgresDatabase.layer({ url })))

const layer = Stores.layer.pipe(Layer.provideMerge(database), Layer.merge(Mastercard.layerEnvironment))

await Effect.runPromise(Effect.provide(program, layer))
