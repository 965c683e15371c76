/** What the command line and the stores do behind a wall: all of its own program, and clear refusals of what is beyond. */
import {
  type Database,
  DatabaseError,
  EventLog,
  EventStore,
  HostDatabase,
  Migrations,
  PostgresDatabase,
  ProgramRoles,
  Stores,
  Subscription
} from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Redacted, Result } from "effect"
import pg from "pg"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { applicationUser } from "../../../adapters/test/support/ApplicationUser.ts"
import { asAdministrator } from "../../../adapters/test/support/Databases.ts"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import type { AnyStore } from "../../../adapters/test/support/StoresUnderTest.ts"
import { earnPoints } from "../../src/command/EarnPoints.ts"
import * as ErrorProblem from "../../src/http/ErrorProblem.ts"
import { writeNew } from "../support/Files.ts"
import { at } from "../support/Commands.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { ACCOUNT, commandsOf, OTHER, OWN, reconcile, twoPrograms } from "../support/TwoPrograms.ts"
import { commandLine } from "../support/Cli.ts"

const FOREIGN = `--program ${OTHER} --account ${ACCOUNT}`

/** Everything that can be asked of a program. */
const questionsOf = (program: string): ReadonlyArray<string> => {
  const of = `--program ${program} --account ${ACCOUNT}`
  const period = "--from 2025-01-01 --to 2026-03-01"
  return [
    `aging ${of} --as-of 2026-02-01`,
    `aging --program ${program} --as-of 2026-02-01 --lots`,
    `history ${of} --from 2025-12-01 --to 2026-02-01 --step month`,
    `history ${of} --lot A`,
    `history ${of} --redemption R1`,
    `statement ${of} ${period}`,
    `roll-forward --program ${program} ${period} --by month`,
    `triangle --program ${program} ${period}`,
    `schedule --program ${program} --as-of 2026-02-01`,
    `restatement --program ${program} --as-of 2026-02-01 --known-from 2026-01-01T00:00:00Z --known-to 2026-01-02T00:00:00Z`
  ]
}

const walledBy = (err: string): unknown => {
  const { error } = JSON.parse(err) as { error: { _tag: string; reason?: unknown } }
  return error._tag === "DatabaseError" ? error.reason : error
}

const NEEDS_PROGRAM = { _tag: "Walled", needs: "program" }

