/**
 * A program for tests to start and to kill: an application with a pool of its own that carries out the orders it is
 * handed, `node Worker.ts <database URL>`. Mastercard is where the environment says.
 */
import { Mastercard, PostgresDatabase, Stores } from "@pointback/adapters"
import { Cause, Effect, Layer, ManagedRuntime, Redacted } from "effect"
import * as Journal from "./Journal.ts"
import * as Order from "./Order.ts"
import { type FromWorker, type Task, type ToWorker, WORKER_NAME } from "./WorkerProtocol.ts"

const database = PostgresDatabase.layer({ url: Redacted.make(process.argv[2] ?? ""), applicationName: WORKER_NAME })
const runtime = ManagedRuntime.make(Layer.merge(Layer.provide(Stores.layer, database), Mastercard.layerEnvironment))

/** Who cannot reach the database waits a moment before trying the next thing. */
const BREATH = "20 millis"

let stopping = false

const carryOut = Effect.fnUntraced(function* ({ inFlight, journal, orders, pause }: Task) {
  const lines = Journal.writer(journal)
  const one = Effect.fnUntraced(function* (order: Order.Order, place: number) {
    if (stopping) return
    lines.sent(place)
    const answer = yield* Order.answer(order)
    lines.answered(place, answer)
    if (answer.told === "lost" || (answer.told === "failed" && answer.tag === "Unreachable"))
      yield* Effect.sleep(BREATH)
    if (pause > 0) yield* Effect.sleep(pause)
  })
  yield* Effect.forEach(orders, one, { concurrency: inFlight, discard: true })
  lines.close()
})

const say = (message: FromWorker) => process.send?.(message)

process.on("message", (message: ToWorker) => {
  if (message.type === "stop") {
    stopping = true
    return
  }
  stopping = false
  runtime
    .runPromise(carryOut(message.task))
    .then(() => say({ type: "worked" }))
    .catch((error: unknown) => {
      console.error(Cause.pretty(Cause.fail(error)))
      process.exit(1)
    })
})
// Without its parent nobody wants to know any more.
process.on("disconnect", () => process.exit(0))
say({ type: "ready" })
