/** Whoever changes the log behind our back is found out by `verify`; whoever makes the hashes fit again, by kept heads. */
import { Effect } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, beforeEach, describe, it } from "vitest"
import { rows } from "../../../adapters/test/support/DatabaseUnderTest.ts"
import { commandLine, type Line } from "../support/Cli.ts"
import { folderDatabases, open, serverDatabase } from "../support/Databases.ts"
import { temporaryFolder } from "../support/Files.ts"

const of = "--program acme --account 220094110178641288073796026652"

const history: ReadonlyArray<Line> = [
  `earn ${of} --lot A --points 100 --earned-at 2025-01-10 --expires-at 2026-01-10`,
  `earn ${of} --lot B --points 100 --earned-at 2025-03-10 --expires-at 2026-03-10`,
  `redeem ${of} --redemption R1 --points 150 --type MERCHANDISE --processed-by E078562 --at 2025-12-01`,
  `credit ${of} --redemption R1 --credit-id c1 --points 70 --at 2026-01-20 --local --actor Zoe`
]

const change = "update events set actor = 'Zoë' where position = 4"

/** Makes every hash fit what is stored, and the heads too. */
const rewrite = `do $do$ declare e record; before bytea := ''; begin
  for e in select * from events order by partition, position loop
    if e.position = 1 then before := ''; end if;
    before := sha256(before || convert_to(event_envelope(e.partition, e.position, e.program, e.account_key, e.recorded_at)
      || event_content(e.event_id, e.stream, e.version, e.account_version, e.type, e.schema_version, e.payload::text,
        e.occurred_at, e.correlation_id, e.causation_id, e.idempotency_key, e.actor), 'UTF8'));
    update events set hash = before where partition = e.partition and position = e.position;
    update log_heads set hash = before where partition = e.partition;
  end loop;
end $do$`

const tamperings: ReadonlyArray<readonly [name: string, statements: ReadonlyArray<string>, said: RegExp]> = [
  ["a byte of an event", [change], /^log: acme \S+ partition \d position 4, event \S+: is not what was recorded here/m],
  [
    "an event that was removed",
    ["delete from events where position = 2"],
    /^log: acme \S+ partition \d position 3, event \S+: follows position 1: what stood between them was removed$/m
  ],
  [
    "two events that changed places",
    [
      "update events set position = position + 100 where position in (2, 3)",
      "update events set position = 105 - position where position > 100"
    ],
    /^log: acme \S+ partition \d position 2, event \S+: is not what was recorded here/m
  ],
  [
    "the last event, cut off",
    ["delete from events where position = 4"],
    /^log: partition \d head: stands at position 4, and the last event at 3: those between were cut off$/m
  ]
]

const pair = generateKeyPairSync("ed25519")

