/** A reader's shell: one command after the other, in a scratch folder with an empty home, keeping folder and variables. */
import { execFile } from "node:child_process"
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { CACHE } from "../support/Process.ts"

const APP = fileURLToPath(new URL("../..", import.meta.url))

/** No command of the pages takes half as long, also on a loaded machine. */
const TIME_LIMIT_MS = 60_000

/** Runs the command, and writes down where it left folder and variables. Both outputs come as on a terminal. */
const WRAPPER = `exec 2>&1
trap '{ pwd; env -0; } >"$DOCS_STATE"' EXIT
eval "$DOCS_COMMAND"`

/** \`npx\` of what is not installed from anywhere: the command line of this checkout. */
const NPX = `#!/usr/bin/env bash
if [ "$1" = -y ] && [ "$2" = pnpm@12 ]; then shift 2; fi
if [ "$1" = --silent ]; then shift; fi
if [ "$1" != pointback ]; then echo "npx: the pages' shell has no $1" >&2; exit 127; fi
shift
exec pointback "$@"
`

/** What a command came to. */
export interface Ran {
  readonly code: number
  /** What it printed, on both outputs. */
  readonly printed: string
}

/** Everything that a program in the packages' own folder could import, and the packages themselves. */
export const installPackages = (folder: string): void => {
  const modules = join(folder, "node_modules")
  mkdirSync(join(modules, "@pointback"), { recursive: true })
  const from = join(APP, "node_modules")
  for (const name of readdirSync(from)) {
    if (name.startsWith(".") || name === "@pointback") continue
    symlinkSync(join(from, name), join(modules, name))
  }
  for (const name of ["domain", "adapters", "app"]) {
    symlinkSync(join(APP, "..", name), join(modules, "@pointback", name))
  }
}

/** A shell of a page. */
export class Shell {
  readonly #root = mkdtempSync(join(tmpdir(), "pointback-docs-"))
  /** Where the reader works. */
  readonly folder = join(this.#root, "work")
  #current = this.folder
  #environment: Readonly<Record<string, string>>

  constructor(install: (folder: string) => void, environment: Readonly<Record<string, string>>) {
    const bin = join(this.#root, "bin")
    const home = join(this.#root, "home")
    for (const folder of [bin, home, this.folder]) mkdirSync(folder)
    install(bin)
    writeFileSync(join(bin, "npx"), NPX)
    chmodSync(join(bin, "npx"), 0o755)
    installPackages(this.folder)
    this.#environment = {
      PATH: [bin, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
      HOME: home,
      LANG: "C.UTF-8",
      TMPDIR: process.env["TMPDIR"] ?? tmpdir(),
      NODE_COMPILE_CACHE: CACHE,
      ...environment
    }
  }

  /** Writes a file where the reader works. */
  write(name: string, text: string): void {
    const file = join(this.#current, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  /** Sets a variable, as \`export\` does. */
  export(name: string, value: string): void {
    this.#environment = { ...this.#environment, [name]: value }
  }

  /** Runs a command, with variables that it alone has. */
  async run(command: string, own: Readonly<Record<string, string>> = {}): Promise<Ran> {
    const state = join(this.#root, "state")
    rmSync(state, { force: true })
    const env = { ...this.#environment, ...own, DOCS_COMMAND: command, DOCS_STATE: state }
    const ran = await new Promise<Ran>((resolve, reject) => {
      execFile(
        "bash",
        ["--noprofile", "--norc", "-c", WRAPPER],
        { cwd: this.#current, env, timeout: TIME_LIMIT_MS, maxBuffer: 2 ** 24 },
        (error, stdout) => {
          if (error === null) return resolve({ code: 0, printed: stdout })
          if (typeof error.code === "number") return resolve({ code: error.code, printed: stdout })
          reject(new Error(`${command} did not end by itself (${error.signal ?? error.message}):\n${stdout}`))
        }
      ).stdin?.end()
    })
    this.#keep(readFileSync(state, "utf8"), Object.keys(own))
    return ran
  }

  /** Removes everything. */
  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }

  #keep(state: string, own: ReadonlyArray<string>): void {
    const end = state.indexOf("\n")
    this.#current = state.slice(0, end)
    const entries = state
      .slice(end + 1)
      .split("\0")
      .filter((entry) => entry.includes("="))
      .map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)] as const)
    this.#environment = Object.fromEntries(
      entries.filter(([name]) => ![...own, "DOCS_COMMAND", "DOCS_STATE", "_", "SHLVL", "PWD", "OLDPWD"].includes(name))
    )
  }
}