describe("behind a wall", () => {
  const programs = twoPrograms()
  const mastercard = sandboxServer()
  const type = (line: string) => programs.typeAs("own")(line)
  const typed = (line: string) => commandLine(() => Redacted.value(programs.own().url), mastercard.environment())(line)

  it.each(commandsOf(OTHER))("is refused: %s", async (line) => {
    const { code, err } = await type(`${line} --json`)
    assert.deepStrictEqual(walledBy(err), NEEDS_PROGRAM, err)
    assert.strictEqual(code, 2)
  })

  it.each(questionsOf(OTHER))("is refused to ask: %s", async (line) => {
    const { code, err, out } = await type(`${line} --json`)
    assert.deepStrictEqual([walledBy(err), out, code], [NEEDS_PROGRAM, "", 2])
  })

  it("is refused to reconcile, settle, export, report, import, list and verify another program", async () => {
    const record = {
      type: "earned",
      program: OTHER,
      account: ACCOUNT,
      lot: "Z",
      points: "5",
      earnedAt: "2025-01-10T00:00:00Z",
      expiresAt: null
    }
    for (const line of [
      reconcile(programs.folder, OTHER),
      `${reconcile(programs.folder, OTHER)} --dry-run`,
      `settle --program ${OTHER}`,
      `settle ${FOREIGN} --credit-id c1 --release --actor me --reason asked`,
      `export --program ${OTHER} --format csv --out ${programs.folder}/export`,
      `report --program ${OTHER} --out ${programs.folder}/report.html`,
      `breaks --program ${OTHER}`,
      `verify --program ${OTHER}`
    ]) {
      const { code, err } = await typed(`${line} --json`)
      assert.deepStrictEqual([walledBy(err), code], [NEEDS_PROGRAM, 2], line)
    }
    const imported = await type(`import ${writeNew(programs.folder, JSON.stringify(record))} --json`)
    assert.notStrictEqual(imported.code, 0)
    assert.include(imported.err + imported.out, "Walled")
  })

  it("does all of it in its own program", async () => {
    for (const line of commandsOf(OWN)) {
      const { code, err } = await type(line)
      assert.strictEqual(code, 0, `${line}: ${err}`)
    }
    for (const line of [
      ...questionsOf(OWN),
      `export --program ${OWN} --format csv --out ${programs.folder}/own`,
      `settle --program ${OWN}`
    ]) {
      const { code, err } = await typed(line)
      assert.strictEqual(code, 0, `${line}: ${err}`)
    }
    const found = await type(
      `reconcile --program ${OWN} --statement ${writeNew(programs.folder, "")} --run other --at 2026-02-01 --json`
    )
    assert.include(found.err, "StatementHeaderInvalid")
    const again = await type(reconcile(programs.folder, OWN))
    assert.strictEqual(again.code, 4, again.err)
    const listed = await type("breaks --json")
    assert.lengthOf((JSON.parse(listed.out) as { breaks: ReadonlyArray<unknown> }).breaks, 2)
  })

  it("verifies its own program, without the log's chain, and is refused to verify everything", async () => {
    const { code, out } = await type(`verify --program ${OWN} --json`)
    const found = JSON.parse(out) as { accounts: number; events: number; hashed: number; count: number }
    assert.deepStrictEqual([code, found.hashed, found.count], [0, 0, 0])
    assert.isAbove(found.events, 5)
    assert.include((await type(`verify --program ${OWN}`)).out, "without the log's chain")
    const all = await type("verify --json")
    assert.deepStrictEqual([walledBy(all.err), all.code], [{ _tag: "Walled", needs: "everyProgram" }, 2])
    const whole = await programs.typeAs("owner")("verify --json")
    assert.strictEqual((JSON.parse(whole.out) as { count: number }).count, 0)
  })

  it("is told that a run's id is another program's", async () => {
    const line = reconcile(programs.folder, OWN).replace(`run-${OWN}`, `run-${OTHER}`)
    const { code, err } = await type(`${line} --json`)
    assert.deepInclude(JSON.parse(err).error, { _tag: "RunMismatch", differs: "program" })
    assert.strictEqual(code, 2)
  })

  it("is a 403 over HTTP, which says why", () => {
    const error = new DatabaseError({ reason: { _tag: "Walled", needs: "program" } })
    const problem = ErrorProblem.of(error)
    assert.deepInclude(problem, { status: 403, type: "urn:pointback:problem:walled" })
    assert.include(problem.detail, "does not see this program")
  })

  describe("a subscription", () => {
    let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
    beforeAll(() => {
      runtime = ManagedRuntime.make(
        Layer.provideMerge(Stores.layer, PostgresDatabase.layer({ url: programs.own().url }))
      )
    })
    afterAll(() => runtime.dispose())
    const run = <A, E>(effect: Effect.Effect<A, E, AnyStore | Database>) => runtime.runPromise(effect)

    const seenBy = (name: string) =>
      run(
        Effect.gen(function* () {
          const seen: Array<string> = []
          const handler = (events: ReadonlyArray<EventStore.StoredEvent>) =>
            Effect.sync(() => void seen.push(...events.map(({ account }) => account.program)))
          yield* Subscription.run({ name, handler, until: "caughtUp" })
          return { seen, behind: (yield* Subscription.status(name)).behind }
        })
      )

    it("sees the events of its program, passes over the others, and is not behind afterwards", async () => {
      const first = await seenBy("mirror")
      assert.isAbove(first.seen.length, 5)
      assert.deepStrictEqual(new Set(first.seen), new Set([OWN]))
      assert.strictEqual(first.behind, 0)
      await programs.typeAs("other")(`earn ${FOREIGN} --lot later --points 5 --earned-at 2025-01-10`)
      assert.deepStrictEqual(await seenBy("mirror"), { seen: [], behind: 0 })
      await type(`earn --program ${OWN} --account ${ACCOUNT} --lot later --points 5 --earned-at 2025-01-10`)
      assert.deepStrictEqual(await seenBy("mirror"), { seen: [OWN], behind: 0 })
    })

    it("of another role is not there, and its name is taken", async () => {
      const theirs = `of ${programs.other().role}`
      const names = (await run(Subscription.list)).map(({ name }) => name)
      assert.include(names, `of ${programs.own().role}`)
      assert.notInclude(names, theirs)
      const tags = await run(
        Effect.forEach(
          [
            Subscription.reset(theirs, "beginning"),
            Subscription.remove(theirs),
            Subscription.run({ name: theirs, handler: () => Effect.void })
          ],
          (trying) => Effect.map(Effect.flip(trying), ({ _tag }) => _tag)
        )
      )
      assert.deepStrictEqual(tags, ["SubscriptionUnknown", "SubscriptionUnknown", "SubscriptionNameTaken"])
    })

    it("names positions of the whole log, as known at an instant too", async () => {
      const known = "select sum(position_known_at(partition, now())) = sum(position) as equal from log_heads"
      assert.deepStrictEqual(await run(rows(known)), [{ equal: true }])
    })
  })

  describe("in a host's program", () => {
    let pool: pg.Pool
    let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database, unknown>
    beforeAll(async () => {
      const url = await applicationUser(programs.owner())
      await asAdministrator(Redacted.value(programs.owner()), async (client) => {
        await client.query("create table orders (id text primary key)")
        await client.query(
          `grant all on orders to public; grant ${programs.own().role} to ${new URL(Redacted.value(url)).username}`
        )
      })
      pool = new pg.Pool({ connectionString: Redacted.value(url), max: 2 })
      runtime = ManagedRuntime.make(Layer.provideMerge(Stores.layer, HostDatabase.layerPool({ pool })))
    })
    afterAll(async () => {
      await runtime.dispose()
      await pool.end()
    })

    const earning = (program: Ids.ProgramId, lot: string) =>
      earnPoints({
        program,
        account: Ids.AccountNumber.make(ACCOUNT),
        lotId: Ids.LotId.make(lot),
        points: 10_000n,
        earnedAt: at("2025-01-10"),
        expiresAt: null
      })

    const transact = async (program: Ids.ProgramId, lot: string, role?: string): Promise<unknown> => {
      const client = await pool.connect()
      try {
        await client.query("begin")
        if (role !== undefined) await client.query(`set local role ${role}`)
        await client.query("insert into orders (id) values ($1)", [lot])
        const outcome = await runtime.runPromise(
          Effect.match(HostDatabase.inTransaction(client)(earning(program, lot)), {
            onFailure: (error) => (error instanceof DatabaseError ? error.reason : error),
            onSuccess: () => "earned"
          })
        )
        await client.query("commit")
        return outcome
      } finally {
        client.release()
      }
    }

    it("a transaction that sets the role is walled, with the host's row beside it, and the connection is not afterwards", async () => {
      const { role } = programs.own()
      assert.strictEqual(await transact(OTHER, "h1"), "earned")
      assert.deepStrictEqual(await transact(OTHER, "h2", role), NEEDS_PROGRAM)
      assert.strictEqual(await transact(OWN, "h3", role), "earned")
      assert.strictEqual(await transact(OTHER, "h4"), "earned")
      const { rows: orders } = await pool.query("select id from orders order by id")
      assert.deepStrictEqual(orders, [{ id: "h1" }, { id: "h2" }, { id: "h3" }, { id: "h4" }])
    })

    it("many at once on one pool are each held to their own role", async () => {
      const { role } = programs.own()
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? transact(OTHER, `m${n}`, role) : transact(OTHER, `m${n}`)))
      )
      assert.deepStrictEqual(
        outcomes,
        outcomes.map((_, n) => (n % 2 === 0 ? NEEDS_PROGRAM : "earned"))
      )
    })

    it("reads as the role that is set see its program only", async () => {
      const client = await pool.connect()
      try {
        await client.query(`begin; set local role ${programs.own().role}`)
        const inside = <A, E>(effect: Effect.Effect<A, E, AnyStore | Database>) =>
          runtime.runPromise(Effect.result(HostDatabase.inTransaction(client)(effect)))
        const log = await inside(EventLog.use((service) => service.readAll()))
        assert.deepStrictEqual(
          new Set(Result.getOrThrow(log).events.map(({ account }) => account.program)),
          new Set([OWN])
        )
        const found = await inside(
          EventStore.EventStore.use((store) => store.find(OTHER, Ids.AccountNumber.make(ACCOUNT)))
        )
        assert.deepInclude(Result.isFailure(found) ? found.failure : {}, { reason: NEEDS_PROGRAM })
      } finally {
        await client.query("rollback")
        client.release()
      }
    })
  })
})

