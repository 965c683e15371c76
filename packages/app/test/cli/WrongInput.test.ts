/** Whatever is typed wrongly is refused by a name and a sentence, and changes nothing. */
import { Effect } from "effect"
import { assert, beforeAll, describe, it } from "vitest"
import { keys } from "../../../adapters/test/sandbox/world.ts"
import { commandLine, type Line, type Ran, words } from "../support/Cli.ts"
import { folderDatabases, lookingInto, open, serverDatabase } from "../support/Databases.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"
import { dumpTables } from "../support/World.ts"

const ACCOUNT = "220094110178641288073796026652"

const of = `--program acme --account ${ACCOUNT}`
const earn = `earn ${of} --lot N --earned-at 2025-01-10`
const credit = `credit ${of} --redemption R1 --local --at 2026-01-20`
// A refusal is remembered, so each line has a key of its own.
let keysUsed = 0
const creditOf = (rest: string) => `${credit} --credit-id wrong-${keysUsed++} ${rest}`.trim()
const redeemOf = (rest: string) =>
  `redeem ${of} --redemption N${keysUsed++} --type MERCHANDISE --processed-by E078562 --at 2025-12-02 ${rest}`.trim()

const adjust = `adjust ${of} --lot B --reason by-hand --at 2025-12-02`

/** What is there before anything is typed wrongly: 150 of 200 points redeemed, 70 of them credited; R2 is credited whole. */
const given: ReadonlyArray<Line> = [
  `program set acme --credit-window 365`,
  `earn ${of} --lot A --points 100 --earned-at 2025-01-10 --expires-at 2026-01-10`,
  `earn ${of} --lot B --points 100 --earned-at 2025-03-10 --expires-at 2026-03-10`,
  `redeem ${of} --redemption R1 --points 150 --type MERCHANDISE --processed-by E078562 --at 2025-12-01`,
  `redeem ${of} --redemption R2 --points 5 --type CASHBACK --processed-by E078562 --at 2025-12-01`,
  `credit ${of} --redemption R1 --credit-id known --points 70 --at 2025-12-24 --local`,
  `credit ${of} --redemption R2 --credit-id whole --at 2025-12-24 --local`
]

type Expected = [name: string, line: Line, code: number, tag: string, fields?: object]

const amounts: ReadonlyArray<Expected> = [
  ["earns zero points", `${earn} --points 0`, 1, "InvalidPoints", { field: "points", value: "0" }],
  ["earns negative points", `${earn} --points=-5`, 1, "InvalidPoints", { field: "points", value: "-5" }],
  ["earns a point of too many digits", `${earn} --points 0.001`, 1, "InvalidPoints", { value: "0.001" }],
  [
    "earns a point of more digits than any program has",
    `${earn} --points 0.00001`,
    1,
    "InvalidPoints",
    { field: "points" }
  ],
  ["earns too many points", `${earn} --points 1000000000000000`, 1, "InvalidPoints", { field: "points" }],
  ["earns no number", `${earn} --points many`, 2, "InvalidInput", { flag: "points", value: "many" }],
  ["earns an exponent", `${earn} --points 1e3`, 2, "InvalidInput", { flag: "points", value: "1e3" }],
  ["earns infinitely many", `${earn} --points Infinity`, 2, "InvalidInput", { flag: "points" }],
  ["earns a number with separators", `${earn} --points 1,000`, 2, "InvalidInput", { flag: "points" }],
  ["earns nothing at all", [...words(earn), "--points", ""], 2, "InvalidInput", { flag: "points", value: "" }],
  ["redeems zero points", redeemOf("--points 0"), 1, "InvalidPoints", { field: "points" }],
  ["redeems negative points", redeemOf("--points=-1"), 1, "InvalidPoints", { field: "points" }],
  ["redeems too many digits", redeemOf("--points 0.125"), 1, "InvalidPoints", { field: "points" }],
  ["credits zero points", creditOf("--points 0"), 1, "InvalidPoints", { field: "points" }],
  ["credits negative points", creditOf("--points=-1"), 1, "InvalidPoints", { field: "points" }],
  ["credits too large a number", creditOf("--points 99999999999999999999"), 1, "InvalidPoints", { field: "points" }],
  ["adjusts by zero", `${adjust} --key k1 --points 0`, 1, "InvalidPoints", { field: "points" }],
  ["names a lot with zero points", creditOf("--lot B=0"), 1, "InvalidPoints", { field: "lots.B" }]
]

