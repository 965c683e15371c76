// An Effect program, over HTTP: the typed client of `pointback serve`. Problems are its failures.
import { HttpApiClient } from "@pointback/app/http-client"
import { Ids, Points } from "@pointback/domain"
import { Config, Console, Effect, Result } from "effect"
import { FetchHttpClient } from "effect/http"

const points = (text: string) => Result.getOrThrow(Points.fromString(text))

const program = Effect.gen(function* () {
  const url = yield* Config.String("POINTBACK_URL")
  const client = yield* HttpApiClient.make({ url, key: yield* Config.Redacted("POINTBACK_KEY") })
  const params = {
    program: Ids.ProgramId.make("rewards"),
    account: Ids.AccountNumber.make(yield* Config.String("ACCOUNT")),
    redemption: Ids.RedemptionId.make(yield* Config.String("REDEMPTION"))
  }
  const credit = (creditId: string, amount: string) =>
    client.credits.credit({
      params,
      headers: {},
      payload: { creditId: Ids.CreditId.make(creditId), points: points(amount) }
    })
  const credited = yield* credit("refund-3", "10")
  yield* Console.log(`${credited.outcome}: ${credited.points} points back, ${credited.remaining} remain`)
  yield* credit("refund-4", "41").pipe(
    Effect.asVoid,
    Effect.catch((problem) => Console.log("type" in problem ? `${problem.status} ${problem.type}` : problem.message))
  )
})

await Effect.runPromise(Effect.provide(program, FetchHttpClient.layer))
