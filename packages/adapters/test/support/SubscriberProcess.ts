import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Redacted } from "effect"
import { onTestFinished } from "vitest"

const CHILD = fileURLToPath(new URL("SubscriberChild.ts", import.meta.url))

/** Starts a subscriber in a process of its own, and kills it when it is in the middle of its third batch. */
export const runAndKill = async (url: Redacted.Redacted, name: string): Promise<void> => {
  const child = spawn(process.execPath, [CHILD, Redacted.value(url), name], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  const ended = once(child, "close")
  const said = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended])
  if (said[0] !== "stuck") throw new Error(`the subscriber ended with ${String(said)}`)
  child.kill("SIGKILL")
  await ended
}
