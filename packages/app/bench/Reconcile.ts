/**
 * W7: a statement is reconciled with as many records of ours, and what differs is stored; both sides parsed from the same
 * sources and joined by hash maps.
 */
import { Migrations, PostgresDatabase, StatementFile, Stores } from "@pointback/adapters"
import { Ids, Instant } from "@pointback/domain"
import { Effect, Layer, Redacted } from "effect"
import { createReadStream } from "node:fs"
import { mkdtemp, open as openFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import pg from "pg"
import { reconcileProgram } from "../src/reconcile/ReconcileProgram.ts"
import * as Sink from "../src/reconcile/Sink.ts"
import * as Copy from "./Copy.ts"
import type { Workload } from "./Measure.ts"

/** Records on each side; `POINTBACK_BENCH_W7` asks for another number. */
const RECORDS = Number(process.env["POINTBACK_BENCH_W7"] ?? 1_000_000)

/** Of ten redemptions, so many have one credit; and each account has ten. */
const CREDITED = 4
const PER_ACCOUNT = 10

/** Every so many lines of the statement, one has other points. */
const WRONG_EVERY = 100

const REDEMPTIONS = Math.round((RECORDS * PER_ACCOUNT) / (PER_ACCOUNT + CREDITED))

const connected = async <A>(url: string, run: (client: pg.Client) => Promise<A>): Promise<A> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

// The rows that a reconciliation reads, as an import would have written them.
const SEED = [
  `set session_replication_role = replica`,
  `set search_path to pointback`,
  `insert into programs values ('bench', 2)`,
  `create temp table made as select g, (g - 1) / ${PER_ACCOUNT} as a, 'R' || g as id, 20 + g % 400 as points,
    timestamptz '2025-01-01Z' + g % 31000000 * interval '1 second' as at, g % ${PER_ACCOUNT} < ${CREDITED} as credited
    from generate_series(1, ${REDEMPTIONS}) g`,
  `insert into account_numbers select distinct 'bench', '2200' || lpad((a * 7919 % 1000003)::text, 26, '0') , a % 8, 'k' || a from made`,
  `insert into redemptions (partition, program, account_key, redemption_id, redemption_type, processed_by, redeemed_at,
      version, points, credited, pending, state, lot_ids, draws)
    select a % 8, 'bench', 'k' || a, id, 'MERCHANDISE', 'E1', at, case when credited then 2 else 1 end, points,
      case when credited then 10 else 0 end, 0, 'Outstanding', array['A'],
      json_build_array(json_build_array('A', '2024-01-01T00:00:00.000Z', null, points::text, '0')) from made`,
  `insert into events (partition, program, account_key, position, event_id, stream, version, account_version, type,
      schema_version, payload, occurred_at, recorded_at, correlation_id, idempotency_key, hash)
    select a % 8, 'bench', 'k' || a, g, gen_random_uuid(), 'redemption:' || id, 2, g, 'PartiallyCredited', 1,
      json_build_object('creditId', 'c' || g, 'points', '10', 'mode', 'partial', 'restorations',
        json_build_array(json_build_object('lotId', 'A', 'points', '10', 'fate', 'live', 'earnedAt',
          '2024-01-01T00:00:00.000Z', 'expiresAt', null)), 'remaining', (points - 10)::text, 'policyVersion', 0,
        'mastercard', null), at + interval '1 day', now(), 'x', 'c' || g, decode(repeat('00', 32), 'hex')
    from made where credited`,
  `analyze`
]

const SECONDS = `select 'redemption' as kind, n.account_number as account, m.id as redemption, null as credit,
    m.points::text as points, m.at from made m join account_numbers n on n.account_key = 'k' || m.a
  union all select 'credit', n.account_number, m.id, 'c' || m.g, '10', m.at + interval '1 day'
    from made m join account_numbers n on n.account_key = 'k' || m.a where m.credited`

/** Fills a database, and writes the statement about it in the order of time. */
const seed = (url: string, file: string): Promise<number> =>
  connected(url, async (client) => {
    for (const statement of SEED) await client.query(statement)
    const handle = await openFile(file, "w")
    const header = { kind: "statement", program: "bench", from: "2024-12-01T00:00:00Z", to: "2026-06-01T00:00:00Z" }
    await handle.write(`${JSON.stringify(header)}\n`)
    await client.query("begin")
    await client.query(`declare lines cursor for ${SECONDS} order by 6, 3`)
    let count = 0
    for (;;) {
      const { rows } = await client.query<{ points: string; at: Date; [column: string]: unknown }>(
        "fetch 20000 from lines"
      )
      if (rows.length === 0) break
      const lines = rows.map((row) => {
        count++
        const points = count % WRONG_EVERY === 0 ? `${row.points}.5` : row.points
        return `${JSON.stringify({ ...row, points, at: row.at.toISOString(), reference: `m${count}` })}\n`
      })
      await handle.write(lines.join(""))
    }
    await handle.close()
    return count
  })

const layer = (url: string, connections: number) =>
  Layer.provideMerge(Stores.layer, PostgresDatabase.layer({ url: Redacted.make(url), poolSize: connections }))

/** Reconciles; answers the breaks. */
export const reconcileFile = (url: string, file: string, run: string, connections = 4): Promise<number> =>
  Effect.gen(function* () {
    const source = yield* StatementFile.read(file)
    const program = Ids.ProgramId.make("bench")
    const at = Instant.fromStringUnsafe("2026-07-01T00:00:00Z")
    return (yield* reconcileProgram({ program, source, run, at }, Sink.database)).breaks.length
  }).pipe(Effect.scoped, Effect.provide(layer(url, connections)), Effect.runPromise)

interface Line {
  readonly kind: string
  readonly account: string
  readonly redemption: string
  readonly credit: string | null
  readonly points: string
}

const joined = async (url: string, file: string): Promise<number> => {
  const there = new Map<string, Line>()
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const line = JSON.parse(text) as Line
    if (line.kind !== "statement") there.set(`${line.account} ${line.redemption} ${line.credit ?? ""}`, line)
  }
  const here = new Map<string, Line>()
  await connected(url, async (client) => {
    await client.query("set search_path to pointback")
    const { rows: redemptions } = await client.query<Line>(
      `select 'redemption' as kind, n.account_number as account, r.redemption_id as redemption, null as credit,
        r.points::text as points, r.redeemed_at::text as at from redemptions r
        join account_numbers n on (n.program, n.account_key) = (r.program, r.account_key) where r.program = 'bench'`
    )
    for (const row of redemptions) here.set(`${row.account} ${row.redemption} `, row)
    const { rows: credits } = await client.query<Line & { readonly payload: Line & { readonly creditId: string } }>(
      `select 'credit' as kind, n.account_number as account, e.stream as redemption, e.payload, e.occurred_at::text as at
        from events e join account_numbers n on (n.program, n.account_key) = (e.program, e.account_key)
        where e.program = 'bench' and e.type in ('PartiallyCredited', 'FullyCredited')`
    )
    for (const { account, payload, redemption } of credits) {
      const line = { ...payload, account, redemption: redemption.slice("redemption:".length), credit: payload.creditId }
      here.set(`${line.account} ${line.redemption} ${line.credit}`, line)
    }
  })
  let differing = 0
  for (const [key, line] of there) if (here.get(key)?.points !== line.points) differing++
  for (const key of here.keys()) if (!there.has(key)) differing++
  return differing
}