const unknowns: ReadonlyArray<Expected> = [
  ["adjusts an unknown lot", `adjust ${of} --lot Z --reason x --key k2 --points 1`, 1, "UnknownLot", { lotId: "Z" }],
  ["draws an unknown lot", redeemOf("--points 1 --draw Z=1"), 1, "UnknownLot", { lotId: "Z" }],
  [
    "credits an unknown redemption",
    `credit ${of} --redemption R9 --credit-id c9 --local`,
    1,
    "UnknownRedemption",
    { redemptionId: "R9" }
  ],
  [
    "credits a lot that was not drawn",
    creditOf("--points 1 --lot Z=1"),
    1,
    "LotNotOutstanding",
    { lotId: "Z", outstanding: "0" }
  ],
  [
    "redeems of an unknown account",
    redeemOf("--points 1").replace(ACCOUNT, "unknown"),
    1,
    "UnknownAccount",
    { program: "acme", account: "unknown" }
  ],
  [
    "asks for an unknown account",
    "aging --program acme --account unknown",
    1,
    "UnknownAccount",
    { account: "unknown" }
  ],
  ["asks for an unknown program", "aging --program unknown", 1, "UnknownProgram", { program: "unknown" }],
  ["verifies an unknown program", "verify --program unknown", 1, "UnknownProgram", { program: "unknown" }],
  ["sweeps an unknown program", "expire --program unknown --as-of 2026-01-01", 1, "UnknownProgram"],
  ["redeems of an unknown program", redeemOf("--points 1").replace("acme", "unknown"), 1, "UnknownProgram"]
]

const refusals: ReadonlyArray<Expected> = [
  ["redeems more than there is", redeemOf("--points 500"), 1, "InsufficientPoints", { requested: "500" }],
  [
    "earns a lot again with other points",
    `${earn.replace("--lot N", "--lot A")} --points 1`,
    1,
    "KeyConflict",
    { kind: "earn", key: "A" }
  ],
  [
    "credits more than remains",
    creditOf("--points 80.01"),
    1,
    "ExceedsRemaining",
    { points: "80.01", remaining: "80" }
  ],
  ["credits more than was redeemed", creditOf("--points 150.01"), 1, "ExceedsRedeemed", { redeemed: "150" }],
  ["credits after the end", creditOf("").replace("R1", "R2"), 1, "AlreadyFullyCredited", { redemptionId: "R2" }],
  ["credits before the redemption", creditOf("").replace("2026-01-20", "2025-11-30"), 1, "CreditBeforeRedemption"],
  ["credits after the window", creditOf("").replace("2026-01-20", "2026-12-01"), 1, "CreditWindowClosed"],
  ["names lots of another sum", creditOf("--points 5 --lot B=4"), 1, "LotsDoNotSum", { points: "5", sum: "4" }],
  ["names a lot twice", redeemOf("--points 2 --draw B=1 --draw B=1"), 1, "LotNamedTwice", { lotId: "B" }],
  [
    "earns what expired before it was earned",
    `${earn} --points 1 --expires-at 2025-01-09`,
    1,
    "InvalidDates",
    { field: "expiresAt" }
  ],
  ["takes more from a lot than it holds", `${adjust} --key k3 --points=-500`, 1, "LotOverdrawn", { lotId: "B" }],
  ["changes the scale of a program with points", "program set acme --scale 0", 1, "ScaleFixed", { scale: 2 }]
]

