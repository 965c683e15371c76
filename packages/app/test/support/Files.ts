/** Files and folders of a test, removed after it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

/** A folder of its own for the surrounding file or `describe`. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "pointback-test-"))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

let files = 0

/** Writes a file of a name that is new. */
export const writeNew = (folder: string, content: string | Uint8Array): string => {
  const file = join(folder, `file-${files++}.ndjson`)
  writeFileSync(file, content)
  return file
}

/** Records as the lines of an import file. */
export const ndjson = (records: ReadonlyArray<object>, lineEnd = "\n"): string =>
  records.map((record) => JSON.stringify(record) + lineEnd).join("")
