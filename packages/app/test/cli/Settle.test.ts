/** `pointback settle` and `pointback alias` as they are typed: a decision by name, and what is typed wrongly. */
import { assert, beforeAll, describe, it } from "vitest"
import { keys } from "../../../adapters/test/sandbox/world.ts"
import { commandLine, type Ran } from "../support/Cli.ts"
import { folderDatabases } from "../support/Databases.ts"

const ACCOUNT = "2200941101786412"
const of = `--program acme --account ${ACCOUNT}`

const errorOf = ({ err }: Ran): Record<string, unknown> =>
  (JSON.parse(err) as { readonly error: Record<string, unknown> }).error

describe("pointback settle", () => {
  const database = folderDatabases()
  let folder = ""
  // Nobody listens there, so that nothing can be looked at.
  const environment = {
    POINTBACK_MASTERCARD_URL: "http://127.0.0.1:1/loyalty",
    POINTBACK_MASTERCARD_CONSUMER_KEY: "key",
    POINTBACK_MASTERCARD_SIGNING_KEY: keys.privateKey
  }
  const type = (line: string, over: Readonly<Record<string, string>> = {}) =>
    commandLine(() => folder, { ...environment, ...over })(`${line} --json`)

  beforeAll(async () => {
    folder = database("settle")
    for (const line of [
      `earn ${of} --lot A --points 100 --earned-at 2025-01-10`,
      `redeem ${of} --redemption R1 --points 100 --type TRAVEL --processed-by E078562 --at 2025-12-01`
    ]) {
      assert.deepInclude(await type(line), { code: 0 })
    }
  })

  it("says that there is nothing to settle", async () => {
    const ran = await type("settle --program acme")
    assert.strictEqual(ran.code, 0)
    assert.deepInclude(JSON.parse(ran.out) as object, { credits: [], open: 0, young: 0 })
  })

  it.each([
    ["--credit-id c1", "credit-id"],
    ["--credit-id c1 --confirm --release", "credit-id"],
    [`--credit-id c1 --confirm --account ${ACCOUNT} --actor maria --reason seen`, "program"],
    ["--credit-id c1 --confirm --program acme --actor maria --reason seen", "account"],
    [`--credit-id c1 --confirm ${of} --reason seen`, "actor"],
    [`--credit-id c1 --confirm ${of} --actor maria`, "reason"],
    ["--confirm", "confirm"],
    ["--release", "release"],
    ["--reason seen", "reason"],
    [`--account ${ACCOUNT}`, "account"],
    ["--older-than soon", "older-than"]
  ])("is refused with %s, by the name of the flag", async (flags, flag) => {
    const ran = await type(`settle ${flags}`)
    assert.strictEqual(ran.code, 2)
    assert.deepInclude(errorOf(ran), { _tag: "InvalidInput", flag })
  })

  it("is refused where a call could outlive its limits, or they cannot be read", async () => {
    const short = await type("settle", { POINTBACK_SETTLE_LONGEST_PROCESSING: "1 minute" })
    assert.strictEqual(short.code, 2)
    assert.strictEqual(errorOf(short)["_tag"], "SettleLimitsTooShort")
    const unreadable = await type("settle", { POINTBACK_SETTLE_LONGEST_LAG: "a while" })
    assert.strictEqual(unreadable.code, 2)
    assert.include(String(errorOf(unreadable)["message"]), "POINTBACK_SETTLE_LONGEST_LAG")
    const nowhere = await type("settle", { POINTBACK_MASTERCARD_URL: "" })
    assert.strictEqual(nowhere.code, 2)
  })

  it("has nothing to decide about a credit that is not in flight, or an account that is not there", async () => {
    const decision = "--credit-id c1 --release --actor maria --reason seen"
    assert.strictEqual(errorOf(await type(`settle ${of} ${decision}`))["_tag"], "NothingToDecide")
    const nobody = await type(`settle --program acme --account 1 ${decision}`)
    assert.deepStrictEqual([nobody.code, errorOf(nobody)["_tag"]], [1, "UnknownAccount"])
  })

  it("an alias is known once, and is nobody else's", async () => {
    const first = await type(`alias ${of} --new-account 2200941101786499 --at 2025-12-24`)
    assert.deepInclude(JSON.parse(first.out) as object, { newAccount: "2200941101786499", replayed: false })
    const again = await type(`alias ${of} --new-account 2200941101786499`)
    assert.deepInclude(JSON.parse(again.out) as object, { replayed: true })
    await type("earn --program acme --account 7 --lot A --points 1 --earned-at 2025-01-10")
    const taken = await type("alias --program acme --account 7 --new-account 2200941101786499")
    assert.deepStrictEqual([taken.code, errorOf(taken)["_tag"]], [1, "NumberTaken"])
    const aging = await type("aging --program acme --account 2200941101786499")
    assert.strictEqual(aging.code, 0)
  })
})
