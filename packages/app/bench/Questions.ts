/**
 * W6: an account's aging inside a small and a large program, against one index scan of the lots that the answer needs.
 * W6p: a program's aging and roll-forward, against one sequential aggregate over its ledger.
 */
import { PostgresDatabase, Stores } from "@pointback/adapters"
import { Instant, Points } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import pg from "pg"
import { aging } from "../src/query/Aging.ts"
import { rollForward } from "../src/query/RollForward.ts"
import { PLAN } from "./Import.ts"
import type { Side, Workload } from "./Measure.ts"
import { account } from "./Program.ts"

/** Questions of one run. */
const QUESTIONS = 300

const at = Instant.fromStringUnsafe

/** The end of the generated history, and two years and a half before it. */
const NOW = PLAN.until
const THEN = at("2023-07-01T00:00:00Z")

const FROM = at("2024-01-01T00:00:00Z")
const MONTHS = 24

const LOTS = `
  select string_agg(array_to_string(array[lot_id, pointback.micros(earned_at)::text, pointback.micros(expires_at)::text,
    total::text, restored::text], E'\\x1f', ''), E'\\x1e') as body
  from pointback.lots where partition = $1 and account_key = $2 and program = $3 and total > 0
    and (expires_at is null or expires_at > $4)`

/** The lots as values, as plainly as it can be done: an answer that nobody has read is none. */
const lotsOf = (body: string) =>
  body.split("\x1e").map((line) => {
    const [lotId, earnedAt, expiresAt, points, restored] = line.split("\x1f") as [
      string,
      string,
      string,
      string,
      string
    ]
    return {
      lotId,
      earnedAt: BigInt(earnedAt),
      expiresAt: expiresAt === "" ? null : BigInt(expiresAt),
      points: Points.fromStringUnsafe(points),
      restored: Points.fromStringUnsafe(restored)
    }
  })

const AGGREGATE = `
  select debit, credit, date_trunc('month', occurred_at) as month, sum(points) from pointback.postings
  where program = $1 group by 1, 2, 3`

/** A database with a prepared program, asked through use cases and directly. */
const open = async (url: string) => {
  const layer = Layer.provideMerge(Stores.layer, PostgresDatabase.layer({ url: Redacted.make(url), poolSize: 1 }))
  const runtime = ManagedRuntime.make(layer)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query("set max_parallel_workers_per_gather = 0")
  const { rows } = await client.query<{ partition: number; account_key: string; known_at: string }>(
    `select n.partition, n.account_key, (
        select to_char(e.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from pointback.events e
        where e.partition = n.partition and e.account_key = n.account_key and e.program = n.program
        order by e.position desc offset 100 limit 1) as known_at
      from pointback.account_numbers n where program = $1 and account_number = $2`,
    [PLAN.program, account]
  )
  const [row] = rows
  if (row === undefined) throw new Error("no account")
  const ofAccount = { program: PLAN.program, account, basis: "age" } as const
  const ask = (question: Parameters<typeof aging>[0]) => runtime.runPromise(aging(question))
  const repeated =
    (once: () => Promise<unknown>): Side =>
    async () => {
      for (let i = 0; i < QUESTIONS; i++) await once()
      return QUESTIONS
    }
  const values = [row.partition, row.account_key, PLAN.program, Instant.toString(NOW)]
  return {
    now: repeated(() => ask({ ...ofAccount, asOf: NOW })),
    // A hundred of its events were recorded later, and all of two years and a half happened later.
    past: repeated(() => ask({ ...ofAccount, asOf: THEN, knownAt: at(row.known_at) })),
    indexScan: repeated(async () => {
      const { rows } = await client.query<{ body: string }>({ name: "lots", text: LOTS, values })
      if (lotsOf((rows[0] as { body: string }).body).length === 0) throw new Error("an account without lots")
    }),
    programAging: async () => {
      const { total } = await ask({ ...ofAccount, account: null, asOf: NOW })
      if (total <= 0n) throw new Error("a program without points")
      return 1
    },
    programRollForward: async () => {
      const { rows: found } = await runtime.runPromise(
        rollForward({ program: PLAN.program, from: FROM, to: NOW, withCohorts: true })
      )
      if (found.filter(({ cohort }) => cohort === null).length !== MONTHS) throw new Error("a month is missing")
      return 1
    },
    aggregate: async () => {
      await client.query({ name: "aggregate", text: AGGREGATE, values: [PLAN.program] })
      return 1
    },
    close: async () => {
      await Effect.runPromise(Effect.promise(() => runtime.dispose()))
      await client.end()
    }
  }
}

/** The workloads on two databases with prepared programs. */
export const workloads = async (small: string, large: string) => {
  const [inSmall, inLarge] = [await open(small), await open(large)]
  const ofAccount = "aging of an account of 1,000 events in a program of 10⁶; one index scan of its lots"
  const list: ReadonlyArray<Workload> = [
    { name: "W6 now", what: ofAccount, goal: 0.7, ours: inLarge.now, baseline: inLarge.indexScan },
    { name: "W6 past", what: ofAccount, goal: 0.4, ours: inLarge.past, baseline: inLarge.indexScan },
    {
      name: "W6 now size",
      what: "in the program of 10⁶; the same in one of 10⁴",
      goal: 1 / 1.3,
      ours: inLarge.now,
      baseline: inSmall.now
    },
    {
      name: "W6 past size",
      what: "in the program of 10⁶; the same in one of 10⁴",
      goal: 1 / 1.3,
      ours: inLarge.past,
      baseline: inSmall.past
    },
    {
      name: "W6p aging",
      what: "aging of a program of 10⁶ events; one sequential aggregate of its ledger by month",
      goal: 0.5,
      ours: inLarge.programAging,
      baseline: inLarge.aggregate
    },
    {
      name: "W6p roll-forward",
      what: `${MONTHS} months of it with cohorts; the same aggregate`,
      goal: 0.5,
      ours: inLarge.programRollForward,
      baseline: inLarge.aggregate
    }
  ]
  return { list, close: () => Promise.all([inSmall.close(), inLarge.close()]) }
}
