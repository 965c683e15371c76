#!/usr/bin/env node
/** The executable. Interrupting it closes what is open, and a second signal ends it at once. */
import { Effect, Fiber } from "effect"
import { run } from "./cli/Main.ts"

const fiber = Effect.runFork(run(process.argv.slice(2)))

const stop = () => {
  Effect.runFork(Fiber.interrupt(fiber))
}
process.once("SIGINT", stop)
process.once("SIGTERM", stop)

fiber.addObserver((exit) => {
  process.exitCode = exit._tag === "Success" ? exit.value : 130
})
