/**
 * Applications and their PostgreSQL are killed at any moment, again and again: what a caller was told stays true, and
 * what nobody was told is there whole or not at all.
 */
import { Migrations, PostgresDatabase } from "@pointback/adapters"
import { sweepExpired } from "@pointback/app"
import { Ids } from "@pointback/domain"
import { Effect, Redacted } from "effect"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asAdministrator } from "../../../adapters/test/support/Databases.ts"
import { type CrashableServer, startCrashableServer } from "../../../adapters/test/support/PostgresServer.ts"
import { at } from "../support/Commands.ts"
import { type Dice, dice, runSeed } from "../support/Dice.ts"
import { hostOn } from "../support/Host.ts"
import type { Answer, Order } from "../support/Order.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { Told } from "../support/Told.ts"
import { startWorkers, type Work, type Worker } from "../support/Workers.ts"
import { compare, disagreements } from "./Agreement.ts"
import { endOf, ground, knownRedemptions, load, programOf } from "./Load.ts"

/** Three show that the tests work; two hundred are the proof. The server keeps its data over all of them. */
const ROUNDS = Number(process.env["POINTBACK_CRASH_ROUNDS"] ?? "3")

const PROCESSES = 3

/** Processes that are killed in one round at most: at least one lives on and must recover by itself. */
const MOST_KILLED = 2

/** Orders of a process in one round: more than it can carry out before it is told to stop. */
const ORDERS = 2000

/** Several commands are in each process when it is killed, and the server is busy but not only queueing. */
const MANNER = { inFlight: 16, pause: 10 }

/** A round takes three seconds where nothing else runs. */
const PATIENCE_MS = 60_000 + ROUNDS * 20_000

/** How long a step of a round may take: starts of processes and of the server take a second in all. */
const PATIENCE_IN_ROUND_MS = 20_000

/** How long the server may take to notice that a process of its own was killed. */
const PATIENCE_WITH_VICTIM_MS = 2000

/** What may fail: the server was away, or another credit was on its way to Mastercard. */
const FAILURES = new Set(["Unreachable", "CreditInFlight"])

/** How often is looked whether something has happened; reading a journal takes a millisecond. */
const POLL_MS = 25

/** What is killed in a round, how and when. */
interface Plan {
  readonly server: "kill" | "stopImmediately" | "backend" | null
  readonly workers: ReadonlyArray<number>
  readonly serverFirst: boolean
  /** Answers of all applications that come before the first kill. */
  readonly after: number
  /** Milliseconds: from the last of those answers, between the two kills, and until the server is started again. */
  readonly delay: number
  readonly between: number
  readonly away: number
}

const planOf = (random: Dice): Plan => {
  const what = random.pick(["server", "server", "both", "both", "workers"] as const)
  const everybody = random.shuffled(Array.from({ length: PROCESSES }, (_, index) => index))
  return {
    server: what === "workers" ? null : random.pick(["kill", "stopImmediately", "backend"]),
    workers: what === "server" ? [] : everybody.slice(0, random.between(1, MOST_KILLED)),
    serverFirst: random.happens(0.5),
    after: random.between(5, 150),
    delay: random.between(0, 30),
    between: random.between(0, 30),
    away: random.between(0, 150)
  }
}

