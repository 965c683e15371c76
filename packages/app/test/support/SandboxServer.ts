/** Mastercard as a server that outlives the applications under test, and knows what it truly did. */
import {
  type Json,
  Mastercard,
  MastercardConfig,
  Sandbox,
  type SandboxCommand,
  type SandboxFaults,
  type SandboxOptions
} from "@pointback/adapters"
import { type Layer, ManagedRuntime, Redacted } from "effect"
import { afterAll, beforeAll } from "vitest"
import { CONSUMER_KEY, keys } from "../../../adapters/test/sandbox/world.ts"
import { at, points } from "./Commands.ts"

/** A redemption as Mastercard has it from the beginning. */
export interface KnownRedemption {
  readonly account: string
  readonly redemption: string
  readonly points: string
}

/** The lot that redemptions are drawn from there; what lots they are is nobody's business here. */
const LOT = { lotId: "all", earnedAt: at("2020-01-01"), expiresAt: undefined, points: points("1000000000") }

/** A sandbox for the surrounding `describe`. */
export const sandboxServer = (options: Partial<SandboxOptions> = {}) => {
  const runtime = ManagedRuntime.make(
    Sandbox.layer({ consumerKey: Redacted.make(CONSUMER_KEY), publicKey: keys.publicKey, ...options })
  )
  let url: URL
  beforeAll(async () => {
    url = await runtime.runPromise(Sandbox.useSync(({ url }) => url))
  })
  afterAll(() => runtime.dispose())
  const run = (command: SandboxCommand) => runtime.runPromise(Sandbox.use((sandbox) => sandbox.run(command)))

  return {
    /** What an application needs in its environment to call it. */
    environment: (): Readonly<Record<string, string>> => ({
      POINTBACK_MASTERCARD_URL: url.href,
      POINTBACK_MASTERCARD_CONSUMER_KEY: CONSUMER_KEY,
      POINTBACK_MASTERCARD_SIGNING_KEY: keys.privateKey
    }),

    /** Its client in this process. */
    client: (): Layer.Layer<Mastercard, unknown> =>
      Mastercard.layer(
        MastercardConfig.make({
          url,
          consumerKey: Redacted.make(CONSUMER_KEY),
          signingKey: Redacted.make(keys.privateKey)
        })
      ),

    /** Makes redemptions known there. */
    knows: async (redemptions: ReadonlyArray<KnownRedemption>): Promise<void> => {
      for (const { account, points: amount, redemption } of redemptions) {
        await run({ _tag: "PutAccount", userId: account, lots: [LOT] })
        await run({
          _tag: "PutRedemption",
          redemptionId: redemption,
          userId: account,
          redemptionType: "MERCHANDISE",
          points: points(amount),
          draws: undefined,
          at: at("2025-01-01")
        })
      }
    },

    /** Makes it misbehave from now on. */
    misbehaves: (faults: SandboxFaults.SpecificationInput): Promise<void> =>
      runtime.runPromise(Sandbox.use((sandbox) => sandbox.setFaults(faults))),

    /** The credits that it carried out, as points by redemption, from its own log. */
    credits: async (): Promise<ReadonlyMap<string, ReadonlyArray<bigint>>> => {
      const credits = new Map<string, Array<bigint>>()
      for (const entry of await runtime.runPromise(Sandbox.use(({ log }) => log))) {
        if (entry["kind"] !== "credited") continue
        const redemption = entry["redemptionId"] as string
        const amount = entry["points"] as Json.JsonNumber
        credits.set(redemption, [...(credits.get(redemption) ?? []), points(amount.decimal)])
      }
      return credits
    }
  }
}

/** The sandbox that a test set up. */
export type SandboxServer = ReturnType<typeof sandboxServer>
