/** docs/embedding.md has every method of the promises, and no other. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { ROOT } from "./Sources.ts"

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8")

it("docs/embedding.md has a row for every method", () => {
  const source = read("packages/app/src/promise/Pointback.ts")
  const interfaces = source.slice(source.indexOf("export interface PointbackRecords"), source.indexOf("type Calling"))
  const methods = Array.from(interfaces.matchAll(/^ {2}readonly (\w+): /gm), ([, name]) => name)
  const page = read("docs/embedding.md")
  const rows = page.slice(page.indexOf("| method |"), page.indexOf("The same call with the same key"))
  const documented = Array.from(rows.matchAll(/^\| (.*?) \|/gm), ([, cell = ""]) => cell).flatMap((cell) =>
    Array.from(cell.matchAll(/`(\w+)`/g), ([, name]) => name)
  )
  expect(new Set(documented)).toEqual(new Set(methods))
  expect(documented.length).toBe(methods.length)
  expect(methods.length).toBeGreaterThan(20)
})