describe("applications and a server that are killed", () => {
  let server: CrashableServer
  beforeAll(async () => {
    server = await startCrashableServer()
    const database = PostgresDatabase.layer({ url: Redacted.make(server.url) })
    await Effect.runPromise(Effect.provide(Migrations.migrate, database))
  })
  // Runs last: hooks after tests run in the reverse of their order here.
  afterAll(() => server.stop())
  const sandbox = sandboxServer()
  const host = hostOn(() => server.url, sandbox)
  const start = startWorkers(() => server.url, sandbox.environment)
  const counted = { acknowledged: 0, lost: 0, lostButDone: 0, heldForMastercard: 0, kills: 0 }

  // Applications that have started and wait for work: a start takes longer than all else in a round.
  const spares: Array<Promise<Worker>> = []
  const takeSpare = (): Promise<Worker> => spares.shift() ?? start()
  const fillSpares = () => {
    while (spares.length < MOST_KILLED) {
      const spare = start()
      // One that cannot start fails the round that takes it.
      spare.catch(() => undefined)
      spares.push(spare)
    }
  }

  /** The server dies in the way of the plan, and is back when this resolves. */
  const crashServer = async ({ away, server: how }: Plan): Promise<void> => {
    if (how === null) return
    counted.kills++
    if (how === "backend") return crashBackend()
    await server[how]()
    await sleep(away)
    await server.start()
  }

  const asked = <Row extends object>(text: string): Promise<ReadonlyArray<Row>> =>
    asAdministrator(server.url, async (client) => (await client.query<Row>(text)).rows)

  const checkpointer = async () => asked("select pid from pg_stat_activity where backend_type = 'checkpointer'")

  const killBackend = async (): Promise<void> => {
    const [victim] = await asked<{ pid: number }>(
      "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1"
    )
    if (victim !== undefined) process.kill(victim.pid, "SIGKILL")
  }

  /**
   * As the kernel does when memory runs out: one process dies, and the server ends all others and recovers. A process
   * that is about to end by itself, since its application was killed, takes nobody with it: then another one is killed.
   */
  const crashBackend = async (): Promise<void> => {
    const before = JSON.stringify(await checkpointer())
    let next = 0
    await until("the server had recovered", async () => {
      const now = await checkpointer().catch(() => [])
      if (now.length > 0 && JSON.stringify(now) !== before) return true
      if (Date.now() < next) return false
      next = Date.now() + PATIENCE_WITH_VICTIM_MS
      // Nobody answers while the server recovers, and a victim may be gone by itself.
      await killBackend().catch(() => undefined)
      return false
    })
  }

  const crash = async (plan: Plan, workers: ReadonlyArray<Worker>): Promise<ReadonlyArray<Worker>> => {
    const killWorkers = async () => {
      counted.kills += plan.workers.length
      await Promise.all(plan.workers.map((index) => workers[index]!.kill()))
      return Promise.all(workers.map(async (worker, index) => (plan.workers.includes(index) ? takeSpare() : worker)))
    }
    const first = plan.serverFirst ? crashServer(plan) : killWorkers()
    await sleep(plan.between)
    const second = plan.serverFirst ? killWorkers() : crashServer(plan)
    return (await Promise.all([first, second])).flatMap((living) => living ?? [])
  }

  const answersOf = ({ journal }: Work): ReadonlyArray<Answer> => Array.from(journal().answers.values())

  const doneOf = (work: Work): number => answersOf(work).filter(({ told }) => told === "done").length

  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + PATIENCE_IN_ROUND_MS
    while (!(await holds())) {
      assert.isBelow(Date.now(), deadline, `waited in vain until ${what}`)
      await sleep(POLL_MS)
    }
  }

  /** Every application, the ones that were not killed among them, records something again. */
  const untilRecovered = async (works: ReadonlyArray<Work>): Promise<void> => {
    const before = works.map(doneOf)
    await until("every application had recovered", () => works.every((work, index) => doneOf(work) > before[index]!))
  }

  /** Load, the crash, and load again until all have recovered; notes what was sent and told. */
  const survive = async (
    round: number,
    plan: Plan,
    workers: ReadonlyArray<Worker>,
    told: Told
  ): Promise<ReadonlyArray<Worker>> => {
    const lists = load(round, dice(runSeed(), round, 1), PROCESSES, ORDERS)
    const first = workers.map((worker, index) => worker.work(lists[index]!, MANNER))
    await until("there was load", () => first.flatMap(answersOf).length >= plan.after)
    await sleep(plan.delay)
    const living = await crash(plan, workers)
    const works = living.map((worker, index) =>
      worker === workers[index] ? first[index]! : worker.work(rest(lists[index]!, first[index]!), MANNER)
    )
    await untilRecovered(works)
    for (const worker of living) worker.stop()
    await Promise.all(works.map(({ ended }) => ended))
    for (const work of new Set([...first, ...works])) told.add(work)
    return living
  }

  const rest = (orders: ReadonlyArray<Order>, { journal }: Work): ReadonlyArray<Order> =>
    orders.slice(Math.max(-1, ...journal().sent) + 1)

  const sweptTwice = async (round: number): Promise<void> => {
    const sweep = sweepExpired({ program: Ids.ProgramId.make(programOf(round)), asOf: at(endOf(round)) })
    await host.run(sweep)
    const again = await host.run(sweep)
    assert.deepStrictEqual([again.lots, again.points], [0, 0n])
  }

  it(`keep what was told, over ${ROUNDS} rounds`, { timeout: PATIENCE_MS }, async () => {
    console.log(`crash: POINTBACK_SEED=${runSeed()} POINTBACK_CRASH_ROUNDS=${ROUNDS}`)
    let workers: ReadonlyArray<Worker> = await Promise.all(Array.from({ length: PROCESSES }, start))
    const programs = new Map<string, Told>()
    for (let round = 0; round < ROUNDS; round++) {
      const plan = planOf(dice(runSeed(), round))
      const where = `round ${round}: ${JSON.stringify(plan)}`
      const all = programs.get(programOf(round)) ?? new Told()
      programs.set(programOf(round), all)
      await sandbox.knows(knownRedemptions(round))
      await host.inOrder(ground(round), all)

      const told = new Told()
      workers = await survive(round, plan, workers, told)
      fillSpares()
      assert.deepStrictEqual(await host.differences(programOf(round)), [], where)
      const unreachable = told.failures("Unreachable")
      const lost = told.unanswered
      counted.acknowledged += told.answers.length
      counted.lost += lost.length
      await host.repeat(told)
      assert.strictEqual(told.failures("Unreachable"), unreachable, where)
      counted.lostButDone += lost.filter((key) => told.wasDoneUntold(key)).length
      all.merge(told)
      assert.deepStrictEqual(await host.contradictions(all, FAILURES), [], where)
      const sides = await compare(host, sandbox, programOf(round), knownRedemptions(round))
      assert.deepStrictEqual(disagreements(sides), [], where)
      counted.heldForMastercard += sides.filter(({ held }) => held > 0n).length
      await sweptTwice(round)
    }
    assert.deepStrictEqual(await host.differences(null), [])
    for (const told of programs.values()) assert.deepStrictEqual(await host.contradictions(told, FAILURES), [])
    console.log(`crash: ${JSON.stringify(counted)}`)
    // Otherwise nothing was killed in the middle of anything.
    assert.isAbove(counted.lost, 0)
  })
})