describe.each(["server", "folder"] as const)("a log that was changed, on a %s", (kind) => {
  const url = serverDatabase()
  const folders = folderDatabases()
  const files = temporaryFolder()
  let database = ""
  const type = commandLine(() => database)
  const asOwner = (statements: ReadonlyArray<string>) =>
    Effect.runPromise(
      Effect.provide(
        Effect.forEach(statements, (statement) => rows(statement), { discard: true }),
        open(database)
      )
    )
  const heads = join(files, "heads.json")
  const signed = join(files, "signed.json")
  const [privateKey, publicKey] = [join(files, "private.pem"), join(files, "public.pem")]

  beforeAll(async () => {
    database = kind === "server" ? url() : folders("tampered")
    for (const line of history) assert.strictEqual((await type(line)).code, 0)
    await asOwner([
      `do $do$ begin for p in 0..7 loop
        execute format('alter table events_p%s disable trigger append_only', p);
      end loop; end $do$`,
      "alter table events disable trigger append_only",
      "create table kept_events as table events",
      "create table kept_heads as table log_heads"
    ])
    writeFileSync(privateKey, pair.privateKey.export({ type: "pkcs8", format: "pem" }))
    writeFileSync(publicKey, pair.publicKey.export({ type: "spki", format: "pem" }))
    assert.strictEqual((await type(["heads", "--out", heads])).code, 0)
    assert.strictEqual((await type(["heads", "--out", signed, "--sign-key", privateKey])).code, 0)
  })

  beforeEach(() =>
    asOwner([
      "delete from events",
      "insert into events select * from kept_events",
      "delete from log_heads",
      "insert into log_heads select * from kept_heads"
    ])
  )

  const verify = (...flags: ReadonlyArray<string>) => type(["verify", ...flags])

  it("is as it was, before anybody changes it", async () => {
    const said = await verify("--heads", signed, "--public-key", publicKey)
    assert.deepStrictEqual([said.code, said.err], [0, ""])
    assert.match(
      said.out,
      /^checked 4 events and \d+ postings of 1 account, the chain of 4 events and the heads of \S+Z: no/
    )
    assert.strictEqual((await verify("--heads", heads)).code, 0)
  })

  it.each(tamperings)("is found out: %s", async (_, statements, said) => {
    await asOwner(statements)
    const { code, out } = await verify()
    assert.strictEqual(code, 4)
    assert.match(out, said)
  })

  it("is found out by kept heads alone where its hashes were made to fit", async () => {
    await asOwner([change, rewrite])
    assert.strictEqual((await verify()).code, 0)
    const { code, out } = await verify("--heads", heads, "--json")
    assert.strictEqual(code, 4)
    const { differences } = JSON.parse(out) as { differences: ReadonlyArray<{ check: string; place: string }> }
    assert.strictEqual(differences.length, 1)
    assert.strictEqual(differences[0]?.check, "heads")
    assert.match(differences[0]?.place ?? "", /^partition \d position 4$/)
  })

  it("is told apart from heads that were changed", async () => {
    const forged = join(files, "forged.json")
    writeFileSync(forged, readFileSync(signed, "utf8").replace(/"takenAt": "20/, '"takenAt": "21'))
    for (const file of [forged, heads]) {
      const { code, out } = await verify("--heads", file, "--public-key", publicKey)
      assert.strictEqual(code, 4)
      assert.match(out, /^heads: signature: is missing, or is not that of these heads and this key$/m)
    }
  })

  const unusable: ReadonlyArray<readonly [name: string, line: ReadonlyArray<string>, flag: string, problem: RegExp]> = [
    ["heads that are not there", ["verify", "--heads", "nowhere.json"], "heads", /ENOENT/],
    ["heads that are none", ["verify", "--heads", privateKey], "heads", /no heads that pointback printed/],
    ["a public key that is none", ["verify", "--heads", heads, "--public-key", heads], "public-key", /key in PEM/],
    ["a public key without heads", ["verify", "--public-key", publicKey], "public-key", /no --heads/],
    ["a private key that is none", ["heads", "--sign-key", heads], "sign-key", /private key in PEM/],
    ["a file that is there", ["heads", "--out", heads], "out", /EEXIST/]
  ]

  it.each(unusable)("is not verified with %s", async (_, line, flag, problem) => {
    const { code, err, out } = await type([...line, "--json"])
    assert.deepStrictEqual([code, out], [2, ""])
    const { error } = JSON.parse(err) as { error: Record<"_tag" | "flag" | "problem", string> }
    assert.deepInclude(error, { _tag: "InvalidInput", flag })
    assert.match(error.problem, problem)
  })

  it("has heads that are printed where no file is named", async () => {
    const { code, out } = await type("heads")
    assert.strictEqual(code, 0)
    const { takenAt: _, ...printed } = JSON.parse(out) as { takenAt: string }
    const { takenAt: __, ...written } = JSON.parse(readFileSync(heads, "utf8")) as { takenAt: string }
    assert.deepStrictEqual(printed, written)
  })
})
