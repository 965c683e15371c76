import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, describe, it } from "vitest"

const page = readFileSync(new URL("../../../../docs/simulation.md", import.meta.url), "utf8")

const example = (): string => {
  const block = /```ts\n([\s\S]*?)```/.exec(page)?.[1]
  if (block === undefined) throw new Error("docs/simulation.md has no example")
  return block
}

describe("docs/simulation.md", () => {
  it("has an example that runs, and finds out the client that gives points back twice", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module-typescript", "--eval", example()],
      // Where its imports are found.
      { cwd: fileURLToPath(new URL("../..", import.meta.url)) }
    )
    assert.match(stdout, /^(seed \d+: creditedThereOnly.*\n)+found out\n$/)
  })
})
