import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"

const workspace = fileURLToPath(new URL("../..", import.meta.url))

/** The workspace's rules but for those that need types: these need a project and an installation around the file. */
const rules = {
  ...(JSON.parse(readFileSync(join(workspace, ".oxlintrc.json"), "utf8")) as object),
  options: { denyWarnings: true }
}

/** What the workspace's lint rules say about a domain file of this text. */
const lint = (text: string): { readonly failed: boolean; readonly output: string } => {
  const root = mkdtempSync(join(tmpdir(), "pointback-lint-"))
  try {
    const folder = join(root, "packages/domain/src")
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(root, ".oxlintrc.json"), JSON.stringify(rules))
    writeFileSync(join(folder, "Sample.ts"), text)
    const { status, stdout, stderr } = spawnSync(join(workspace, "node_modules/.bin/oxlint"), ["-f", "unix"], {
      cwd: root,
      encoding: "utf8"
    })
    return { failed: status !== 0, output: stdout + stderr }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

test("a pure file passes", () => {
  const { failed, output } = lint('import { Option } from "effect"\nexport const none = Option.none()\n')
  expect(output).not.toContain("Sample.ts")
  expect(failed).toBe(false)
})

test.each([
  'import { readFileSync } from "node:fs"\nexport const x = readFileSync',
  'import { HttpClient } from "effect/http"\nexport const x = HttpClient',
  'import { Clock } from "effect"\nexport const x = Clock',
  'import pg from "pg"\nexport const x = pg',
  "export const x = new Date()",
  "export const x = Math.random()",
  "export const x = process.env",
  "export const x = crypto.randomUUID()",
  "export const x = setTimeout",
  "export const x = () => console.log()",
  "export const x = Promise.resolve(1)",
  'import { Effect } from "effect"\nexport const x = Effect.runSync(Effect.void)'
])("an impure file fails: %s", (text) => {
  const { failed, output } = lint(`${text}\n`)
  expect(output).toMatch(/no-restricted-(imports|globals|properties)|no-nodejs-modules/)
  expect(failed).toBe(true)
})
