/** Processes that are killed at any moment, that meet, and that are told to stop. */
import { type EventStore, type PolicyStore, Stores, Verification } from "@pointback/adapters"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { serve } from "../../../adapters/test/mastercard/misbehaving.ts"
import { keys } from "../../../adapters/test/sandbox/world.ts"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { recordCredit } from "../../src/command/CreditRedemption.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import { redeemPoints } from "../../src/command/RedeemPoints.ts"
import * as ImportFile from "../../src/import/ImportFile.ts"
import { importHistory } from "../../src/import/ImportHistory.ts"
import { commandLine, type Line, words } from "../support/Cli.ts"
import * as Examples from "../support/Commands.ts"
import { newAccount, program } from "../support/Commands.ts"
import { folderDatabases, open } from "../support/Databases.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"
import { start } from "../support/Process.ts"

const folder = temporaryFolder()
const account = newAccount()

const of = `--program ${program} --account ${account}`

const earn = (lot: string, points: string) => `earn ${of} --lot ${lot} --points ${points} --earned-at 2025-01-10 --json`

const redeem = (redemption: string, points: string) =>
  `redeem ${of} --redemption ${redemption} --points ${points} --type MERCHANDISE --processed-by E078562 --at 2025-12-01 --json`

const credit = (id: string, rest: string) =>
  `credit ${of} --redemption R --credit-id ${id} --at 2026-01-20 --json ${rest}`

/** Each round kills each command once. It takes seconds, and every run has other moments; more are a soak of its own. */
const ROUNDS = Number(process.env["POINTBACK_KILL_ROUNDS"] ?? "1")

/** Processes that are started one after the other take seconds where nothing else runs; a machine with other work takes much longer. */
const PATIENCE_MS = 240_000

/** When to kill, as parts of a whole; the seed of the test run gives them. */
const moments = (count: number): ReadonlyArray<number> =>
  fc.sample(fc.noBias(fc.integer({ min: 0, max: 1000 })), count).map((thousandths) => thousandths / 1000)

/** The same command as it is typed, and as the use case that it means; whether it was known already. */
interface Command {
  readonly line: Line
  readonly repeat: Effect.Effect<boolean, unknown, EventStore.EventStore | PolicyStore>
}

const replayed = Effect.map(({ replayed }: { readonly replayed: boolean }) => replayed)

const importing = (round: number): Command => {
  const records = Array.from({ length: 200 }, (_, index) => ({
    type: "earned",
    program,
    account: `imported-${round}-${index % 5}`,
    lot: `lot-${index}`,
    points: "1",
    earnedAt: "2025-01-10",
    expiresAt: null
  }))
  const file = writeNew(folder, ndjson(records))
  const repeat = Effect.scoped(Effect.flatMap(ImportFile.read(file), (history) => importHistory(history)))
  return {
    line: ["import", file, "--json"],
    repeat: Effect.map(repeat, (imported) => imported.replayed === imported.records)
  }
}

/** What is killed, round by round; each round has keys of its own. */
const commands: ReadonlyArray<(round: number) => Command> = [
  (round) => ({
    line: earn(`earned-${round}`, "7"),
    repeat: replayed(earnPoints(Examples.earn(account, `earned-${round}`, "7", "2025-01-10")))
  }),
  (round) => ({
    line: redeem(`redeemed-${round}`, "3"),
    repeat: replayed(redeemPoints(Examples.redeem(account, `redeemed-${round}`, "3", "2025-12-01")))
  }),
  (round) => ({
    line: credit(`credited-${round}`, "--points 1 --local"),
    repeat: replayed(recordCredit(Examples.credit(account, "R", `credited-${round}`, "2026-01-20", "1")))
  }),
  importing
]