const syntax: ReadonlyArray<Expected> = [
  ["types no date", redeemOf("--points 1").replace("2025-12-02", "yesterday"), 2, "InvalidInput", { flag: "at" }],
  [
    "types a date that does not exist",
    `${earn.replace("01-10", "02-30")} --points 1`,
    2,
    "InvalidInput",
    { flag: "earned-at" }
  ],
  [
    "types a time without a zone",
    creditOf("").replace("2026-01-20", "2026-01-20T10:00:00"),
    2,
    "InvalidInput",
    { flag: "at" }
  ],
  ["types a year of five digits", `aging --program acme --as-of 12026-01-01`, 2, "InvalidInput", { flag: "as-of" }],
  ["draws a lot without its points", redeemOf("--points 1 --draw B"), 2, "InvalidInput", { flag: "draw", value: "B" }],
  ["draws points without their lot", redeemOf("--points 1 --draw =1"), 2, "InvalidInput", { flag: "draw" }],
  ["draws no number", redeemOf("--points 1 --draw B=x"), 2, "InvalidInput", { flag: "draw", value: "x" }],
  ["types a flag that there is not", redeemOf("--points 1 --fast"), 2, "UnrecognizedOption"],
  ["leaves a flag out", redeemOf(""), 2, "MissingOption"],
  ["leaves a value out", `${earn} --points`, 2, "InvalidValue"],
  ["types a command that there is not", "give", 2, "UnknownSubcommand"],
  ["types a type that there is not", redeemOf("--points 1").replace("MERCHANDISE", "GIFT"), 2, "InvalidValue"],
  ["types a basis that there is not", "aging --program acme --basis weight", 2, "InvalidValue"],
  ["names an empty account", ["aging", "--program", "acme", "--account", ""], 2, "InvalidInput", { flag: "account" }],
  ["names an account with a line end", ["aging", "--program", "acme", "--account", "1\n2"], 2, "InvalidInput"],
  [
    "names a lot that only a credit may make",
    `${earn.replace("--lot N", "--lot extended:x:1")} --points 1`,
    2,
    "InvalidInput",
    { flag: "lot" }
  ],
  ["names a zone that there is not", "program set acme --zone Mars/Olympus", 2, "InvalidInput", { flag: "zone" }],
  ["sets a scale of five", "program set acme --scale 5", 2, "InvalidInput", { flag: "scale" }],
  ["extends by no days", "program set acme --expired-lots extend:0", 2, "InvalidInput", { flag: "expired-lots" }],
  [
    "credits by a file that is not there",
    "credits ./missing.csv --local",
    2,
    "UnreadableFile",
    { file: "./missing.csv" }
  ],
  ["credits none at once", "credits - --local --in-flight 0", 2, "InvalidInput", { flag: "in-flight", value: "0" }],
  ["credits too many at once", "credits - --local --in-flight 1001", 2, "InvalidInput", { flag: "in-flight" }],
  ["credits half a one at once", "credits - --local --in-flight 1.5", 2, "InvalidInput", { flag: "in-flight" }],
  ["credits by a file in an unknown format", "credits - --local --format xml", 2, "InvalidValue"],
  ["credits without a file", "credits --local", 2, "MissingArgument"],
  ["names no report", ["credits", "-", "--local", "--report", " "], 2, "InvalidInput", { flag: "report" }],
  ["credits by a file with nobody to call", "credits ./missing.csv", 2, "MastercardConfigInvalid"],
  ["imports a file that is not there", "import ./missing.ndjson", 2, "UnreadableFile", { file: "./missing.ndjson" }],
  ["runs a sandbox on a port that there is not", "sandbox --port 70000", 2, "InvalidInput", { flag: "port" }],
  ["gives a sandbox a fault that there is not", "sandbox --faults drop=0.1", 2, "InvalidInput", { flag: "faults" }],
  ["names a file of faults that is not there", "sandbox --faults @missing", 2, "InvalidInput", { flag: "faults" }],
  ["gives a sandbox a rule that there is not", "sandbox --rules x=1", 2, "InvalidInput", { flag: "rules" }],
  ["gives a sandbox a clock without a zone", "sandbox --clock 2026-01-20", 2, "InvalidInput", { flag: "clock" }],
  ["credits without a way to Mastercard", `credit ${of} --redemption R1 --credit-id c8`, 2, "MastercardConfigInvalid"]
]

const errorOf = ({ err }: Ran): Record<string, unknown> => {
  assert.notInclude(err, "\n", "more than one line on standard error")
  const document = JSON.parse(err) as { readonly error: Record<string, unknown> }
  assert.deepStrictEqual(Object.keys(document), ["error"])
  return document.error
}

