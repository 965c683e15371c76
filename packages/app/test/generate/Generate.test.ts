/** `pointback generate` as it is typed. */
import { StatementFile } from "@pointback/adapters"
import { Effect } from "effect"
import { existsSync, readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { WORK_PREFIX } from "../../src/generate/GenerateProgram.ts"
import { commandLine } from "../support/Cli.ts"
import { temporaryFolder } from "../support/Files.ts"
import { start, type Started } from "../support/Process.ts"

const root = temporaryFolder()
let folders = 0
const newFolder = () => join(root, `out-${folders++}`)

// The command opens no database.
const type = commandLine(() => join(root, "no-database"))

const generate = (folder: string, rest = "") =>
  type(`generate --seed 7 --redemptions 50 --out ${folder} ${rest}`.trim())

describe("pointback generate", () => {
  it("writes a program and says what is in it", async () => {
    const folder = newFolder()
    const { code, err, out } = await generate(folder, "--json")
    assert.deepStrictEqual([code, err], [0, ""])
    const lines = readFileSync(join(folder, "import.ndjson"), "utf8").split("\n").slice(0, -1)
    const { records, ...answer } = JSON.parse(out) as Record<string, unknown>
    assert.deepInclude(answer, {
      file: join(folder, "import.ndjson"),
      program: "generated-7",
      seed: 7,
      until: "2026-01-01T00:00:00.000Z"
    })
    assert.deepInclude(records, { redeemed: 50, total: lines.length })
    assert.isFalse(existsSync(join(root, "no-database")))
  })

  it("says it for people too", async () => {
    const folder = newFolder()
    const { out } = await generate(folder)
    assert.match(out, /^wrote \d+ records of \d+ accounts of program generated-7, seed 7, to /)
    assert.match(out, /^ {2}redeemed {2}50$/m)
    assert.match(out, /^ {2}from 20\d\d-.* to 2025-/m)
  })

  it("takes a name and an end", async () => {
    const folder = newFolder()
    const { out } = await generate(folder, "--program acme --until 2020-02-01 --json")
    const answer = JSON.parse(out) as Record<string, string>
    assert.deepInclude(answer, { program: "acme", until: "2020-02-01T00:00:00.000Z" })
    assert.isBelow(Date.parse(answer["last"]!), Date.parse("2020-02-01"))
  })

  it("leaves a file that is there alone, unless it is forced", async () => {
    const folder = newFolder()
    await generate(folder)
    const before = readFileSync(join(folder, "import.ndjson"), "utf8")
    const again = await generate(folder, "--program other --json")
    assert.strictEqual(again.code, 2)
    assert.deepInclude((JSON.parse(again.err) as { error: object }).error, { _tag: "InvalidInput", flag: "out" })
    assert.include(again.err, "--force")
    assert.strictEqual(readFileSync(join(folder, "import.ndjson"), "utf8"), before)
    assert.strictEqual((await generate(folder, "--program other --force")).code, 0)
    assert.notStrictEqual(readFileSync(join(folder, "import.ndjson"), "utf8"), before)
  })

  it.each([
    ["--seed x --redemptions 1", "seed"],
    ["--seed=-1 --redemptions 1", "seed"],
    ["--seed 9007199254740992 --redemptions 1", "seed"],
    ["--seed 1 --redemptions many", "redemptions"],
    ["--seed 1 --redemptions=-1", "redemptions"],
    ["--seed 1 --redemptions 1.5", "redemptions"],
    ["--seed 1 --redemptions 1e3", "redemptions"],
    ["--seed 1 --redemptions 100000001", "redemptions"],
    ["--seed 1 --redemptions 1 --until yesterday", "until"],
    ["--seed 1 --redemptions 1 --until 2025-02-30", "until"],
    ["--seed 1 --redemptions 1 --until 0007-12-31", "until"],
    ["--seed 1 --redemptions 1 --until 9800-01-01", "until"],
    ["--seed 1 --redemptions 1 --program=", "program"]
  ])("refuses %s by the name of the flag", async (flags, flag) => {
    const folder = newFolder()
    const { code, err, out } = await type(`generate --out ${folder} ${flags} --json`)
    assert.deepStrictEqual([code, out], [2, ""])
    assert.deepInclude((JSON.parse(err) as { error: object }).error, { _tag: "InvalidInput", flag })
    assert.isFalse(existsSync(folder))
  })

  it("refuses a folder without a name, and one that is a file", async () => {
    const file = join(newFolder(), "import.ndjson")
    await generate(join(file, ".."))
    for (const folder of ["", file]) {
      const { code, err } = await type(["generate", "--seed", "7", "--redemptions", "1", "--out", folder, "--json"])
      assert.strictEqual(code, 2)
      assert.deepInclude((JSON.parse(err) as { error: object }).error, { flag: "out", value: folder })
    }
  })
})

describe("pointback generate as a process", () => {
  it("writes the same file as any other process, and is silent on standard error", async () => {
    const [one, other] = [newFolder(), newFolder()]
    await generate(one)
    const process = start(`generate --seed 7 --redemptions 50 --out ${other}`)
    assert.strictEqual(await process.ended, 0)
    assert.strictEqual(process.err(), "")
    assert.isTrue(readFileSync(join(one, "import.ndjson")).equals(readFileSync(join(other, "import.ndjson"))))
  })

  // A program that takes hours; whatever happens to it happens while it is made.
  const startLong = (folder: string) => start(`generate --seed 7 --redemptions 100000000 --out ${folder}`)

  /** Waits until something holds; a process that ends before has failed. */
  const waitFor = async (process: Started, holds: () => boolean) => {
    let ended = false
    void process.ended.then(() => (ended = true))
    while (!holds()) {
      if (ended) assert.fail(process.err())
      await sleep(10)
    }
  }

  it("leaves no half file under its name when it is killed, and is not in the way of the next run", async () => {
    const folder = newFolder()
    const process = startLong(folder)
    // Killed when it has begun to write.
    await waitFor(
      process,
      () => existsSync(folder) && readdirSync(folder).some((name) => readdirSync(join(folder, name)).length > 0)
    )
    process.signal("SIGKILL")
    assert.strictEqual(await process.ended, "SIGKILL")
    const left = readdirSync(folder)
    assert.isTrue(left.length === 1 && left[0]!.startsWith(WORK_PREFIX))
    assert.strictEqual((await generate(folder)).code, 0)
    assert.isTrue(existsSync(join(folder, "import.ndjson")))
  })

  it("clears up when it is interrupted", async () => {
    const folder = newFolder()
    const process = startLong(folder)
    await waitFor(process, () => existsSync(folder) && readdirSync(folder).length > 0)
    process.signal("SIGINT")
    assert.strictEqual(await process.ended, 130)
    assert.deepStrictEqual(readdirSync(folder), [])
  })
})

describe("pointback generate --breaks", () => {
  it("writes a statement that can be read, and the truth, the same for the same seed; the program stays as it is", async () => {
    const [plain, first, second] = [newFolder(), newFolder(), newFolder()]
    await generate(plain)
    const { out } = await generate(first, "--breaks 40 --json")
    await generate(second, "--breaks 40")
    const text = (folder: string, name: string) => readFileSync(join(folder, name), "utf8")
    for (const name of ["import.ndjson", "statement.ndjson", "truth.ndjson"]) {
      assert.strictEqual(text(first, name), text(second, name))
    }
    const listing = await Effect.runPromise(Effect.scoped(StatementFile.read(join(first, "statement.ndjson"))))
    const truths = text(first, "truth.ndjson").trim().split("\n")
    const { statement } = JSON.parse(out) as { statement: Record<string, unknown> }
    assert.deepStrictEqual([listing.parked, listing.count], [[], statement["lines"]])
    assert.deepStrictEqual([truths.length, truths.length > 5], [statement["breaks"], true])
    // Credits that were recorded twice are the one break that is made in the program itself.
    const twice = truths.filter((line) => line.includes("duplicateHere")).length
    if (twice === 0) assert.strictEqual(text(first, "import.ndjson"), text(plain, "import.ndjson"))
  })

  it("refuses what is no percentage", async () => {
    const { code, err } = await generate(newFolder(), "--breaks 101 --json")
    assert.strictEqual(code, 2)
    assert.deepInclude((JSON.parse(err) as { error: object }).error, { _tag: "InvalidInput", flag: "breaks" })
  })
})
