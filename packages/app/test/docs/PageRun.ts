/** Runs a page of the documentation from its first block to its last, as a reader would who believes every word of it. */
import { Duration } from "effect"
import pg from "pg"
import { type Block, commandsOf, type Page, type Shown } from "../../../../tools/docs/Page.ts"
import { type CommandHost, GOES_ON } from "./CommandHost.ts"
import { Bindings, difference } from "./Output.ts"
import { Shell } from "./Shell.ts"
import { decodeShape } from "./Shapes.ts"

/** What was done with blocks: run; read and decoded; shown as text, which is no command; or left out, with its reason. */
export interface Counts {
  run: number
  checked: number
  text: number
  readonly notRun: Array<string>
}

/** No block of a page was looked at yet. */
export const noCounts = (): Counts => ({ run: 0, checked: 0, text: 0, notRun: [] })

/** Commands that go on until they are stopped. */
const SERVER = /^(?:npx (?:-y pnpm@12 (?:--silent )?)?)?pointback (?:sandbox|serve)\b/

/** What a block of text must not hide. */
const LOOKS_LIKE_A_COMMAND = /^\s*(?:\$ |(?:pointback|npx|pnpm|npm|node|curl|openssl|psql|export) [^{]*$)/m

/** Programs that a page may use and a machine may lack. */
const PROGRAMS = ["curl", "openssl", "hledger", "bean-check"]

/** The programs of `PROGRAMS` that a page uses. */
export const programsOf = (page: Page): ReadonlyArray<string> => {
  const commands = page.blocks
    .filter(({ language, notes }) => (language === "console" || language === "sh") && notes["not run"] === undefined)
    .flatMap(({ language, text }) => text.split("\n").filter((line) => language === "sh" || line.startsWith("$ ")))
    .join("\n")
  return PROGRAMS.filter((program) => new RegExp(`(?:^|[\\s;|&])${program} `, "m").test(commands))
}

interface Setting {
  readonly page: Page
  readonly host: CommandHost
  /** A PostgreSQL database with our schema, for pages that are not about the embedded one. */
  readonly database: string | undefined
}

/** Runs a page's blocks. Fails with the page's line at the first thing that is not as it says. */
export const runPage = async ({ database, host, page }: Setting): Promise<Counts> => {
  const environment = database === undefined ? {} : { POINTBACK_DATABASE: database, DATABASE_URL: database }
  const shell = new Shell(host.install, environment)
  try {
    const run = new PageRun(shell, host, database)
    for (const block of page.blocks) await run.block(block)
    run.requireFilesUsed()
    return run.counts
  } finally {
    await host.endAll()
    shell.remove()
  }
}

const at = (line: number, problem: string): Error => new Error(`line ${line}: ${problem}`)

class PageRun {
  readonly counts = noCounts()
  readonly #shell: Shell
  readonly #host: CommandHost
  readonly #database: string | undefined
  readonly #bindings = new Bindings()
  /** Files that the page gave; one that is given again goes on there. */
  readonly #files = new Map<string, string>()
  /** Files that the page gave and nothing has used yet, with their lines. */
  readonly #unused = new Map<string, number>()

  constructor(shell: Shell, host: CommandHost, database: string | undefined) {
    this.#shell = shell
    this.#host = host
    this.#database = database
  }

  async block(block: Block): Promise<void> {
    const { file, shape } = block.notes
    const reason = block.notes["not run"]
    if (reason !== undefined) {
      this.counts.notRun.push(`line ${block.line}, ${block.language}: ${reason}`)
      return
    }
    if (shape !== undefined) this.#decode(block, shape)
    if (file !== undefined) {
      const whole = (this.#files.get(file) ?? "") + surrounded(block)
      this.#files.set(file, whole)
      this.#shell.write(file, this.#bindings.inserted(whole))
      this.#unused.set(file, block.line)
      this.counts.run++
      return
    }
    await this.#byLanguage(block, shape !== undefined)
  }

  requireFilesUsed(): void {
    for (const [file, line] of this.#unused) throw at(line, `no command uses ${file}`)
  }

  async #byLanguage(block: Block, isDecoded: boolean): Promise<void> {
    switch (block.language) {
      case "console":
        await this.#before(block)
        for (const shown of commandsOf(block)) await this.#command(shown)
        break
      case "sh":
        await this.#before(block)
        await this.#quietly(block.text, block.line)
        break
      case "js":
      case "ts":
        await this.#program(block)
        break
      case "sql":
        await this.#sql(block)
        break
      case "json":
        JSON.parse(block.text)
        this.counts.checked++
        return
      case "text":
        if (LOOKS_LIKE_A_COMMAND.test(block.text))
          throw at(block.line, "a block of text has a command; make it console or sh")
        if (isDecoded) this.counts.checked++
        else this.counts.text++
        return
      default:
        throw at(block.line, `nobody knows how to run "${block.language}"; say so with <!-- not run: reason -->`)
    }
    this.counts.run++
  }

  /** What the page leaves to its readers' imagination. Servers are started first, so that the rest finds them. */
  async #before({ line, notes: { before, later, now } }: Block): Promise<void> {
    if (later !== undefined) this.#host.later(Duration.toMillis(Duration.fromInputUnsafe(later as Duration.Input)))
    const commands = (before ?? "").split("\n")
    for (const server of commands.filter((command) => SERVER.test(command))) {
      this.#export((await this.#shell.run(this.#bindings.inserted(server), { [GOES_ON]: "1" })).printed)
    }
    const others = commands.filter((command) => !SERVER.test(command)).join("\n")
    if (others.trim() !== "") await this.#quietly(others, line)
    if (now !== undefined) this.#bindings.bind(now, new Date().toISOString())
  }

  /** Commands whose output is not shown have to succeed. */
  async #quietly(commands: string, line: number): Promise<void> {
    this.#use(commands)
    const { code, printed } = await this.#shell.run(this.#bindings.inserted(`set -e\n${commands}`))
    if (code !== 0) throw at(line, `this ends with ${code}:\n${commands}\n${printed}`)
  }

  async #command({ command, line, output }: Shown): Promise<void> {
    this.#use(command)
    // A file that is shown and is not there yet is one that the reader is to make.
    const shownFile = /^cat (\S+)$/.exec(command)?.[1]
    if (shownFile !== undefined && (await this.#shell.run(`test -e ${shownFile}`)).code !== 0) {
      this.#shell.write(shownFile, this.#bindings.inserted(`${output.join("\n")}\n`))
    }
    const goesOn = SERVER.test(command)
    const own = goesOn ? { [GOES_ON]: String(output.length) } : {}
    const { code, printed } = await this.#shell.run(this.#bindings.inserted(command), own)
    const differs = difference(output, printed, this.#bindings)
    if (differs !== undefined) throw at(line, `$ ${command}\n${differs}\nall of it:\n${printed}`)
    if (code !== 0 && output.length === 0) throw at(line, `$ ${command}\nends with ${code} and prints nothing`)
    if (goesOn) this.#export(printed)
  }

  /** A server says what its clients need in their environment; a reader runs these lines in the other terminal. */
  #export(printed: string): void {
    for (const [, name = "", value = ""] of printed.matchAll(/^ *export (\w+)=(\S+)$/gm))
      this.#shell.export(name, value)
  }

  async #program(block: Block): Promise<void> {
    const file = `block-at-line-${block.line}.${block.language === "ts" ? "ts" : "mjs"}`
    this.#shell.write(file, this.#bindings.inserted(surrounded(block)))
    const { code, printed } = await this.#shell.run(`node ${file}`)
    if (code !== 0) throw at(block.line, `the program ends with ${code}:\n${printed}`)
  }

  async #sql({ line, notes, text }: Block): Promise<void> {
    if (this.#database === undefined)
      throw at(line, "this page has no PostgreSQL; its commands use the embedded database")
    const client = new pg.Client({ connectionString: this.#database })
    await client.connect()
    try {
      await client.query("begin")
      await client.query(`${notes.before ?? ""};${text}`)
      await client.query(notes["rolled back"] === undefined ? "commit" : "rollback")
    } catch (error) {
      throw at(line, `PostgreSQL refuses it: ${(error as Error).message}`)
    } finally {
      await client.end()
    }
  }

  #decode({ line, text }: Block, shape: string): void {
    const problem = decodeShape(shape, text)
    if (problem !== undefined) throw at(line, problem)
  }

  #use(command: string): void {
    for (const file of this.#unused.keys()) if (command.includes(file)) this.#unused.delete(file)
  }
}

/** A program with what stands around it and is not shown: a line `// …` says where the block goes. */
export const surrounded = ({ notes: { around }, text }: Block): string =>
  around === undefined ? text : `${around.replace(/^.*\/\/ …$/m, () => text.trimEnd())}\n`