describe("wrong input", () => {
  const url = serverDatabase()
  const type = commandLine(url)
  const look = lookingInto(url)
  const dump = () => look(dumpTables)

  beforeAll(async () => {
    for (const line of given) {
      const { code, err } = await type(line)
      assert.strictEqual(code, 0, err)
    }
  })

  /** Types a line and requires that nothing was printed as an answer, and nothing changed. */
  const refused = async (line: Line): Promise<Ran> => {
    const before = await dump()
    const ran = await type(line)
    assert.strictEqual(ran.out, "")
    assert.deepStrictEqual(await dump(), before)
    return ran
  }

  it.each<Expected>([...amounts, ...unknowns, ...refusals, ...syntax])(
    "who %s is told so",
    async (_name, line, code, tag, fields = {}) => {
      const ran = await refused([...words(line), "--json"])
      assert.strictEqual(ran.code, code, ran.err)
      const error = errorOf(ran)
      assert.deepInclude(error, { _tag: tag, ...fields })
      assert.isString(error["message"])
      assert.notEqual(error["message"], "")
    }
  )

  it.each<Expected>([...amounts.slice(0, 6), ...unknowns, ...refusals, ...syntax])(
    "who %s is told so in a sentence",
    async (_name, line, code) => {
      const ran = await refused(line)
      assert.strictEqual(ran.code, code, ran.err)
      assert.match(ran.err, /^error: \S.*$/)
      assert.notMatch(ran.err, /^\s+at /m)
    }
  )

  it("a file with a line that cannot be read imports nothing, and the line is named", async () => {
    const folder = temporaryFolderOnce()
    const lines = ndjson(Array.from({ length: 10 }, (_, index) => imported(`new-${index}`, "A", "1"))).split("\n")
    const file = writeNew(folder, [...lines.slice(0, 6), '{"type":"earned"', ...lines.slice(7)].join("\n"))
    const ran = await refused(["import", file, "--json"])
    assert.strictEqual(ran.code, 2)
    assert.deepInclude(errorOf(ran), {
      _tag: "UnreadableLines",
      count: 1,
      lines: [{ line: 7, reason: "no JSON object" }]
    })
    const inWords = await refused(["import", file])
    assert.match(inWords.err, /^error: .*: 1 line cannot be read, nothing was recorded\n  line 7: no JSON object$/)
  })

  it("a file with a refused record imports the other accounts, and says which line was refused", async () => {
    const records = [
      imported("fine", "A", "10"),
      imported("refused", "A", "10"),
      imported("refused", "A", "11"),
      imported("fine", "B", "10")
    ]
    const { code, err, out } = await type(["import", writeNew(temporaryFolderOnce(), ndjson(records)), "--json"])
    assert.deepStrictEqual([code, err], [1, ""])
    const answer = JSON.parse(out) as { readonly refused: ReadonlyArray<{ readonly error: object }> }
    assert.deepInclude(answer as object, { records: 4, accounts: 2, imported: 2, replayed: 0 })
    assert.strictEqual(answer.refused.length, 1)
    assert.deepInclude(answer.refused[0] as object, { line: 3, program: "acme", account: "refused" })
    assert.deepInclude(answer.refused[0]?.error, { _tag: "KeyConflict", fields: ["points"] })
  })

  it("a check that finds something has an exit code of its own", async () => {
    assert.strictEqual((await type("verify")).code, 0)
  })

  it("a remembered refusal is answered again, and leaves everything else as it was", async () => {
    const line = creditOf("--points 81 --json")
    const first = await refused(line)
    assert.deepStrictEqual(await refused(line), first)
    assert.deepInclude(errorOf(await refused(line.replace("81", "1"))), { _tag: "KeyConflict", fields: ["points"] })
  })
})

const imported = (account: string, lot: string, points: string) => ({
  type: "earned",
  program: "acme",
  account,
  lot,
  points,
  earnedAt: "2025-01-10",
  expiresAt: null
})

const folder = temporaryFolder()
const temporaryFolderOnce = () => folder

