/** `pointback reconcile` and `pointback breaks` as they are typed. */
import { Redacted } from "effect"
import { join } from "node:path"
import { assert, beforeAll, describe, it } from "vitest"
import { applicationUser } from "../../../adapters/test/support/ApplicationUser.ts"
import { commandLine } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"
import { temporaryFolder, writeNew } from "../support/Files.ts"
import { sandboxServer } from "../support/SandboxServer.ts"

const OF = "--program program --account 220094110178641288073796026652"

const line = (fields: object): string => JSON.stringify({ account: "220094110178641288073796026652", ...fields })

const STATEMENT = [
  JSON.stringify({ kind: "statement", program: "program", from: "2025-12-01T00:00:00Z", to: "2026-02-01T00:00:00Z" }),
  line({ kind: "redemption", redemption: "R1", points: "150", at: "2025-12-01T00:00:00Z", reference: "m1" }),
  line({ kind: "credit", redemption: "R1", credit: "c1", points: "70", at: "2026-01-20T00:00:00Z", reference: "m2" }),
  line({ kind: "credit", redemption: "R1", points: "20", at: "2026-01-25T00:00:00Z", reference: "m3" }),
  line({ kind: "redemption", redemption: "R9", points: "5", at: "2026-01-25T00:00:00Z", reference: "m4" }),
  "{}"
].join("\n")

interface Report {
  readonly run: string
  readonly records: unknown
  readonly matched: number
  readonly breaks: ReadonlyArray<Record<string, unknown> & { readonly id: string; readonly type: string }>
  readonly parked: unknown
  readonly mended: ReadonlyArray<unknown>
}

