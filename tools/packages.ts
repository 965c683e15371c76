import { execFileSync, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { commandsOf, readPage } from "./docs/Page.ts"

/*
 * Packs every package as it would be published, holds the tarballs against publint and attw, installs them with npm in
 * an empty project, and uses them there: `pnpm pack:check`, after `pnpm build`.
 */

const workspace = fileURLToPath(new URL("..", import.meta.url))
const names = readdirSync(join(workspace, "packages"))

interface Tarball {
  readonly name: string
  readonly path: string
}

const run = (command: string, args: ReadonlyArray<string>, cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })

const pack = (name: string, into: string): Tarball => {
  const folder = join(into, name)
  mkdirSync(folder)
  run("npx", ["-y", "pnpm@12", "pack", "--pack-destination", folder], join(workspace, "packages", name))
  const [file] = readdirSync(folder)
  if (file === undefined) {
    throw new Error(`pnpm packed nothing for ${name}`)
  }
  return { name, path: join(folder, file) }
}

/** What stands in the way of publishing, one line each. */
const complaints = async ({ name, path }: Tarball): Promise<ReadonlyArray<string>> => {
  const content = readFileSync(path)
  const tarball = content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength)
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
  const attw = spawnSync(join(workspace, "node_modules/.bin/attw"), ["--profile", "esm-only", "--no-color", path], {
    encoding: "utf8"
  })
  return [
    ...messages.map((message) => `${name}: publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`),
    ...(attw.status === 0 ? [] : [`${name}: attw: ${attw.stdout}${attw.stderr}`])
  ]
}

/** A user's first program. */
const PROGRAM = `
import assert from "node:assert/strict"
import { Effect, Result } from "effect"
import { sql } from "kysely"
import { Points } from "@pointback/domain"
import { Database, EmbeddedDatabase, Migrations } from "@pointback/adapters"
import * as app from "@pointback/app"
import * as promise from "@pointback/app/promise"

assert.equal(Points.toString(Result.getOrThrow(Points.fromString("12.50"))), "12.5")

const tables = Effect.andThen(
  Migrations.migrate,
  Database.use((database) =>
    database.query((kysely) =>
      sql\`select count(*) as count from information_schema.tables where table_schema = \${database.schema}\`.execute(kysely)
    )
  )
)
const { rows } = await Effect.runPromise(Effect.provide(tables, EmbeddedDatabase.layerMemory()))
assert.ok(rows[0].count > 0)

assert.ok(Object.keys(app).length > 0)
assert.equal(typeof promise.createPointback, "function")
console.log("ok")
`

const effectVersion = (): string => {
  const manifest = readFileSync(join(workspace, "packages/domain/node_modules/effect/package.json"), "utf8")
  return (JSON.parse(manifest) as { readonly version: string }).version
}

/** The versions of Node that are tried: the oldest that is promised, and the newest. */
const NODES = ["22.19.0", "24.21.0"]

/** Nodes that can be had as packages here; elsewhere the one that runs this is tried alone. */
const nodePackage =
  process.platform === "linux" && ["x64", "arm64"].includes(process.arch) ? `node-linux-${process.arch}` : undefined

/** The path of a Node of that version. */
const nodeOf = (version: string, into: string): string => {
  if (nodePackage === undefined || process.version === `v${version}`) return process.execPath
  const folder = join(into, `node-${version}`)
  mkdirSync(folder)
  const options = ["--no-audit", "--no-fund", "--loglevel=error", "--no-save"]
  run("npm", ["install", "--prefix", folder, ...options, `${nodePackage}@${version}`], folder)
  return join(folder, "node_modules", nodePackage, "bin/node")
}

const readme = readPage(readFileSync(join(workspace, "README.md"), "utf8")).blocks

/** The program that the README shows. */
const readmeProgram = (): string => {
  const program = readme.find(({ notes }) => notes.file === "refund.mjs")?.text
  if (program === undefined) throw new Error("README.md has no program")
  const lines = program.trim().split("\n").length
  if (lines >= 30) throw new Error(`The README's program has ${lines} lines, not under 30`)
  return program
}

/** What the README says that its program prints. */
const readmeOutput = (): string => {
  const shown = readme
    .filter(({ language }) => language === "console")
    .flatMap(commandsOf)
    .find(({ command }) => command === "node refund.mjs")
  if (shown === undefined) throw new Error("README.md does not show what its program prints")
  return shown.output.join("\n")
}

