/**
 * Roles of the database that see and write some programs only. Who logs in with nothing but such a role cannot reach other
 * programs, whatever statements it sends.
 *
 * @see docs/postgresql.md, "Walls between programs"
 */
import type { Ids } from "@pointback/domain"
import { type Array, Effect, Schema } from "effect"
import { sql } from "kysely"
import { Database } from "../database/Database.ts"
import type { DatabaseError } from "../database/DatabaseError.ts"
import * as Rows from "../database/Rows.ts"
import { applicationRole, exclusively, grantAll } from "../migration/Roles.ts"
import { POLICY } from "../migration/Walls.ts"

/** Names that need no quotes in SQL, up to PostgreSQL's 63 bytes; those that begin with `pg_` are PostgreSQL's own. */
const ROLE_NAME = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/

/** The name cannot name a role here. */
export class RoleNameInvalid extends Schema.TaggedError<RoleNameInvalid>("@pointback/adapters/RoleNameInvalid")(
  "RoleNameInvalid",
  { role: Schema.String }
) {
  override get message() {
    return `${JSON.stringify(this.role)} cannot name a role here; use up to 63 of a-z, 0-9 and _, not beginning with a digit or pg_`
  }
}

/** No such role is there, and the user may not make one. */
export class RoleMissing extends Schema.TaggedError<RoleMissing>("@pointback/adapters/RoleMissing")("RoleMissing", {
  role: Schema.String
}) {
  override get message() {
    return `there is no role ${this.role}, and this user may not make one; have an administrator \`create role ${this.role} nologin\``
  }
}

/** A wall around this role would hold nothing back. */
export class RoleSeesAll extends Schema.TaggedError<RoleSeesAll>("@pointback/adapters/RoleSeesAll")("RoleSeesAll", {
  role: Schema.String,
  because: Schema.Literals(["superuser", "bypassesRowSecurity", "memberOfOwner", "memberOfApplicationRole"])
}) {
  override get message() {
    return `role ${this.role} would see every program all the same (${REASONS[this.because]}); take that from it, or choose another`
  }
}

const REASONS = {
  superuser: "it is a superuser",
  bypassesRowSecurity: "it may bypass row-level security",
  memberOfOwner: "it is a member of the owner of the schema",
  memberOfApplicationRole: "it is a member of the role of applications"
} as const

/** A role with its programs. */
export interface ProgramRole {
  readonly role: string
  readonly programs: ReadonlyArray<Ids.ProgramId>
  /** Logins that have the role, superusers left out. */
  readonly logins: ReadonlyArray<{
    readonly name: string
    /** It has something else besides, by which it sees every program. */
    readonly seesAll: boolean
  }>
  /** False where the server has no such role, say after a dump was restored. */
  readonly exists: boolean
}

// The role of applications has a policy of its own, so that its statements are planned as without walls.
const raise = (schema: string): string => `do $do$
declare t regclass;
begin
  for t in select p.polrelid from pg_policy p join pg_class c on c.oid = p.polrelid
    where p.polname = '${POLICY}' and c.relnamespace = '${schema}'::regnamespace
  loop
    if exists (select from pg_roles where rolname = '${applicationRole(schema)}')
      and not exists (select from pg_policy where polrelid = t and polname = 'application')
    then
      execute format('create policy application on %s to ${applicationRole(schema)} using (true)', t);
    end if;
    if not (select relrowsecurity from pg_class where oid = t) then
      execute format('alter table %s enable row level security', t);
    end if;
  end loop;
end $do$`

const lower = (schema: string): string => `do $do$
declare t regclass;
begin
  if exists (select from ${schema}.program_roles) then return; end if;
  for t in select p.polrelid from pg_policy p join pg_class c on c.oid = p.polrelid
    where p.polname = '${POLICY}' and c.relnamespace = '${schema}'::regnamespace
  loop
    execute format('alter table %s disable row level security', t);
    execute format('drop policy if exists application on %s', t);
  end loop;
end $do$`

const run = (statement: (schema: string) => string) =>
  Database.use(({ query, schema }) => query((kysely) => sql.raw(statement(schema)).execute(kysely)))

const requireName = (role: string) => (ROLE_NAME.test(role) ? Effect.void : Effect.fail(new RoleNameInvalid({ role })))

interface RoleRow {
  readonly because: RoleSeesAll["because"] | null
}

const requireWallable = Effect.fnUntraced(function* (
  role: string
): Effect.fn.Return<void, RoleMissing | RoleSeesAll | DatabaseError, Database> {
  const { query, schema } = yield* Database
  const [found] = yield* query((kysely, signal) =>
    Rows.ask<RoleRow>(
      kysely,
      sql`select case when r.rolsuper then 'superuser' when r.rolbypassrls then 'bypassesRowSecurity'
            when pg_has_role(r.oid, n.nspowner, 'member') then 'memberOfOwner'
            when pg_has_role(r.oid, to_regrole(${applicationRole(schema)}), 'member') then 'memberOfApplicationRole'
          end as because
        from pg_roles r join pg_namespace n on n.nspname = ${schema} where r.rolname = ${role}`,
      signal
    )
  )
  if (found === undefined) return yield* new RoleMissing({ role })
  if (found.because !== null) return yield* new RoleSeesAll({ role, because: found.because })
})