describe("pointback reconcile", () => {
  const mastercard = sandboxServer()
  const owner = serverDatabase()
  const folder = temporaryFolder()
  let url = ""
  beforeAll(async () => {
    // With the rights of an application: it needs no more.
    url = Redacted.value(await applicationUser(Redacted.make(owner())))
    for (const command of [
      `earn ${OF} --lot A --points 200 --earned-at 2025-01-10`,
      `redeem ${OF} --redemption R1 --points 150 --processed-by E078562 --type TRAVEL --at 2025-12-01`,
      `credit ${OF} --redemption R1 --credit-id c1 --points 70 --at 2026-01-20 --local`
    ]) {
      const { code, err } = await type(command)
      assert.strictEqual(code, 0, err)
    }
  })
  const type = (words: string) => commandLine(() => url, mastercard.environment())(words)
  const statement = () => writeNew(folder, STATEMENT)
  const reconcile = (rest: string) => type(`reconcile --program program --at 2026-02-01 ${rest}`)

  it("lists what differs with exit code 4, in the documented shape", async () => {
    const { code, out } = await reconcile(`--statement ${statement()} --dry-run --json`)
    const { breaks, run, ...report } = JSON.parse(out) as Report
    assert.strictEqual(code, 4)
    assert.isNull(run)
    assert.deepInclude(report, {
      records: { here: 2, there: 4 },
      matched: 2,
      parked: [
        {
          place: "line 6",
          reason:
            "kind: redemption or credit is expected; account: is missing; redemption: is missing; points: is missing; " +
            "at: an ISO 8601 instant with a zone is expected, such as 2026-01-20T09:30:00Z; reference: is missing"
        }
      ]
    })
    assert.deepStrictEqual(breaks.map(({ type: kind }) => kind).toSorted(), ["missingHere", "missingHere"])
    const credit = breaks.find(({ redemption }) => redemption === "R1")!
    assert.deepInclude(credit, {
      account: "220094110178641288073796026652",
      credit: null,
      points: "20",
      here: [],
      age: 7,
      firstSeen: "2026-02-01T00:00:00.000Z",
      remedy: "record",
      reason: "the credit is there and not here"
    })
    assert.deepInclude((credit["there"] as ReadonlyArray<object>)[0]!, { reference: "m3", points: "20" })
    assert.strictEqual((await type("breaks")).code, 0)
  })

  it("mends what is certain, and says what needs a person", async () => {
    const file = statement()
    const first = await reconcile(`--statement ${file} --run march --apply --actor me --json`)
    const report = JSON.parse(first.out) as Report
    assert.deepStrictEqual([first.code, report.mended.length, report.breaks.length], [4, 1, 1])
    const again = await reconcile(`--statement ${file} --run march --apply --json`)
    assert.deepStrictEqual((JSON.parse(again.out) as Report).breaks, report.breaks)
    const later = await reconcile(`--statement ${file} --json`)
    assert.deepStrictEqual(
      (JSON.parse(later.out) as Report).breaks.map(({ redemption }) => redemption),
      ["R9"]
    )
    assert.strictEqual((await type("verify")).code, 0)
  })

  it("lists breaks, one with its history, groups and exports them, and takes them for settled", async () => {
    const { code, out } = await type("breaks --json")
    const [found] = (JSON.parse(out) as Report).breaks
    assert.strictEqual(code, 4)
    assert.match((await type("breaks")).out, /missingHere +…6652 +R9/)
    assert.match((await type("breaks --type missingHere --group-by type")).out, /missingHere +1 +5/)
    assert.match((await type("breaks --csv")).out, /^id,type,account,.*\r\n.*,220094110178641288073796026652,R9,/)
    assert.strictEqual((await type("breaks --type late")).out, "no breaks")
    const accepted = await type(["breaks", "accept", found!.id, "--actor", "me", "--reason", "agreed"].join(" "))
    assert.strictEqual(accepted.code, 0, accepted.err)
    assert.strictEqual((await type("breaks")).code, 0)
    const one = await type(`breaks --id ${found!.id}`)
    assert.match(one.out, /opened in run march/)
    assert.match(one.out, /accepted by me: agreed/)
    const unknown = await type("breaks accept nothing --actor me --reason agreed --json")
    assert.strictEqual(unknown.code, 2)
    assert.include(unknown.err, "UnknownBreak")
  })

  it("finds an account by a number that was replaced", async () => {
    const NEW = "220094110178641288073796026653"
    const aliased = await type(`alias ${OF} --new-account ${NEW} --at 2026-01-31`)
    assert.strictEqual(aliased.code, 0, aliased.err)
    const before = await reconcile(`--statement ${statement()} --dry-run --json`)
    const renamed = writeNew(folder, STATEMENT.replaceAll("220094110178641288073796026652", NEW))
    const after = await reconcile(`--statement ${renamed} --dry-run --json`)
    assert.deepStrictEqual((JSON.parse(after.out) as Report).breaks, (JSON.parse(before.out) as Report).breaks)
    assert.deepStrictEqual(
      (JSON.parse(after.out) as Report).breaks.map(({ account }) => account),
      [NEW]
    )
  })

  it("asks Mastercard", async () => {
    await mastercard.knows([{ account: "220094110178641288073796026653", redemption: "R1", points: "150" }])
    const { code, out } = await reconcile("--mastercard --json")
    assert.strictEqual(code, 4)
    const { breaks } = JSON.parse(out) as Report
    assert.deepStrictEqual(breaks.map(({ type: kind }) => kind).toSorted(), ["late", "missingThere", "missingThere"])
  })

  it.each([
    ["", "statement"],
    ["--statement x --mastercard", "statement"],
    ["--mastercard --apply --dry-run", "apply"],
    ["--mastercard --run a;b", "run"],
    ["--statement x --every daily", "every"],
    ["--mastercard --every daily", "every"],
    ["--mastercard --every hourly --run x", "every"]
  ])("refuses %s", async (rest, flag) => {
    const { code, err } = await reconcile(`${rest} --json`.trim())
    assert.strictEqual(code, 2, err)
    assert.deepInclude((JSON.parse(err) as { error: object }).error, { _tag: "InvalidInput", flag })
  })

  it("refuses a statement that cannot be read, or is of another program", async () => {
    const missing = await reconcile(`--statement ${join(folder, "nowhere.ndjson")}`)
    assert.strictEqual(missing.code, 2)
    assert.include(missing.err, "nowhere.ndjson cannot be read")
    const other = writeNew(folder, STATEMENT.replace('"program":"program"', '"program":"other"'))
    const refused = await reconcile(`--statement ${other}`)
    assert.strictEqual(refused.code, 2)
    assert.include(refused.err, "it is of program other, and not of program")
  })
})
