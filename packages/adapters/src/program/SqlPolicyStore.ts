/** Policies on PostgreSQL and on PGlite. */
import { type Ids, Policy, Refusal } from "@pointback/domain"
import { Effect, Equal, Layer, Schema } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import { PolicyStore, type PolicyTerms } from "./PolicyStore.ts"

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Policy.Policy))
const encode = Schema.encodeSync(Schema.fromJsonString(Policy.Policy))

const make = Effect.gen(function* () {
  const database = yield* Database

  const current = Effect.fn("PolicyStore.current")((program: Ids.ProgramId) =>
    database.query(async (kysely, signal) => {
      const found = await sql<{ policy: string | null; known: boolean }>`
        select (select policy from policies where program = ${program} order by version desc limit 1) as policy,
          exists (select from programs where program = ${program}) as known`.execute(kysely, { signal })
      const { known, policy } = found.rows[0] as { policy: string | null; known: boolean }
      return { known, policy: policy === null ? Policy.initial : decode(policy) }
    })
  )

  // Locks the program's row, which an account's first append shares: either sees what the other did.
  const lock = (program: Ids.ProgramId, scale: number) =>
    database.query(async (kysely) => {
      await sql`insert into programs (program, scale) values (${program}, ${scale}) on conflict (program) do nothing`.execute(
        kysely
      )
      const locked = await sql<{ scale: number }>`
        select scale from programs where program = ${program} for update`.execute(kysely)
      // A statement of its own: the one above may have waited for an account that its snapshot does not have.
      const found = await sql<{ used: boolean }>`
        select exists (select from accounts where program = ${program}) as used`.execute(kysely)
      return { ...(locked.rows[0] as { scale: number }), ...(found.rows[0] as { used: boolean }) }
    })

  const write = (program: Ids.ProgramId, policy: Policy.Policy) =>
    database.query(async (kysely) => {
      await sql`update programs set scale = ${policy.scale} where program = ${program}`.execute(kysely)
      await sql`insert into policies (program, version, policy) values (${program}, ${policy.version}, ${encode(policy)}::jsonb)`.execute(
        kysely
      )
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

  return PolicyStore.of({ current, revise })
})

/** `PolicyStore` over the `Database`. */
export const layer: Layer.Layer<PolicyStore, never, Database> = Layer.effect(PolicyStore, make)
