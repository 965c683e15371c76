/** Runs the command line inside this process, as `bin.ts` does in its own. */
import { ConfigProvider, Console, Effect } from "effect"
import { run } from "../../src/cli/Main.ts"

/** What a command line came to. */
export interface Ran {
  readonly code: number
  /** Standard output. */
  readonly out: string
  /** Standard error. */
  readonly err: string
}

/** A command line as it is typed, or its words where one has a blank. */
export type Line = string | ReadonlyArray<string>

/** The words of a line. */
export const words = (line: Line): ReadonlyArray<string> => (typeof line === "string" ? line.split(" ") : line)

/** Types command lines at a database, with environment variables. */
export const commandLine =
  (database: () => string, environment: Readonly<Record<string, string>> = {}) =>
  (line: Line): Promise<Ran> => {
    const out: Array<string> = []
    const err: Array<string> = []
    const written =
      (lines: Array<string>) =>
      (...parts: ReadonlyArray<unknown>) =>
        void lines.push(parts.join(" "))
    const captured = { ...globalThis.console, log: written(out), error: written(err), warn: written(err) }
    return run([...words(line), "--database", database()]).pipe(
      Effect.provideService(Console.Console, captured),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: environment })),
      Effect.map((code) => ({ code, out: out.join("\n"), err: err.join("\n") })),
      Effect.runPromise
    )
  }
