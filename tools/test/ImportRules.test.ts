import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { checkImports, type ImportReport } from "../ImportRules.ts"

const workspace = fileURLToPath(new URL("../..", import.meta.url))

/** Checks a workspace that consists of these files. */
const check = async (files: Record<string, string>): Promise<ImportReport> => {
  const root = mkdtempSync(join(tmpdir(), "pointback-imports-"))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
    mkdirSync(join(root, "packages/domain/node_modules"), { recursive: true })
    symlinkSync(
      join(workspace, "packages/domain/node_modules/effect"),
      join(root, "packages/domain/node_modules/effect")
    )
    return await checkImports(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const clean = {
  "packages/domain/src/index.ts":
    'import { Schema } from "effect"\nimport * as Option from "effect/Option"\nimport { a } from "./A.ts"\nexport { a, Schema, Option }\n',
  "packages/domain/src/A.ts": "export const a = 1\n",
  "packages/adapters/src/index.ts":
    'import fs from "node:fs"\nimport { a } from "../../domain/src/index.ts"\nexport { a, fs }\n',
  "packages/adapters/src/B.ts": "export const b = 1\n",
  "packages/adapters/test/B.test.ts": "export const t = 1\n",
  "packages/app/src/index.ts": 'import { a } from "../../adapters/src/index.ts"\nexport { a }\n'
}

test("a clean workspace passes, and every file is counted", async () => {
  expect(await check(clean)).toEqual({ files: 5, filesOnDisk: 5, imports: 6, violations: [] })
})

test.each([
  ["domain-is-pure", "packages/domain/src/A.ts", 'import "node:fs"'],
  ["domain-is-pure", "packages/domain/src/A.ts", 'import "effect/http"'],
  ["domain-is-pure", "packages/domain/src/A.ts", 'import type { x } from "../../adapters/src/index.ts"'],
  ["adapters-below-app", "packages/adapters/src/B.ts", 'import type { a } from "../../app/src/index.ts"'],
  ["packages-by-their-index", "packages/adapters/src/B.ts", 'import "../../domain/src/A.ts"'],
  ["no-tests-in-sources", "packages/adapters/src/B.ts", 'import "../test/B.test.ts"'],
  ["no-cycles", "packages/domain/src/A.ts", 'import "./index.ts"'],
  ["everything-is-found", "packages/adapters/src/B.ts", 'import "not-installed"']
])("%s refuses, in %s, %s", async (rule, file, text) => {
  const { violations } = await check({ ...clean, [file]: `${text}\nexport const a = 1\n` })
  expect(violations.some((violation) => violation.startsWith(`${rule}: ${file} → `))).toBe(true)
})
