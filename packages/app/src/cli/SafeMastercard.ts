/** The client, whose limits must fit those by which points are released. */
import { Mastercard, MastercardConfig } from "@pointback/adapters"
import { Effect, Layer } from "effect"
import * as SettleSettings from "../settle/SettleSettings.ts"

/** By the environment. Fails where a credit could still happen after settling had found that it never would. */
export const layer = Layer.unwrap(
  Effect.gen(function* () {
    const config = yield* MastercardConfig.fromEnvironment
    yield* Effect.fromResult(SettleSettings.checked(yield* SettleSettings.fromEnvironment, config))
    return Mastercard.layer(config)
  })
)