/** An empty project with the tarballs, installed with npm, which knows nothing of the workspace. */
const install = (tarballs: ReadonlyArray<Tarball>, into: string): string => {
  const project = join(into, "project")
  mkdirSync(project)
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true }))
  const packages = [...tarballs.map(({ path }) => path), `effect@${effectVersion()}`]
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages], project)
  writeFileSync(join(project, "program.mjs"), PROGRAM)
  writeFileSync(join(project, "refund.mjs"), readmeProgram())
  return project
}

interface Announced {
  readonly environment: Readonly<Record<string, string>>
}

/** Runs the installed command line until what needs it is done; it is given the first line that was printed. */
const whileRunning = async (
  node: string,
  project: string,
  { args, env = process.env }: { readonly args: ReadonlyArray<string>; readonly env?: NodeJS.ProcessEnv },
  use: (line: string) => Promise<void>
): Promise<void> => {
  const child = spawn(node, [join(project, "node_modules/.bin/pointback"), ...args], {
    cwd: project,
    env,
    stdio: ["ignore", "pipe", "ignore"]
  })
  try {
    const [line] = (await once(createInterface(child.stdout), "line")) as [string]
    await use(line)
  } finally {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  }
}

/** Reads the console as a browser would: the page, and every file that it refers to; answers how many there are. */
const readConsole = async (url: string): Promise<number> => {
  const page = await (await fetch(`${url}/console/`)).text()
  const paths = Array.from(page.matchAll(/(?:href|src)="([^"]+)"/g), ([, path]) => path as string)
  for (const path of paths) {
    const file = await fetch(`${url}/console/${path}`)
    const text = await file.text()
    if (file.status !== 200 || text === "") throw new Error(`The console has no ${path}: ${file.status}`)
  }
  if (!paths.includes("app/Main.js") || !paths.includes("lib/preact.js")) {
    throw new Error(`The console does not begin: ${paths.join(", ")}`)
  }
  return paths.length
}

/** Serves the installed API and console with a key, and asks both. */
const serve = async (node: string, project: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const made = run(
    node,
    [join(project, "node_modules/.bin/pointback"), "api-key", "--name", "one", "--scope", "read", "--json"],
    project
  )
  const { entry, key } = JSON.parse(made) as { readonly entry: object; readonly key: string }
  writeFileSync(join(project, "keys.json"), JSON.stringify({ keys: [entry] }))
  const args = ["serve", "--port", "0", "--keys", "keys.json", "--database", "served"]
  await whileRunning(node, project, { args, env }, async (line) => {
    const url = line.replace("listening at ", "")
    const files = await readConsole(url)
    if (files < 40) throw new Error(`The console has ${files} files only`)
    const own = await fetch(`${url}/v1/key`, { headers: { authorization: `Bearer ${key}` } })
    expectSaid("The API", await own.text(), '{"name":"one","scopes":["read"],"programs":["*"]}')
  })
}

const expectSaid = (what: string, said: string, expected: string): void => {
  if (said.trim() !== expected.trim()) throw new Error(`${what} said:\n${said}\nand not:\n${expected}`)
}

/** Uses what is installed with a Node: as a library, on the command line, as the README says, and served. */
const use = async (node: string, project: string): Promise<void> => {
  expectSaid("The program that uses the installed packages", run(node, ["program.mjs"], project), "ok")
  const help = run(node, [join(project, "node_modules/.bin/pointback"), "--help"], project)
  if (!/usage/i.test(help) || !help.includes("pointback")) {
    throw new Error(`pointback --help does not explain itself: ${help}`)
  }
  for (const folder of ["points", "served"]) rmSync(join(project, folder), { recursive: true, force: true })
  await whileRunning(node, project, { args: ["sandbox", "--port", "0", "--json"] }, async (line) => {
    const env = { ...process.env, ...(JSON.parse(line) as Announced).environment }
    const said = execFileSync(node, ["refund.mjs"], { cwd: project, encoding: "utf8", env })
    expectSaid("The README's program", said, readmeOutput())
    await serve(node, project, env)
  })
}

const into = mkdtempSync(join(tmpdir(), "pointback-packages-"))
try {
  const tarballs = names.map((name) => pack(name, into))
  const found = (await Promise.all(tarballs.map(complaints))).flat()
  for (const complaint of found) {
    console.error(complaint)
  }
  if (found.length > 0 || tarballs.length === 0) {
    throw new Error(`${found.length} complaints about ${tarballs.length} packages`)
  }
  const project = install(tarballs, into)
  const used: Array<string> = []
  for (const version of NODES) {
    const node = nodeOf(version, into)
    await use(node, project)
    used.push(run(node, ["--version"], project).trim())
  }
  console.log(`packages: ${tarballs.length} packed, checked, installed and used with Node ${used.join(" and ")}`)
} finally {
  rmSync(into, { recursive: true, force: true })
}
