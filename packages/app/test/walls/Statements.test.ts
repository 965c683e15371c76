/**
 * What a hand in psql can do behind a wall: every table and every function of the schema is tried, as the catalog lists them, so
 * that one that is new and has no wall is found.
 */
import pg from "pg"
import { Redacted } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asAdministrator } from "../../../adapters/test/support/Databases.ts"
import { ACCOUNT, OTHER, OWN, twoPrograms } from "../support/TwoPrograms.ts"

/** SQLSTATE of insufficient_privilege. */
const FORBIDDEN = "42501"

/** Tables without rows of a program, which every role reads: versions, and how far the log has come. */
const SHARED_TABLES = ["kysely_migration", "log_heads", "settings"]

/** Rows of the other program, in tables that have no column for it. `$1`: the role of the other program. */
const OTHERS_ROWS: Readonly<Record<string, string>> = {
  reconciliation_parked: `run = 'run-${OTHER}'`,
  reconciliation_history: `break_id in (select id from reconciliation_breaks where program = '${OTHER}')`,
  subscriptions: "role is distinct from '$1'"
}

/** Functions that know nothing of a program: pure ones, the clock, positions and instants of the log, what the role sees. */
const SHARED_FUNCTIONS = [
  "advance_heads",
  "chain",
  "chain_next",
  "current_instant",
  "event_content",
  "event_envelope",
  "micros",
  "policy_instant",
  "position_known_at",
  "programs_seen",
  "sees_all_programs",
  "walled_roles"
]

/** What is asked of the other functions. */
const CALLS: Readonly<Record<string, (program: string) => string>> = {
  account_lots: (program) => `select account_lots('${program}', '${ACCOUNT}', now(), null)`,
  alias_account: (program) =>
    `select alias_account('${program}', (select account_key from known), '55009411', 'alias')`,
  append_batch: (program) =>
    `select * from append_batch(true, array[(select partition from known)], array['${program}'], array[(select account_key from known)],
      null, array[2], array[(select version from known)], array[1], array[1], null, null, null, null, null)`,
  erase_account: (program) => `select * from erase_account('${program}', '${ACCOUNT}', 'me', 'asked')`,
  load_batch: (program) =>
    `select * from load_batch(array['${program}'], array['${ACCOUNT}'], array[now()], null, null, null, null, null)`,
  require_programs: (program) => `select require_programs(array['${program}'])`
}

const EVERY_PROGRAM = "require_every_program"

interface Table {
  readonly name: string
  readonly partition: boolean
  readonly columns: ReadonlyArray<string>
}

const TABLES = `select c.relname as name, c.relispartition as partition,
    (select json_agg(attname order by attnum) from pg_attribute a where a.attrelid = c.oid and attnum > 0 and not attisdropped) as columns
  from pg_class c where c.relnamespace = 'pointback'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') order by 1`

