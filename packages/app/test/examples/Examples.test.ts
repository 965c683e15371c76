/** The programs under `examples`, each run as its readers would: on a PostgreSQL, against the sandbox. */
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it, onTestFinished } from "vitest"
import { createPointback, type Pointback } from "../../src/promise.ts"
import { commandLine } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"
import { temporaryFolder } from "../support/Files.ts"
import { start } from "../support/Process.ts"
import { sandboxServer } from "../support/SandboxServer.ts"

const run = promisify(execFile)

const EXAMPLES = fileURLToPath(new URL("../../../../examples/", import.meta.url))
const TSC = fileURLToPath(new URL("../../../../node_modules/typescript/bin/tsc", import.meta.url))

/** The first time some two hundred packages are fetched. */
const INSTALL_TIMEOUT_MS = 180_000

describe("examples", () => {
  const database = serverDatabase()
  const mastercard = sandboxServer()
  const folder = temporaryFolder()
  let pointback: Pointback

  beforeAll(async () => {
    const install = ["--dir", EXAMPLES, "--ignore-workspace", "--silent", "install", "--frozen-lockfile"]
    await run("npx", ["-y", "pnpm@12", ...install], { env: { ...process.env, CI: "true" } })
    pointback = await createPointback({ database: database() })
  }, INSTALL_TIMEOUT_MS)
  afterAll(() => pointback.close())

  const environment = () => ({ ...process.env, ...mastercard.environment(), DATABASE_URL: database() })

  /** What an example prints that runs to its end. */
  const printed = async (file: string, more: Readonly<Record<string, string>> = {}): Promise<string> => {
    const { stdout } = await run(process.execPath, [`${EXAMPLES}${file}`], {
      cwd: folder,
      env: { ...environment(), ...more }
    })
    return stdout.trim()
  }

  it("node: from nothing to a recorded credit", async () => {
    const said = await printed("node/refund.js")
    assert.strictEqual(said, "redeemed 60 points, 40 left\nPartiallyCredited: 20 points back, 40 remain")
    assert.deepStrictEqual((await mastercard.credits()).get("5134720"), [200_000n])
  })

  it("transaction: a row of the host's and a credit, or neither", async () => {
    const said = await printed("transaction/main.js", { ACCOUNT: "220094110178641288073796000001" })
    assert.strictEqual(said, "PartiallyCredited, 40 remain\nrolled back: ExceedsRemaining\nR1/line-1")
  })

  it("effect: use cases and layers", async () => {
    const member = { account: "220094110178641288073796000002", redemption: "EFFECT-1" }
    await mastercard.knows([{ ...member, points: "60" }])
    const said = await printed("effect/main.ts", { ACCOUNT: member.account, REDEMPTION: member.redemption })
    assert.strictEqual(said, "PartiallyCredited: 20 points back, 60 held")
    assert.deepStrictEqual((await mastercard.credits()).get(member.redemption), [200_000n])
  })

  it("http-client: plain and in Effect, against a server", async () => {
    const made = await commandLine(database)("api-key --name example --scope read --scope write --json")
    const { entry, key } = JSON.parse(made.out) as { entry: object; key: string }
    const keys = join(folder, "keys.json")
    writeFileSync(keys, JSON.stringify({ keys: [entry] }))
    const server = start(["serve", "--port", "0", "--keys", keys, "--database", database()], {
      environment: mastercard.environment()
    })
    await server.said("listening at http://127.0.0.1:")
    const member = { ACCOUNT: "220094110178641288073796000006", REDEMPTION: "HTTP-1" }
    await mastercard.knows([{ account: member.ACCOUNT, redemption: member.REDEMPTION, points: "60" }])
    const more = { ...member, POINTBACK_URL: /http:\S+/.exec(server.out())![0], POINTBACK_KEY: key }
    const [redeemed, credited, refused] = (await printed("http-client/plain.js", more)).split("\n")
    assert.strictEqual(redeemed, "redeemed 60 points, 40 left")
    assert.strictEqual(credited, "PartiallyCredited: 20 points back, 40 remain")
    assert.match(refused!, /^422 urn:pointback:problem:exceeds-remaining \{/)
    assert.deepStrictEqual((await printed("http-client/effect.ts", more)).split("\n"), [
      "PartiallyCredited: 10 points back, 30 remain",
      "422 urn:pointback:problem:exceeds-remaining"
    ])
    assert.deepStrictEqual((await mastercard.credits()).get(member.REDEMPTION), [200_000n, 100_000n])
  })

  /** Starts a service, asks it for refunds right and wrong, and ends it. */
  const serves = async (file: string, account: string, redemption: string) => {
    await pointback.earn({ program: "rewards", account, lot: "spring", points: "100", earnedAt: "2025-03-10" })
    const order = { redemption, points: "60", redemptionType: "MERCHANDISE", processedBy: "E078562" } as const
    await pointback.redeem({ program: "rewards", account, ...order })
    await mastercard.knows([{ account, redemption, points: "60" }])
    const child = spawn(process.execPath, [`${EXAMPLES}${file}`], {
      cwd: folder,
      env: environment(),
      stdio: ["ignore", "pipe", "inherit"]
    })
    onTestFinished(() => void child.kill("SIGKILL"))
    const [line] = (await once(createInterface(child.stdout), "line")) as [string]
    const port = /^listening on (\d+)$/.exec(line)?.[1]
    const post = async (body: object) => {
      const answer = await fetch(`http://127.0.0.1:${port}/refunds`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body)
      })
      return [answer.status, (await answer.json()) as Record<string, unknown>] as const
    }
    const [status, credited] = await post({ account, redemption, creditId: "refund-1", points: "20" })
    assert.deepStrictEqual([status, credited["outcome"], credited["remaining"]], [200, "PartiallyCredited", "40"])
    const [wrong, invalid] = await post({ account, redemption, creditId: "refund-2", points: 20 })
    assert.deepStrictEqual([wrong, invalid["_tag"], invalid["field"]], [400, "InvalidInput", "points"])
    const [refused, refusal] = await post({ account, redemption, creditId: "refund-3", points: "41" })
    assert.deepStrictEqual([refused, refusal["_tag"], refusal["remaining"]], [409, "ExceedsRemaining", "40"])
    assert.deepStrictEqual((await mastercard.credits()).get(redemption), [200_000n])
    const ended = once(child, "exit")
    child.kill("SIGTERM")
    return (await ended)[1] ?? (await ended)[0]
  }

  it("express: a service", async () => {
    assert.strictEqual(await serves("express/main.js", "220094110178641288073796000003", "EXPRESS-1"), 0)
  })

  it("fastify: a service", async () => {
    assert.strictEqual(await serves("fastify/main.js", "220094110178641288073796000004", "FASTIFY-1"), 0)
  })

  it("those in TypeScript have right types", async () => {
    await run(process.execPath, [TSC, "-p", EXAMPLES])
  })

  it("nestjs: a service", async () => {
    // Decorators are the one thing that Node does not strip. Types were checked with all that they come from.
    const emit = ["--noEmit", "false", "--allowImportingTsExtensions", "false", "--noCheck", "--noResolve"]
    await run(process.execPath, [TSC, "-p", EXAMPLES, ...emit, "--rootDir", EXAMPLES, "--outDir", `${EXAMPLES}dist`])
    // Nest ends the process by the signal that it got, when everything is closed.
    assert.strictEqual(await serves("dist/nestjs/main.js", "220094110178641288073796000005", "NEST-1"), "SIGTERM")
  })
})