describe("a process that is killed", () => {
  const folders = folderDatabases()

  it(
    "leaves a database that verifies, and its command has one effect when it is repeated",
    { timeout: PATIENCE_MS },
    async () => {
      const database = folders("killed")
      const type = commandLine(() => database)
      for (const line of [earn("first", "1000"), redeem("R", "500")]) assert.strictEqual((await type(line)).code, 0)
      // How long a command takes on this machine, so that kills fall anywhere between its start and its end.
      const before = performance.now()
      assert.strictEqual(await start([...words(earn("whole", "7")), "--database", database]).ended, 0)
      const whole = performance.now() - before
      const killed: Array<{ readonly command: Command; readonly answered: boolean }> = []
      for (const [round, moment] of moments(ROUNDS * commands.length).entries()) {
        const command = commands[round % commands.length]!(round)
        const child = start([...words(command.line), "--database", database])
        await sleep((0.3 + 0.8 * moment) * whole)
        child.signal("SIGKILL")
        await child.ended
        killed.push({ command, answered: child.out() !== "" })
        const verified = await type("verify")
        assert.strictEqual(verified.code, 0, verified.out + verified.err)
      }
      const effects = await Effect.runPromise(
        Effect.gen(function* () {
          for (const { answered, command } of killed) {
            const known = yield* command.repeat
            // What it had answered before it was killed is true.
            assert.isTrue(known || !answered)
          }
          assert.strictEqual((yield* Verification.verify(null)).count, 0)
          return yield* rows(`
          select (select count(*)::int from lots where lot_id like 'earned-%') as lots,
            (select count(*)::int from redemptions where redemption_id like 'redeemed-%') as redemptions,
            (select credited::text from redemptions where redemption_id = 'R') as credited,
            (select count(*)::int from lots where lot_id like 'lot-%') as imported`)
        }).pipe(Effect.provide(Layer.provideMerge(Stores.layer, open(database))))
      )
      assert.deepStrictEqual(effects, [
        { lots: ROUNDS, redemptions: ROUNDS, credited: String(ROUNDS), imported: 200 * ROUNDS }
      ])
    }
  )

  it("during its first start leaves nothing in the way of the next one", async () => {
    const database = join(folder, "first-start")
    const first = start([...words(earn("A", "7")), "--database", database])
    await sleep(moments(1)[0]! * 1500)
    first.signal("SIGKILL")
    await first.ended
    const again = start([...words(earn("A", "7")), "--database", database])
    assert.strictEqual(await again.ended, 0, again.err())
    assert.match(again.out(), /"replayed":(true|false)/)
    assert.strictEqual((await commandLine(() => database)("verify")).code, 0)
  })

  it("while it waits for Mastercard, and before that, keeps others out of the folder or of the redemption", () =>
    Effect.gen(function* () {
      const database = folders("waiting")
      const server = yield* serve({})
      const environment = {
        POINTBACK_MASTERCARD_URL: server.url.href,
        POINTBACK_MASTERCARD_CONSUMER_KEY: "key",
        POINTBACK_MASTERCARD_SIGNING_KEY: keys.privateKey
      }
      const type = (line: Line) => Effect.promise(() => commandLine(() => database, environment)(line))
      for (const line of [earn("first", "1000"), redeem("R", "500")]) assert.strictEqual((yield* type(line)).code, 0)
      const line = credit("c1", "--points 70")
      const waiting = start([...words(line), "--database", database], { environment })
      while (server.requests.length === 0) yield* Effect.sleep("20 millis")
      const second = yield* type("verify --json")
      assert.deepStrictEqual([second.code, second.out], [3, ""])
      const { error } = JSON.parse(second.err) as { error: Record<string, unknown> }
      assert.deepInclude(error, { _tag: "DatabaseLocked", pid: waiting.pid })
      assert.include(String(error["message"]), "Stop that process or use another folder")
      waiting.signal("SIGKILL")
      assert.strictEqual(yield* Effect.promise(() => waiting.ended), "SIGKILL")
      const again = yield* type(line)
      assert.deepStrictEqual([again.code, again.err], [3, ""])
      assert.deepInclude(JSON.parse(again.out) as object, {
        outcome: "CreditOutcomeUnknown",
        cause: "inFlight",
        points: "70",
        remaining: "500",
        replayed: true
      })
      const other = yield* type(credit("c2", "--points 1"))
      assert.strictEqual(other.code, 1)
      assert.deepInclude((JSON.parse(other.err) as { error: object }).error, { _tag: "CreditInFlight", creditId: "c1" })
      assert.strictEqual(server.requests.length, 1)
      assert.strictEqual((yield* type("verify")).code, 0)
    }).pipe(Effect.scoped, Effect.runPromise))
})

describe("the sandbox", () => {
  const place = temporaryFolder()

  it("writes a key that only its owner reads, ends when it is told to, and takes its key with it", async () => {
    const file = join(place, ".pointback", "sandbox-key.pem")
    const running = start("sandbox --port 0 --json", { folder: place })
    await running.said("\n")
    const answer = JSON.parse(running.out()) as { url: string; environment: Record<string, string> }
    assert.strictEqual(answer.environment["POINTBACK_MASTERCARD_SIGNING_KEY"], file)
    assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    const key = readFileSync(file, "utf8")
    // A second one that finds the port taken leaves the first one as it was.
    const second = start(`sandbox --port ${new URL(answer.url).port} --json`, { folder: place })
    assert.strictEqual(await second.ended, 3)
    assert.deepInclude((JSON.parse(second.err()) as { error: object }).error, { _tag: "SandboxNotStarted" })
    assert.strictEqual(readFileSync(file, "utf8"), key)
    running.signal("SIGINT")
    assert.strictEqual(await running.ended, 130)
    assert.isFalse(existsSync(file))
    assert.strictEqual(running.err(), "")
  })
})
