/** The client, whose limits must fit those by which points are released. */
import { Mastercard, MastercardConfig } from "@pointback/adapters"
import { Effect, Layer } from "effect"
import * as SettleSettings from "../settle/SettleSettings.ts"

/** Client and settings of settling by the environment. Fails where a credit could still happen after it was found absent. */
export const settings = Effect.gen(function* () {
  const config = yield* MastercardConfig.fromEnvironment
  const settle = yield* Effect.fromResult(SettleSettings.checked(yield* SettleSettings.fromEnvironment, config))
  return { config, settle }
})

/** The client alone. */
export const layer = Layer.unwrap(Effect.map(settings, ({ config }) => Mastercard.layer(config)))
