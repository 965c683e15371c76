import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { publint } from "publint"
import { formatMessage } from "publint/utils"

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
console.log("ok")
`

const effectVersion = (): string => {
  const manifest = readFileSync(join(workspace, "packages/domain/node_modules/effect/package.json"), "utf8")
  return (JSON.parse(manifest) as { readonly version: string }).version
}

/** Installs the tarballs in an empty project with npm, which knows nothing of the workspace, and uses them. */
const use = (tarballs: ReadonlyArray<Tarball>, into: string): void => {
  const project = join(into, "project")
  mkdirSync(project)
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true, type: "module" }))
  const packages = [...tarballs.map(({ path }) => path), `effect@${effectVersion()}`]
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages], project)
  writeFileSync(join(project, "program.js"), PROGRAM)
  const said = run(process.execPath, ["program.js"], project)
  if (said.trim() !== "ok") {
    throw new Error(`The program that uses the installed packages said: ${said}`)
  }
  const help = run(process.execPath, [join(project, "node_modules/.bin/pointback"), "--help"], project)
  if (!/usage/i.test(help) || !help.includes("pointback")) {
    throw new Error(`pointback --help does not explain itself: ${help}`)
  }
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
  use(tarballs, into)
  console.log(`packages: ${tarballs.length} packed, checked, installed and used`)
} finally {
  rmSync(into, { recursive: true, force: true })
}