describe("program-role", () => {
  const programs = twoPrograms()
  const type = (line: string) => programs.typeAs("owner")(`${line} --json`)
  const errorOf = async (line: string): Promise<Record<string, unknown>> => {
    const { code, err } = await type(line)
    return { code, ...(JSON.parse(err) as { error: object }).error }
  }
  const administer = (statement: string) =>
    asAdministrator(Redacted.value(programs.owner()), (client) => client.query(statement))
  const inside = <A, E>(effect: Effect.Effect<A, E, Database>) =>
    Effect.runPromise(Effect.provide(effect, PostgresDatabase.layer({ url: programs.owner() })))

  it("refuses roles that would see everything all the same, and names that are none", async () => {
    const role = `wall_all_${process.pid}`
    await administer(`create role ${role} superuser`)
    try {
      const grant = `program-role grant --program ${OWN} --role ${role}`
      assert.deepInclude(await errorOf(grant), { code: 2, _tag: "RoleSeesAll", because: "superuser" })
      await administer(`alter role ${role} nosuperuser bypassrls`)
      assert.deepInclude(await errorOf(grant), { because: "bypassesRowSecurity" })
      await administer(`alter role ${role} nobypassrls; grant pointback_application to ${role}`)
      assert.deepInclude(await errorOf(grant), { because: "memberOfApplicationRole" })
      assert.deepInclude(await errorOf(`program-role grant --program ${OWN} --role pg_monitor`), {
        code: 2,
        _tag: "RoleNameInvalid"
      })
      assert.deepInclude(await errorOf(`program-role revoke --role ${role}`), { code: 2, _tag: "UnknownRole" })
      // Nothing of what was refused is left.
      assert.notInclude(
        (await inside(ProgramRoles.list)).map((one) => one.role),
        role
      )
    } finally {
      await administer(`drop owned by ${role}; drop role ${role}`)
    }
  })

  it("lists who logs in by a role, and who sees everything by another", async () => {
    const { name, role } = programs.own()
    const before = JSON.parse((await type("program-role list")).out) as {
      roles: ReadonlyArray<ProgramRoles.ProgramRole>
    }
    assert.deepInclude(before.roles, { role, programs: [OWN], exists: true, logins: [{ name, seesAll: false }] })
    await administer(`grant pointback_application to ${name}`)
    const { out } = await programs.typeAs("owner")("program-role list")
    assert.include(out, `${name} (sees every program by another role)`)
    await administer(`revoke pointback_application from ${name}`)
  })

  it("replaces the programs of a role, and takes effect at once", async () => {
    const { role } = programs.other()
    await type(`program-role grant --role ${role} --program ${OTHER} --program ${OWN}`)
    assert.strictEqual((await programs.typeAs("other")(`aging --program ${OWN}`)).code, 0)
    await type(`program-role grant --role ${role} --program ${OTHER}`)
    assert.strictEqual((await programs.typeAs("other")(`aging --program ${OWN}`)).code, 2)
  })

  it("is put right by migrate, where a table or a right is missing", async () => {
    const { role } = programs.own()
    await administer(
      `alter table pointback.lots disable row level security; revoke select on pointback.events from ${role}`
    )
    await inside(Migrations.migrate)
    const found = await inside(
      rows(`select relrowsecurity as on, has_table_privilege('${role}', 'pointback.events', 'select') as may
        from pg_class where oid = 'pointback.lots'::regclass`)
    )
    assert.deepStrictEqual(found, [{ on: true, may: true }])
  })

  it("leaves the plans of applications as they are, with walls and without", async () => {
    const url = await applicationUser(programs.owner())
    const plan = () =>
      asAdministrator(Redacted.value(url), async (client) => {
        const statement = `explain (costs off) select * from pointback.events where partition = 1 and program = 'x' and account_key = 'k' and position > 5`
        return (await client.query<{ "QUERY PLAN": string }>(statement)).rows.map((row) => row["QUERY PLAN"])
      })
    const withWalls = await plan()
    for (const { role } of await inside(ProgramRoles.list)) await type(`program-role revoke --role ${role}`)
    const protectedTables =
      "select relname from pg_class where relnamespace = 'pointback'::regnamespace and relrowsecurity"
    assert.deepStrictEqual(await inside(rows(protectedTables)), [])
    assert.deepStrictEqual(await plan(), withWalls)
    assert.notInclude(withWalls.join(), "program_roles")
    const { code, err } = await programs.typeAs("own")(`aging --program ${OWN} --json`)
    assert.strictEqual(code, 3)
    assert.include(err, "42501")
  })
})
