#!/usr/bin/env node
/** The executable. Interrupting it closes what is open. */
import { Effect, Fiber } from "effect"
import { enableCompileCache } from "node:module"

/** The shells' exit code for a process that was interrupted. */
const INTERRUPTED = 130

// Half of a short command's time is the compilation of what it imports; the second one need not do it again.
enableCompileCache()
const { run } = await import("./cli/Main.ts")

const fiber = Effect.runFork(run(process.argv.slice(2)))

const stop = () => {
  Effect.runFork(Fiber.interrupt(fiber))
}
process.once("SIGINT", stop)
process.once("SIGTERM", stop)

fiber.addObserver((exit) => {
  process.exitCode = exit._tag === "Success" ? exit.value : INTERRUPTED
})
