/** The command line as a process of its own. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"
import { type Line, words } from "./Cli.ts"

const BIN = fileURLToPath(new URL("../../src/bin.ts", import.meta.url))

/** Where processes keep what they compiled: half of their time goes into their start. */
export const CACHE = fileURLToPath(new URL("../../../../node_modules/.cache/pointback/compiled/", import.meta.url))

/** A process that was started, and what it has printed so far. */
export interface Started {
  readonly pid: number
  readonly out: () => string
  readonly err: () => string
  /** Resolves when standard output has the text; rejects when the process ends without. */
  readonly said: (text: string) => Promise<void>
  readonly signal: (signal: NodeJS.Signals) => void
  /** Resolves with the exit code, or the signal, when it has ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

interface Options {
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string>>
  /** What has the process killed in the end; by default the end of the test. */
  readonly atEnd?: (kill: () => void) => void
}

/** Starts the command line. */
export const start = (line: Line, { atEnd = onTestFinished, environment = {}, folder }: Options = {}): Started => {
  const child = spawn(process.execPath, [BIN, ...words(line)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: CACHE, ...environment },
    ...(folder === undefined ? {} : { cwd: folder })
  })
  atEnd(() => void child.kill("SIGKILL"))
  let out = ""
  let err = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text))
  const ended = once(child, "close").then(() => child.exitCode ?? child.signalCode)
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = () => (out.includes(text) ? resolve() : undefined)
      look()
      child.stdout.on("data", look)
      void ended.then((code) => reject(new Error(`ended with ${code} and did not say ${text}:\n${out}${err}`)))
    })
  return { pid: child.pid ?? 0, out: () => out, err: () => err, said, signal: (name) => void child.kill(name), ended }
}
