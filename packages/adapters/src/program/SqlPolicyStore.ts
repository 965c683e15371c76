/** Policies on PostgreSQL and on PGlite. */
import { type Ids, type Instant, Policy, Refusal } from "@pointback/domain"
import { Effect, Equal, Layer, Schema } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import { moment } from "../database/Moment.ts"
import * as Rows from "../database/Rows.ts"
import * as ProgramRoles from "./ProgramRoles.ts"
import { PolicyStore, type PolicyTerms } from "./PolicyStore.ts"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Policy.Policy))
const encode = Schema.encodeSync(Schema.fromJsonString(Policy.Policy))

const make = Effect.gen(function* () {
  const database = yield* Database
  const accounts = sql.id(database.schema, "accounts")
  const policies = sql.id(database.schema, "policies")
  const programs = sql.id(database.schema, "programs")
  const instant = sql.id(database.schema, "policy_instant")

  const asRecordedBy = (program: Ids.ProgramId, knownAt: Instant.Instant | null) =>
    database.query(async (kysely, signal) => {
      const by = knownAt === null ? sql`true` : sql`recorded_at <= ${moment(knownAt)}::timestamptz`
      const [found] = await Rows.ask<{ policy: string | null; known: boolean }>(
        kysely,
        sql`select (select policy::text from ${policies} where program = ${program} and ${by}
            order by version desc limit 1) as policy,
          exists (select from ${programs} where program = ${program}) as known`,
        signal
      )
      const { known, policy } = found as { policy: string | null; known: boolean }
      return { known, policy: policy === null ? Policy.initial : decode(policy) }
    })

  // A program behind a wall is not to be taken for one that is not there.
  const ask = (program: Ids.ProgramId, knownAt: Instant.Instant | null) =>
    Effect.tap(asRecordedBy(program, knownAt), ({ known }) =>
      known ? Effect.void : ProgramRoles.requireProgram(database, program)
    )

  const current = Effect.fn("PolicyStore.current")((program: Ids.ProgramId) => ask(program, null))
  const knownAt = Effect.fn("PolicyStore.knownAt")(ask)

  // Locks the program's row, which an account's first append shares: either sees what the other did.
  const lock = (program: Ids.ProgramId, scale: number) =>
    database.query(async (kysely) => {
      // Appends that would make the program look for this lock, and do not wait.
      await sql`select pg_advisory_xact_lock(hashtextextended(${program}, 0))::text as locked`.execute(kysely)
      await sql`insert into ${programs} (program, scale) values (${program}, ${scale}) on conflict (program) do nothing`.execute(
        kysely
      )
      const [locked] = await Rows.ask<{ scale: number }>(
        kysely,
        sql`select scale from ${programs} where program = ${program} for update`
      )
      // A statement of its own: the one above may have waited for an account that its snapshot does not have.
      const [found] = await Rows.ask<{ used: boolean }>(
        kysely,
        sql`select exists (select from ${accounts} where program = ${program}) as used`
      )
      return { ...(locked as { scale: number }), ...(found as { used: boolean }) }
    })

  const write = (program: Ids.ProgramId, policy: Policy.Policy) =>
    database.query(async (kysely) => {
      await sql`update ${programs} set scale = ${policy.scale} where program = ${program}`.execute(kysely)
      await sql`insert into ${policies} (program, version, policy, recorded_at)
        values (${program}, ${policy.version}, ${encode(policy)}::jsonb, ${instant}())`.execute(kysely)
    })

  const revise = Effect.fn("PolicyStore.revise")(function* (
    program: Ids.ProgramId,
    revise: (present: PolicyTerms) => PolicyTerms
  ) {
    const { scale, used } = yield* lock(program, Policy.initial.scale)
    const { policy: present } = yield* current(program)
    const { version, ...terms } = present
    const next = revise(terms)
    if (used && next.scale !== scale) return yield* new Refusal.ScaleFixed({ scale, requested: next.scale })
    if (version > 0 && Equal.equals(next, terms)) return { policy: present, changed: false }
    const policy = { ...next, version: version + 1 }
    yield* write(program, policy)
    return { policy, changed: true }
  }, database.transaction)

  return PolicyStore.of({ current, knownAt, revise })
})

/** `PolicyStore` over the `Database`. */
export const layer: Layer.Layer<PolicyStore, never, Database> = Layer.effect(PolicyStore, make)