describe("a hand in psql behind a wall", () => {
  const programs = twoPrograms()
  let owner: pg.Client
  let hand: pg.Client
  let tables: ReadonlyArray<Table>

  const connect = async (url: Redacted.Redacted) => {
    const client = new pg.Client({ connectionString: Redacted.value(url), options: "-c search_path=pointback" })
    await client.connect()
    return client
  }
  beforeAll(async () => {
    owner = await connect(programs.owner())
    hand = await connect(programs.own().url)
    tables = (await owner.query<Table>(TABLES)).rows
  })
  afterAll(() => Promise.all([owner.end(), hand.end()]))

  /** The rows that a statement touched, or the SQLSTATE that it was refused with. */
  const tried = (statement: string, values: ReadonlyArray<unknown> = []): Promise<number | string> =>
    hand.query(statement, [...values]).then(
      ({ rowCount }) => rowCount ?? 0,
      (error: { readonly code: string }) => error.code
    )

  const othersRows = ({ columns, name }: Table): string | undefined =>
    columns.includes("program") ? `program = '${OTHER}'` : OTHERS_ROWS[name]?.replace("$1", programs.own().role)

  const rowsOf = async (client: pg.Client, name: string, where = "true") =>
    (await client.query<{ row: string }>(`select to_json(t)::text as row from ${name} t where ${where}`)).rows.map(
      ({ row }) => row
    )

  /** Tables that the role may read at all, besides those that all share. */
  const readable = async () => {
    const found: Array<Table> = []
    for (const table of tables) {
      if (SHARED_TABLES.includes(table.name)) continue
      if ((await tried(`select from ${table.name} limit 1`)) !== FORBIDDEN) found.push(table)
    }
    return found
  }

  it("reads no row of another program in any table, and those of its own", async () => {
    const found = await readable()
    assert.isAbove(found.length, 14)
    for (const table of found) {
      const where = othersRows(table)
      assert.isDefined(
        where,
        `${table.name} is new: say which of its rows are of another program, or that it is shared`
      )
      const others = new Set(await rowsOf(owner, table.name, where))
      assert.isAbove(others.size, 0, `${table.name} has no row of the other program to hide`)
      const seen = await rowsOf(hand, table.name)
      assert.deepStrictEqual(
        seen.filter((row) => others.has(row)),
        [],
        table.name
      )
      assert.isAbove(seen.length, 0, `${table.name} has no row of its own program`)
    }
  })

  it("has no right on partitions, nor on what says who sees what", async () => {
    const names = tables.filter(({ name, partition }) => partition || name === "program_roles").map(({ name }) => name)
    assert.lengthOf(names, 49)
    for (const name of names) {
      for (const statement of [`select from ${name}`, `delete from ${name}`, `truncate ${name}`]) {
        assert.strictEqual(await tried(statement), FORBIDDEN, statement)
      }
    }
    assert.strictEqual(await tried(`insert into program_roles values (session_user, '${OTHER}')`), FORBIDDEN)
  })

  it("changes, removes and adds no row of another program in any table", async () => {
    let refused = 0
    for (const table of tables.filter(({ partition }) => !partition)) {
      const where = othersRows(table) ?? "true"
      const before = await rowsOf(owner, table.name, where)
      for (const column of table.columns) {
        const outcome = await tried(
          `update ${table.name} set ${column} = ${column} where ${where.replace(/in \(select.*\)/, "<> ''")}`
        )
        assert.include([0, FORBIDDEN], outcome, `update ${table.name}.${column}`)
      }
      const removed = await tried(`delete from ${table.name} where ${where.replace(/in \(select.*\)/, "<> ''")}`)
      assert.include([0, FORBIDDEN], removed, `delete from ${table.name}`)
      for (const row of before.slice(0, 2)) {
        const added = await tried(
          `insert into ${table.name} select * from json_populate_record(null::${table.name}, $1)`,
          [row]
        )
        assert.strictEqual(added, FORBIDDEN, `insert into ${table.name}`)
        refused++
      }
      assert.deepStrictEqual(await rowsOf(owner, table.name, where), before)
    }
    assert.isAbove(refused, tables.filter(({ partition }) => !partition).length - 2)
  })

  it("gives no row of its own to another program or role", async () => {
    for (const name of tables.filter(({ columns }) => columns.includes("program")).map(({ name }) => name)) {
      assert.strictEqual(
        await tried(`update ${name} set program = '${OTHER}' where program = '${OWN}'`),
        FORBIDDEN,
        name
      )
    }
    assert.strictEqual(await tried(`update subscriptions set role = '${programs.other().role}'`), FORBIDDEN)
    assert.strictEqual(await tried("update subscriptions set role = null"), FORBIDDEN)
  })

  it("is refused every function that is asked about another program, and not about its own", async () => {
    const { rows } = await owner.query<{ name: string; may: boolean }>(
      `select distinct proname as name, bool_or(has_function_privilege($1, oid, 'execute')) as may
        from pg_proc where pronamespace = 'pointback'::regnamespace group by proname order by 1`,
      [programs.own().name]
    )
    const executable = rows.filter(({ may }) => may).map(({ name }) => name)
    assert.deepStrictEqual(
      executable,
      [...SHARED_FUNCTIONS, ...Object.keys(CALLS), EVERY_PROGRAM].toSorted(),
      "a function is new: say what is asked of it, or that it is shared"
    )
    for (const [name, statement] of Object.entries(CALLS)) {
      for (const program of [OTHER, OWN]) {
        const known = await owner.query(
          "select a.* from accounts a join account_numbers n using (program, account_key) where program = $1 and account_number = $2",
          [program, ACCOUNT]
        )
        const { account_key, partition, version } = known.rows[0] as Record<string, string>
        const filled = statement(program)
          .replaceAll("(select account_key from known)", `'${account_key}'`)
          .replaceAll("(select partition from known)", String(partition))
          .replaceAll("(select version from known)", String(version))
        await hand.query("begin")
        const outcome = await tried(filled)
        await hand.query("rollback")
        if (program === OTHER) assert.strictEqual(outcome, FORBIDDEN, name)
        else assert.isNumber(outcome, `${name}: ${outcome}`)
      }
    }
    assert.strictEqual(await tried(`select ${EVERY_PROGRAM}()`), FORBIDDEN)
  })

  it("is refused a batch in which one command of many is of another program", async () => {
    const both = `array['${OWN}', '${OTHER}']`
    assert.strictEqual(
      await tried(
        `select * from load_batch(${both}, array['1', '${ACCOUNT}'], array[now(), now()], null, null, null, null, null)`
      ),
      FORBIDDEN
    )
    assert.strictEqual(await tried(`select require_programs(array[null]::text[])`), FORBIDDEN)
  })

  it("cannot become somebody else", async () => {
    const others = [programs.other().role, programs.other().name, "pointback_application"]
    for (const role of others) assert.strictEqual(await tried(`set role ${role}`), FORBIDDEN, role)
    assert.strictEqual(await tried(`set session authorization ${programs.other().name}`), FORBIDDEN)
    assert.strictEqual(await tried(`select set_config('role', 'pointback_application', false)`), FORBIDDEN)
    assert.strictEqual(await tried(`grant pointback_application to ${programs.own().name}`), FORBIDDEN)
    assert.strictEqual(await tried("alter table events disable row level security"), FORBIDDEN)
    assert.strictEqual(await tried("drop policy program_wall on events"), FORBIDDEN)
    assert.strictEqual(await tried("set row_security = off"), 0)
    // Which makes statements fail that would have left rows out, and shows none.
    assert.strictEqual(await tried("select from events"), FORBIDDEN)
    assert.strictEqual(await tried("reset row_security"), 0)
  })

  it("learns nothing of hidden rows by a function of its own in a condition, or by a table in a table's place", async () => {
    await hand.query(`create function pg_temp.tell(text) returns boolean language plpgsql cost 0.0000001 as
      $$ begin raise notice '%', $1; return true; end $$`)
    const told: Array<string> = []
    hand.on("notice", ({ message }) => told.push(message ?? ""))
    await hand.query("select from events where pg_temp.tell(program || payload::text)")
    assert.isAbove(told.length, 0)
    assert.deepStrictEqual(
      told.filter((text) => text.startsWith(OTHER)),
      []
    )
    await hand.query("create temporary table program_roles (role name, program text)")
    await hand.query(`insert into pg_temp.program_roles values ('${programs.own().role}', '${OTHER}')`)
    const { rows } = await hand.query("select programs_seen() as seen, sees_all_programs() as all")
    assert.deepStrictEqual(rows, [{ seen: [OWN], all: false }])
    await hand.query("drop table pg_temp.program_roles")
  })

  it("sees nothing once its programs are taken from it, at the next statement", async () => {
    const gone = await asAdministrator(Redacted.value(programs.owner()), async (client) => {
      await client.query("delete from pointback.program_roles where role = $1", [programs.own().role])
      const seen = await tried("select from events")
      await client.query("insert into pointback.program_roles values ($1, $2)", [programs.own().role, OWN])
      return seen
    })
    assert.strictEqual(gone, 0)
    assert.notStrictEqual(await tried("select from events"), 0)
  })
})