/**
 * Makes a role one that sees these programs and no others, which need not exist yet; programs that it had before and that
 * are not named here are taken from it. Makes the role where it is missing, without a login, and switches row-level
 * security on. Needs the owner of the schema; takes a short exclusive lock on each table the first time.
 */
export const grant = Effect.fn("ProgramRoles.grant")(function* (
  role: string,
  programs: Array.NonEmptyReadonlyArray<Ids.ProgramId>
): Effect.fn.Return<void, RoleNameInvalid | RoleMissing | RoleSeesAll | DatabaseError, Database> {
  const database = yield* Database
  yield* requireName(role)
  const granting = Effect.gen(function* () {
    const roles = sql.id(database.schema, "program_roles")
    yield* database.query(async (kysely) => {
      await sql`delete from ${roles} where role = ${role}`.execute(kysely)
      for (const program of new Set(programs)) {
        await sql`insert into ${roles} (role, program) values (${role}, ${program})`.execute(kysely)
      }
    })
    yield* raised([role])
    yield* requireWallable(role)
  })
  yield* exclusively(database, granting)
})

const raised = Effect.fnUntraced(function* (roles: ReadonlyArray<string>) {
  yield* run(raise)
  for (const role of roles) yield* run((schema) => grantAll(schema, role))
})

/** Takes a role's programs and rights from it; the role itself stays. After the last one, row-level security is off. */
export const revoke = Effect.fn("ProgramRoles.revoke")(function* (
  role: string
): Effect.fn.Return<boolean, RoleNameInvalid | DatabaseError, Database> {
  const database = yield* Database
  yield* requireName(role)
  const revoking = Effect.gen(function* () {
    const { rows } = yield* database.query((kysely) =>
      sql`delete from ${sql.id(database.schema, "program_roles")} where role = ${role} returning role`.execute(kysely)
    )
    if (rows.length === 0) return false
    yield* run(
      (schema) => `do $do$ begin
        if not exists (select from pg_roles where rolname = '${role}') then return; end if;
        revoke all on all tables in schema ${schema} from ${role};
        revoke execute on all functions in schema ${schema} from ${role};
        revoke usage on schema ${schema} from ${role};
      end $do$`
    )
    yield* run(lower)
    return true
  })
  return yield* exclusively(database, revoking)
})

/** Every role that has programs of its own, by name. */
export const list: Effect.Effect<ReadonlyArray<ProgramRole>, DatabaseError, Database> = Effect.gen(function* () {
  const { query, schema } = yield* Database
  const found = yield* query((kysely, signal) =>
    Rows.ask<ProgramRole>(
      kysely,
      sql`select w.role, w.programs, r.oid is not null as exists, coalesce((
            select json_agg(json_build_object('name', u.rolname, 'seesAll', u.rolbypassrls
              or pg_has_role(u.oid, n.nspowner, 'member')
              or coalesce(pg_has_role(u.oid, to_regrole(${applicationRole(schema)}), 'member'), false)) order by u.rolname)
            from pg_roles u where u.rolcanlogin and not u.rolsuper and pg_has_role(u.oid, r.oid, 'member')
          ), '[]'::json) as logins
        from (select role, array_agg(program order by program) as programs from ${sql.id(schema, "program_roles")} group by role) w
        join pg_namespace n on n.nspname = ${schema}
        left join pg_roles r on r.rolname = w.role
        order by w.role`,
      signal
    )
  )
  return found
}).pipe(Effect.withSpan("ProgramRoles.list"))

/** What `migrate` does: tables and functions that are new have walls and rights too, and so has a database that was restored. */
export const ensure: Effect.Effect<void, DatabaseError, Database> = Effect.gen(function* () {
  const database = yield* Database
  const roles = yield* list
  if (roles.length === 0) return
  yield* exclusively(database, raised(roles.map(({ role }) => role)))
})

/** True where the connection's role sees every program. Asked of a transaction, it is the role of that. */
export const seesAll: Effect.Effect<boolean, DatabaseError, Database> = Effect.flatMap(Database, ({ query, schema }) =>
  Effect.map(
    query((kysely, signal) =>
      Rows.ask<{ all: boolean }>(kysely, sql`select ${sql.id(schema, "sees_all_programs")}() as "all"`, signal)
    ),
    ([row]) => row?.all === true
  )
)

/** Fails with a `DatabaseError` whose reason is `Walled` where the connection's role does not see the program. */
export const requireProgram = (
  { query, schema }: Database["Service"],
  program: Ids.ProgramId
): Effect.Effect<void, DatabaseError> =>
  Effect.asVoid(
    query((kysely) =>
      sql`select ${sql.id(schema, "require_programs")}(array[${program}::text])::text as required`.execute(kysely)
    )
  )

/** The same where it does not see every program, for what is of the log as a whole. */
export const requireEveryProgram: Effect.Effect<void, DatabaseError, Database> = Effect.flatMap(
  Database,
  ({ query, schema }) =>
    Effect.asVoid(
      query((kysely) => sql`select ${sql.id(schema, "require_every_program")}()::text as required`.execute(kysely))
    )
)