/** Fills a database, and answers the workload: records of one side a second. */
export const open = async (server: string, connections: number) => {
  const folder = await mkdtemp(join(tmpdir(), "pointback-bench-"))
  const file = join(folder, "statement.ndjson")
  const databases = Copy.databases(server, "reconcile")
  const url = await databases.make()
  await Effect.runPromise(Effect.provide(Migrations.migrate, layer(url, connections)))
  const records = await seed(url, file)
  const expected = Math.floor(records / WRONG_EVERY)
  const demand = (found: number) => {
    if (found !== expected) throw new Error(`${found} differences instead of ${expected}`)
    return records
  }
  // A first run stores its breaks anew, as the workload says; those of the run before are removed, untimed.
  const clear = () =>
    connected(url, async (client) => {
      await client.query("set session_replication_role = replica")
      const tables = ["history", "parked", "breaks", "runs"].map((name) => `pointback.reconciliation_${name}`)
      await client.query(`truncate ${tables.join(", ")}`)
    })
  const workload: Workload = {
    name: "W7",
    what: `${records} statement records against as many of ours; two hash maps joined`,
    goal: 0.5,
    prepare: clear,
    ours: async () => demand(await reconcileFile(url, file, "bench", connections)),
    baseline: async () => demand(await joined(url, file))
  }
  return { workload, url, file, close: () => rm(folder, { recursive: true }) }
}
