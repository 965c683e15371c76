import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

/** The rows of table `prepared` of a database that is ready. */
export const PREPARED_ROWS = 40

const CHILD = fileURLToPath(new URL("EmbeddedChild.ts", import.meta.url))

/** A process that runs one of EmbeddedChild's programs; killed when the test ends. */
export interface EmbeddedProcess {
  readonly pid: number
  /** What it has said so far. */
  readonly lines: ReadonlyArray<string>
  /** Resolves when it has said the line; rejects when it ends first. */
  readonly said: (line: string) => Promise<void>
  readonly signal: (signal: NodeJS.Signals) => void
  /** Resolves with the exit code, or the signal, when it has ended. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

const ending = async (child: ChildProcess) => {
  await once(child, "close")
  return child.exitCode ?? child.signalCode
}

/** Starts `hold`, `write` or `contend` on a folder. */
export const startEmbeddedProcess = (what: string, folder: string): EmbeddedProcess => {
  const child = spawn(process.execPath, [CHILD, what, folder], { stdio: ["ignore", "pipe", "pipe"] })
  const lines: Array<string> = []
  const errors: Array<string> = []
  const output = createInterface({ input: child.stdout })
  output.on("line", (line) => lines.push(line))
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()))
  const ended = ending(child)
  onTestFinished(() => void child.kill("SIGKILL"))
  const said = (wanted: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = () => (lines.includes(wanted) ? resolve() : undefined)
      look()
      output.on("line", look)
      void ended.then((code) =>
        reject(
          new Error(`The process ended with ${code} and did not say ${wanted}:\n${lines.join("\n")}${errors.join("")}`)
        )
      )
    })
  return { pid: child.pid ?? 0, lines, said, signal: (signal) => void child.kill(signal), ended }
}
