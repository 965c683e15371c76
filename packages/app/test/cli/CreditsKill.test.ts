/** A run over a file of credits that is killed at any moment, and what is true at Mastercard after it is run again. */
import { Stores } from "@pointback/adapters"
import { Duration, Effect } from "effect"
import fc from "fast-check"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { commandLine, type Ran } from "../support/Cli.ts"
import { settleCredits } from "../../src/settle/SettleCredits.ts"
import { folderDatabases, open, serverDatabase } from "../support/Databases.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"
import { start } from "../support/Process.ts"
import { sandboxServer } from "../support/SandboxServer.ts"

/** Each round kills one run. It takes seconds; more are a soak of its own. */
const ROUNDS = Number(process.env["POINTBACK_KILL_ROUNDS"] ?? "2")

/** Processes that are started one after the other take seconds; a machine with other work takes much longer. */
const PATIENCE_MS = 240_000

const PROGRAM = "program"
const ACCOUNTS = 12
const CREDITS_EACH = 10
const CREDITS = ACCOUNTS * CREDITS_EACH
const REDEEMED = "1000"

/** Settling that soon trusts a listing: the sandbox's has no lag, its clock is ours, and its work takes milliseconds. */
const SOON = {
  longestProcessing: Duration.seconds(3),
  longestLag: Duration.millis(1),
  clockSkew: Duration.millis(100)
}

/** After so long, what a listing does not show certainly never happened. */
const CERTAIN_AFTER_MS = 3500

const nameOf = (round: number, index: number): string => `killed-${round}-${index}`

/** Credits of different amounts, so that each shows in the sandbox's log by its redemption and amount. */
const creditsOf = (round: number) =>
  Array.from({ length: CREDITS }, (_, place) => {
    const [index, nth] = [place % ACCOUNTS, Math.floor(place / ACCOUNTS)]
    const name = nameOf(round, index)
    return { program: PROGRAM, account: name, redemption: name, creditId: `c${nth}`, points: String(nth + 1) }
  })

const historyOf = (round: number) =>
  Array.from({ length: ACCOUNTS }, (_, index) => nameOf(round, index)).flatMap((account) => [
    {
      type: "earned",
      program: PROGRAM,
      account,
      lot: "lot",
      points: REDEEMED,
      earnedAt: "2024-01-01",
      expiresAt: null
    },
    {
      type: "redeemed",
      program: PROGRAM,
      account,
      redemption: account,
      points: REDEEMED,
      redemptionType: "MERCHANDISE",
      processedBy: "E078562",
      occurredAt: "2025-01-01"
    }
  ])

interface Summary {
  readonly notBegun: number
  readonly outcomes: Readonly<Record<string, number>>
}

const summaryOf = ({ out }: Ran): Summary => JSON.parse(out) as Summary

const tests = (database: () => string) => {
  const sandbox = sandboxServer()
  const folder = temporaryFolder()

  /** Points by redemption that Mastercard credited, in its own order. */
  const truth = async (round: number): Promise<ReadonlyArray<ReadonlyArray<number>>> => {
    const credits = await sandbox.credits()
    return Array.from({ length: ACCOUNTS }, (_, index) =>
      (credits.get(nameOf(round, index)) ?? []).map((amount) => Number(amount / 10_000n))
    )
  }

  /** Starts a run and kills it when so many credits have happened at Mastercard, and a moment later. */
  const killAfter = async (round: number, file: string, credits: number, moment: number): Promise<void> => {
    const line = ["credits", file, "--in-flight", "6", "--database", database()]
    const child = start(line, { environment: sandbox.environment() })
    let ended = false
    void child.ended.then(() => (ended = true))
    const happened = async () => (await truth(round)).flat().length
    while (!ended && (await happened()) < credits) await sleep(2)
    await sleep(moment)
    child.signal("SIGKILL")
    assert.strictEqual(await child.ended, "SIGKILL", child.err())
  }

  it(
    "is completed by the same command: each credit once at Mastercard, and what was in flight is found out by settling",
    { timeout: PATIENCE_MS },
    async () => {
      const type = (line: ReadonlyArray<string>) => commandLine(database, sandbox.environment())([...line, "--json"])
      // The command line would not take limits that a call could outlive; the processes that called are dead.
      const settle = () =>
        settleCredits({ program: null, olderThan: Duration.millis(1), absent: "repeat" }, SOON).pipe(
          Effect.provide(sandbox.client()),
          Effect.provide(Stores.layer),
          Effect.provide(open(database())),
          Effect.runPromise
        )
      const moments = fc.sample(
        fc.tuple(fc.integer({ min: 1, max: CREDITS - 20 }), fc.integer({ min: 0, max: 8 })),
        ROUNDS
      )
      let held = 0
      for (const [round, [credits, moment]] of moments.entries()) {
        const history = await type(["import", writeNew(folder, ndjson(historyOf(round)))])
        assert.strictEqual(history.code, 0, history.err)
        await sandbox.knows(
          Array.from({ length: ACCOUNTS }, (_, index) => ({
            account: nameOf(round, index),
            redemption: nameOf(round, index),
            points: REDEEMED
          }))
        )
        const file = writeNew(folder, ndjson(creditsOf(round)))
        await killAfter(round, file, credits, moment)
        const before = (await truth(round)).flat().length

        const again = await type(["credits", file])
        const { notBegun, outcomes } = summaryOf(again)
        assert.strictEqual(notBegun, 0, again.out)
        const unknown = outcomes["CreditOutcomeUnknown"] ?? 0
        held += unknown
        // Whoever was in flight holds its redemption, and what comes after it there waits.
        assert.strictEqual(again.code, unknown > 0 ? 3 : 0, again.out)
        const credited = (outcomes["PartiallyCredited"] ?? 0) + (outcomes["FullyCredited"] ?? 0)
        assert.strictEqual(credited + unknown + (outcomes["waiting"] ?? 0), CREDITS, again.out)
        const happened = await truth(round)
        for (const amounts of happened) assert.deepStrictEqual(amounts, [...new Set(amounts)])
        assert.isAtLeast(happened.flat().length, Math.max(before, credited))
        assert.isAtMost(happened.flat().length, credited + unknown)

        if (unknown > 0) await sleep(CERTAIN_AFTER_MS)
        const { credits: settled } = await settle()
        assert.deepStrictEqual(
          settled.filter(({ result }) => result === "open"),
          []
        )
        const last = await type(["credits", file])
        assert.strictEqual(last.code, 0, last.out)
        // Exactly once each, and those of a redemption in the order of the file.
        const all = Array.from({ length: ACCOUNTS }, () => Array.from({ length: CREDITS_EACH }, (_, nth) => nth + 1))
        assert.deepStrictEqual(await truth(round), all)
      }
      const verified = await type(["verify"])
      assert.strictEqual(verified.code, 0, verified.out)
      console.log(`${ROUNDS} runs killed, ${held} credits in flight by then`)
    }
  )
}

describe("a run that is killed, on a server", () => tests(serverDatabase()))

describe("a run that is killed, on an embedded database", () => {
  const folders = folderDatabases()
  let place = ""
  beforeAll(() => {
    place = folders("credits")
  })
  afterAll(() => {
    place = ""
  })
  tests(() => place)
})
