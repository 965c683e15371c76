/** A person is forgotten: the number is gone, and everything else goes on without it. */
import { assert, beforeAll, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { commandLine, type Ran } from "../support/Cli.ts"
import { lookingInto, serverDatabase } from "../support/Databases.ts"

const ACCOUNT = "220094110178641288073796026652"
const of = `--program acme --account ${ACCOUNT}`
const erase = ["erase", ...of.split(" "), "--actor", "dpo", "--reason", "asked for, case 7"]

const answer = ({ code, err, out }: Ran): Record<string, unknown> => {
  assert.deepStrictEqual([code, err], [0, ""])
  return JSON.parse(out) as Record<string, unknown>
}

const error = ({ code, err, out }: Ran) => {
  assert.deepStrictEqual([code, out], [1, ""])
  return (JSON.parse(err) as { error: Record<string, unknown> }).error
}

describe("an account that is erased", () => {
  const url = serverDatabase()
  const type = commandLine(url)
  const look = lookingInto(url)
  let key = ""
  let aged: unknown

  const total = async () => answer(await type("aging --program acme --as-of 2025-12-02 --json"))["buckets"]

  beforeAll(async () => {
    await type(`earn ${of} --lot A --points 100 --earned-at 2025-01-10 --expires-at 2026-01-10`)
    await type(`earn ${of} --lot B --points 100 --earned-at 2025-03-10 --expires-at 2026-03-10`)
    await type(`redeem ${of} --redemption R1 --points 150 --type MERCHANDISE --processed-by E078562 --at 2025-12-01`)
    await type(`earn --program acme --account other --lot A --points 7 --earned-at 2025-01-10`)
    aged = await total()
    const erased = answer(await type([...erase, "--json"]))
    assert.deepInclude(erased, { program: "acme" })
    key = String(erased["account"])
  })

  it("is not known by its number, which stands nowhere", async () => {
    for (const line of [[...erase, "--json"], `adjust ${of} --lot B --points 1 --reason x --key k --json`]) {
      assert.deepInclude(error(await type(line)), { _tag: "UnknownAccount", account: ACCOUNT })
    }
    const tables = await look(
      rows<{ name: string }>(
        "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'pointback' and relkind = 'r'"
      )
    )
    assert.isAbove(tables.length, 20)
    for (const { name } of tables) {
      const found = await look(rows(`select from ${name} t where row_to_json(t)::text like '%${ACCOUNT}%'`))
      assert.deepStrictEqual(found, [], name)
    }
  })

  it("verifies, and counts in every report as before", async () => {
    assert.deepInclude(answer(await type("verify --json")), { accounts: 2, count: 0 })
    assert.deepStrictEqual(await total(), aged)
    const { lots } = answer(await type("aging --program acme --as-of 2025-12-02 --lots --json"))
    assert.includeMembers(
      (lots as ReadonlyArray<{ account: string }>).map(({ account }) => account),
      [key, "other"]
    )
  })

  it("is called by its key", async () => {
    const aging = answer(await type(`aging --program acme --account ${key} --as-of 2025-12-02 --json`))
    assert.deepInclude(aging, { account: key, total: "50" })
    const credit = `credit --program acme --account ${key} --redemption R1 --points 10 --at 2025-12-24`
    assert.deepInclude(answer(await type(`${credit} --credit-id c1 --local --json`)), { outcome: "PartiallyCredited" })
  })

  it("is swept like others", async () => {
    const sweep = "expire --program acme --as-of 2026-04-01 --json"
    assert.deepInclude(answer(await type(sweep)), { accounts: 1, lots: 1, points: "60" })
    assert.deepInclude(answer(await type(sweep)), { accounts: 0, lots: 0 })
    assert.deepInclude(answer(await type("verify --json")), { count: 0 })
  })

  it("is another one where its number earns again", async () => {
    answer(await type(`earn ${of} --lot A --points 5 --earned-at 2026-05-01 --json`))
    assert.deepInclude(answer(await type(`aging ${of} --as-of 2026-05-02 --json`)), { total: "5" })
    assert.deepInclude(answer(await type("verify --json")), { accounts: 3, count: 0 })
    const again = answer(await type([...erase, "--json"]))
    assert.notStrictEqual(again["account"], key)
    assert.match((await type(erase)).err, /^error: program acme has no account/)
  })

  it.each([
    ["--reason", [...erase.slice(0, -1), ""], 2],
    ["--actor", [...erase.slice(0, 6), "", ...erase.slice(7)], 2],
    ["an unknown program", erase.map((word) => (word === "acme" ? "unknown" : word)), 1]
  ])("is not erased without or with another %s", async (_, line, code) => {
    assert.strictEqual((await type(line)).code, code)
  })
})