describe("a database that cannot be used", () => {
  const folders = folderDatabases()
  const unreachable = "postgres://nobody:secret@127.0.0.1:1/nothing"

  const typeAt = (database: string, line: Line = "verify --json", environment: Record<string, string> = {}) =>
    commandLine(() => database, environment)(line)

  it.each([
    ["that nobody serves", unreachable, 3, "DatabaseError"],
    ["of another kind", "mysql://nobody:secret@127.0.0.1/nothing", 2, "DatabaseUrlInvalid"],
    ["that is no URL", "postgres://nobody:secret@:::", 2, "DatabaseUrlInvalid"]
  ])("a server %s", async (_name, database, code, tag) => {
    const ran = await typeAt(database)
    assert.deepStrictEqual([ran.code, ran.out], [code, ""])
    assert.strictEqual(errorOf(ran)["_tag"], tag)
    assert.notInclude(ran.err, "secret")
    assert.notMatch((await typeAt(database, "verify")).err, /secret|^\s+at /m)
  })

  it("a database that is not on the server", async () => {
    const url = serverUrl()
    const ran = await typeAt(url.replace(/\/[^/]*$/, "/missing_database"))
    assert.deepStrictEqual([ran.code, ran.out], [3, ""])
    assert.match(String(errorOf(ran)["message"]), /no such database/)
  })

  it("a folder that holds something else", async () => {
    writeNew(folder, "mine")
    const ran = await typeAt(folder)
    assert.deepStrictEqual([ran.code, ran.out], [3, ""])
    assert.strictEqual(errorOf(ran)["_tag"], "DatabaseFolderUnusable")
  })

  it("a folder below a file", async () => {
    const ran = await typeAt(`${writeNew(folder, "mine")}/database`)
    assert.strictEqual(ran.out, "")
    assert.include([2, 3], ran.code)
    assert.isString(errorOf(ran)["message"])
  })

  it("a folder without a name", async () => {
    const ran = await typeAt("")
    assert.deepStrictEqual([ran.code, ran.out], [2, ""])
    assert.deepInclude(errorOf(ran), { _tag: "InvalidInput", flag: "database" })
  })

  it("a folder that somebody has open", async () => {
    const locked = folders("locked")
    const ran = await Effect.runPromise(
      Effect.provide(
        Effect.promise(() => typeAt(locked)),
        open(locked)
      )
    )
    assert.deepStrictEqual([ran.code, ran.out], [3, ""])
    assert.deepInclude(errorOf(ran), { _tag: "DatabaseLocked", pid: process.pid })
  })

  it("no database is opened for what is wrong before one is needed", async () => {
    assert.strictEqual((await typeAt(unreachable, redeemOf("--fast"))).code, 2)
    assert.strictEqual((await typeAt(unreachable, "import ./missing.ndjson")).code, 2)
  })

  it.each([
    ["an address by plain http to elsewhere", { url: "http://example.com/loyalty" }, "POINTBACK_MASTERCARD_URL"],
    ["no consumer key", { key: "" }, "POINTBACK_MASTERCARD_CONSUMER_KEY"],
    ["a key that is none", { pem: "secret" }, "POINTBACK_MASTERCARD_SIGNING_KEY"]
  ])(
    "Mastercard with %s is told by its variable, and nothing is opened or printed of it",
    async (_name, given, variable) => {
      const { key = "key", pem = keys.privateKey, url = "http://127.0.0.1:1/loyalty" } = given as Record<string, string>
      const ran = await typeAt(unreachable, `credit ${of} --redemption R1 --credit-id c1 --json`, {
        POINTBACK_MASTERCARD_URL: url,
        POINTBACK_MASTERCARD_CONSUMER_KEY: key,
        POINTBACK_MASTERCARD_SIGNING_KEY: pem
      })
      assert.deepStrictEqual([ran.code, ran.out], [2, ""])
      assert.deepInclude(errorOf(ran), { _tag: "MastercardConfigInvalid", variable })
      assert.notInclude(ran.err, "secret")
    }
  )

  const serverUrl = serverDatabase("empty")
})

describe("Mastercard that cannot be reached", () => {
  const url = serverDatabase()
  const environment = {
    POINTBACK_MASTERCARD_URL: "http://127.0.0.1:1/loyalty",
    POINTBACK_MASTERCARD_CONSUMER_KEY: "key",
    POINTBACK_MASTERCARD_SIGNING_KEY: keys.privateKey
  }

  it("is said on standard output with its exit code, since the credit was recorded as declined", async () => {
    const type = commandLine(url, environment)
    for (const line of given.slice(0, 4)) await type(line)
    const { code, err, out } = await type(`credit ${of} --redemption R1 --credit-id c1 --json`)
    assert.deepStrictEqual([code, err], [3, ""])
    const answer = JSON.parse(out) as { reasons: ReadonlyArray<object> }
    assert.deepInclude(answer as object, { outcome: "CreditDeclined", points: "0", remaining: "150", replayed: false })
    assert.deepInclude(answer.reasons[0], { source: "pointback", reasonCode: "connectionRefused" })
    const inWords = await type(`credit ${of} --redemption R1 --credit-id c1`)
    assert.strictEqual(inWords.code, 3)
    assert.match(inWords.out, /was declined, nothing was credited \(known already\)/)
  })
})
