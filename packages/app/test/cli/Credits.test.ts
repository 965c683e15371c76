/** `pointback credits`: what it answers, reports and ends with. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, beforeAll, describe, it } from "vitest"
import { commandLine, type Ran } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"
import { start } from "../support/Process.ts"
import { sandboxServer } from "../support/SandboxServer.ts"

const ACCOUNT = "220094110178641288073796026652"
const REDEMPTIONS = ["R1", "R2", "R3", "R4"]

const folder = temporaryFolder()
const database = serverDatabase()
const sandbox = sandboxServer()

const type = (line: ReadonlyArray<string>, environment = sandbox.environment()): Promise<Ran> =>
  commandLine(database, environment)(line)

const of = (redemption: string, creditId: string, rest: object = {}) => ({
  program: "acme",
  account: ACCOUNT,
  redemption,
  creditId,
  ...rest
})

const linesOf = (file: string): ReadonlyArray<Record<string, unknown>> =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)

beforeAll(async () => {
  const history = [
    {
      type: "earned",
      program: "acme",
      account: ACCOUNT,
      lot: "A",
      points: "9000",
      earnedAt: "2024-01-01",
      expiresAt: null
    },
    ...REDEMPTIONS.map((redemption) => ({
      type: "redeemed",
      program: "acme",
      account: ACCOUNT,
      redemption,
      points: "1000",
      redemptionType: "MERCHANDISE",
      processedBy: "E078562",
      occurredAt: "2025-01-01"
    }))
  ]
  const imported = await type(["import", writeNew(folder, ndjson(history))])
  assert.strictEqual(imported.code, 0, imported.err)
  await sandbox.knows(REDEMPTIONS.map((redemption) => ({ account: ACCOUNT, redemption, points: "1000" })))
})

describe("pointback credits", () => {
  it("reports every credit in the order of the file, sums them up, and says the same when it is run again", async () => {
    const report = join(folder, "report.ndjson")
    const file = writeNew(
      folder,
      ndjson([
        of("R1", "a1", { points: "100" }),
        of("R2", "a2", { points: "2000" }),
        of("R1", "a3", { points: "900", actor: "desk-7" }),
        of("R9", "a4"),
        of("R2", "a5", { points: "10", lots: [{ lot: "A", points: "10" }] }),
        of("R1", "a1", { points: "100.00" })
      ])
    )
    const first = await type(["credits", file, "--report", report, "--json"])
    assert.strictEqual(first.code, 1, first.err)
    const expected = {
      credits: 6,
      notBegun: 0,
      outcomes: {
        PartiallyCredited: 3,
        FullyCredited: 1,
        CreditDeclined: 0,
        CreditOutcomeUnknown: 0,
        refused: 2,
        waiting: 0,
        failed: 0
      },
      points: "1110",
      stopped: null,
      report
    }
    assert.deepInclude(JSON.parse(first.out), { ...expected, replayed: 1 })
    const reported = linesOf(report)
    assert.deepStrictEqual(
      reported.map(({ creditId, line, outcome, remaining }) => [line, creditId, outcome, remaining]),
      [
        [1, "a1", "PartiallyCredited", "900"],
        [2, "a2", "refused", null],
        [3, "a3", "FullyCredited", "0"],
        [4, "a4", "refused", null],
        [5, "a5", "PartiallyCredited", "990"],
        [6, "a1", "PartiallyCredited", "900"]
      ]
    )
    assert.deepInclude(reported[1]!["error"] as object, { _tag: "ExceedsRedeemed", redeemed: "1000" })
    assert.strictEqual(reported[0]!["account"], ACCOUNT)
    assert.strictEqual(statSync(report).mode & 0o777, 0o600)
    assert.isFalse(readdirSync(dirname(report)).some((name) => name.startsWith(".credits-unfinished")))

    const second = await type(["credits", file, "--report", report, "--json"])
    assert.deepInclude(JSON.parse(second.out), { ...expected, replayed: 4 })
    assert.deepStrictEqual(
      linesOf(report).map(({ outcome, replayed }) => [outcome, replayed]),
      reported.map(({ outcome }) => [outcome, outcome !== "refused"])
    )

    const inWords = await type(["credits", file])
    assert.match(inWords.out, /^credited 4 of 6 credits: 1110 points, 1110 live, 0 expired; 4 known already\n/)
    assert.match(inWords.out, /\nline 2: a2 of R2, account …6652: refused: 2000 points are more than the 1000/)
    assert.notInclude(inWords.out, ACCOUNT)
    assert.deepStrictEqual((await sandbox.credits()).get("R1")?.length, 2)
  })

  it("sends nothing of a file with a line that cannot be read, and leaves no report", async () => {
    const report = join(folder, "none.ndjson")
    const file = writeNew(folder, ndjson([of("R3", "b1"), of("R3", "b2", { points: 1 })]))
    const ran = await type(["credits", file, "--report", report])
    assert.strictEqual(ran.code, 2)
    assert.match(ran.err, /^error: .*: 1 line cannot be read, nothing was recorded\n {2}line 2: points: /)
    assert.isFalse(existsSync(report))
    assert.isUndefined((await sandbox.credits()).get("R3"))
  })

  it("stops early when Mastercard is not there, says how to go on, and reports what was begun", async () => {
    const report = join(folder, "stopped.ndjson")
    const file = writeNew(
      folder,
      ndjson(Array.from({ length: 50 }, (_, index) => of("R3", `d${index}`, { points: "1" })))
    )
    const nobody = { ...sandbox.environment(), POINTBACK_MASTERCARD_URL: "http://127.0.0.1:9/loyalty" }
    const ran = await type(["credits", file, "--report", report], nobody)
    assert.strictEqual(ran.code, 3)
    assert.match(ran.out, /Mastercard could not be reached 3 times in a row \(connectionRefused: .*need new credit ids/)
    assert.match(ran.out, /\n47 credits not begun; the same command goes on with them\n/)
    assert.deepStrictEqual(
      linesOf(report).map(({ creditId, outcome }) => [creditId, outcome]),
      [
        ["d0", "CreditDeclined"],
        ["d1", "CreditDeclined"],
        ["d2", "CreditDeclined"]
      ]
    )
    const after = await type(["credits", file, "--json"])
    assert.strictEqual(after.code, 3)
    assert.deepInclude(JSON.parse(after.out), { points: "47", notBegun: 0, notSent: 3, stopped: null })
  })

  it("records without a call with --local, from CSV on standard input too", async () => {
    const file = join(folder, "local.csv")
    writeFileSync(file, `program,account,redemption,creditId,points,at\nacme,${ACCOUNT},R4,l1,5,2026-01-20\n`)
    const ran = await type(["credits", file, "--local", "--json"], {})
    assert.strictEqual(ran.code, 0, ran.err)
    assert.deepInclude(JSON.parse(ran.out), { credits: 1, points: "5" })
    assert.isUndefined((await sandbox.credits()).get("R4"))
  })

  it("that is interrupted ends what is in flight, prints and reports what came of it, and goes on when it is run again", async () => {
    const report = join(folder, "interrupted.ndjson")
    const file = writeNew(
      folder,
      ndjson(Array.from({ length: 900 }, (_, index) => of("R4", `i${index}`, { points: "0.5" })))
    )
    const child = start(["credits", file, "--report", report, "--json", "--database", database()], {
      environment: sandbox.environment()
    })
    while (((await sandbox.credits()).get("R4")?.length ?? 0) < 5) await sleep(5)
    child.signal("SIGINT")
    assert.strictEqual(await child.ended, 130, child.err())
    const summary = JSON.parse(child.out()) as {
      readonly credits: number
      readonly notBegun: number
      readonly outcomes: Record<string, number>
      readonly stopped: unknown
    }
    assert.deepInclude(summary, { stopped: { cause: "interrupted" }, credits: 900 })
    const begun = 900 - summary.notBegun
    assert.isAbove(begun, 4)
    assert.isAbove(summary.notBegun, 0)
    assert.strictEqual(summary.outcomes["PartiallyCredited"], begun)
    assert.strictEqual(linesOf(report).length, begun)
    assert.strictEqual((await sandbox.credits()).get("R4")?.length, begun)
    const again = await type(["verify"])
    assert.strictEqual(again.code, 0, again.out)
  })
})
