import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import * as Stores from "../../src/Stores.ts"
import * as Subscription from "../../src/subscription/Subscription.ts"
import { see } from "./Subscribing.ts"

/*
 * A subscriber for tests to kill: `node SubscriberChild.ts <url> <name>`. It delivers two batches, writes the third one
 * down, says `stuck`, and never commits it.
 */

const [url = "", name = ""] = process.argv.slice(2)

let batches = 0

const subscriber = Subscription.run({
  name,
  batchSize: 3,
  lease: "1 second",
  handler: (events) =>
    Effect.andThen(
      see(name)(events),
      Effect.suspend(() => {
        batches += 1
        if (batches < 3) return Effect.void
        console.log("stuck")
        return Effect.never
      })
    )
})

const services = Stores.layer.pipe(Layer.provideMerge(PostgresDatabase.layer({ url: Redacted.make(url) })))

NodeRuntime.runMain(Effect.provide(subscriber, services))
