/** Records that come in on standard input. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { assert, describe, it, onTestFinished } from "vitest"
import { serverDatabase } from "../support/Databases.ts"
import { ndjson } from "../support/Files.ts"
import { everything } from "./Records.ts"

const BIN = fileURLToPath(new URL("../../src/bin.ts", import.meta.url))

describe("standard input", () => {
  const database = serverDatabase()

  const start = () => {
    const child = spawn(process.execPath, [BIN, "import", "-", "--json", "--database", database()])
    onTestFinished(() => void child.kill("SIGKILL"))
    const ended = once(child, "close").then(() => child.exitCode ?? child.signalCode)
    return { child, ended, out: text(child.stdout), err: text(child.stderr) }
  }

  it("is read to its end, then imported", async () => {
    const { child, ended, err, out } = start()
    for (const line of ndjson(everything("piped")).split(/(?<=\n)/)) child.stdin.write(line)
    child.stdin.end()
    assert.deepStrictEqual([await ended, await err], [0, ""])
    assert.deepInclude(JSON.parse(await out), { records: 7, imported: 7 })
  })

  it("that cannot be read is named so", async () => {
    const { child, ended, err } = start()
    child.stdin.end("{\n")
    assert.strictEqual(await ended, 2)
    const { error } = JSON.parse(await err) as { error: object }
    assert.deepInclude(error, { _tag: "UnreadableLines", file: "-", count: 1 })
  })

  it("that does not end does not keep an interrupted import alive", async () => {
    const { child, ended, err } = start()
    // More than a pipe holds: when it is written, the import is reading.
    const records = ndjson(everything("never")).repeat(1000)
    await new Promise((resolve) => child.stdin.write(records, resolve))
    child.kill("SIGINT")
    assert.strictEqual(await ended, 130)
    assert.strictEqual(await err, "")
  })
})
