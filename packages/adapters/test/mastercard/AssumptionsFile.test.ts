import { ConfigProvider, Effect, Result } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { defaults } from "../../src/mastercard/Assumptions.ts"
import * as AssumptionsFile from "../../src/mastercard/AssumptionsFile.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"

it("the defaults are valid, and corrections change nothing else", () => {
  expect(AssumptionsFile.validate(defaults)).toEqual(Result.succeed(defaults))
  expect(AssumptionsFile.fromJson(`{"entryCreditOf":"redemptionId","historyPageSize":100}`)).toEqual(
    Result.succeed({ ...defaults, entryCreditOf: "redemptionId", historyPageSize: 100 })
  )
})

it.each([
  [`{"entryCreditOff":"x"}`, "there is no assumption named entryCreditOff"],
  [`{"entryCreditOf":7}`, "missing or wrong: entryCreditOf"],
  [`{"entryCreditOf":""}`, "missing or wrong: entryCreditOf"],
  [`{"entryCreditOf":"a b"}`, "missing or wrong: entryCreditOf"],
  [`{"historyPageSize":0}`, "missing or wrong: historyPageSize"],
  [`{"historyPageSize":1.5,"historyMarginDays":-1}`, "missing or wrong: historyPageSize, historyMarginDays"],
  [`{"creditAnswerId":"other"}`, "missing or wrong: creditAnswerId"],
  [`{"searchAnswerEncrypted":"yes"}`, "missing or wrong: searchAnswerEncrypted"],
  [`[]`, "a JSON object of settings is expected"],
  [`{`, "a JSON object of settings is expected"]
])("%s is refused by name", (json, problem) => {
  const result = AssumptionsFile.fromJson(json)
  expect(Result.isFailure(result) && result.failure).toContain(problem)
})

it("the environment holds them, as a file or as JSON, and names its variable", async () => {
  const pem = generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ type: "pkcs8", format: "pem" })
    .toString()
  const read = (assumptions: string) =>
    MastercardConfig.fromEnvironment.pipe(
      Effect.provide(
        ConfigProvider.layer(
          ConfigProvider.fromEnv({
            env: {
              POINTBACK_MASTERCARD_URL: "https://sandbox.api.mastercard.com/loyalty",
              POINTBACK_MASTERCARD_CONSUMER_KEY: "k",
              POINTBACK_MASTERCARD_SIGNING_KEY: pem,
              POINTBACK_MASTERCARD_ASSUMPTIONS: assumptions
            }
          })
        )
      ),
      Effect.result,
      Effect.runPromise
    )
  const folder = await mkdtemp(join(tmpdir(), "pointback-"))
  try {
    const path = join(folder, "assumptions.json")
    await writeFile(path, `{"redeemCash":"cash"}`)
    for (const setting of [path, `{"redeemCash":"cash"}`]) {
      expect(Result.getOrThrow(await read(setting)).assumptions).toEqual({ ...defaults, redeemCash: "cash" })
    }
    await writeFile(path, `{"redeemCahs":"cash"}`)
    expect(await read(path)).toMatchObject({
      failure: {
        variable: "POINTBACK_MASTERCARD_ASSUMPTIONS",
        problem: "there is no assumption named redeemCahs"
      }
    })
    expect(await read(join(folder, "none.json"))).toMatchObject({
      failure: { problem: "it is neither JSON nor the path of a file that can be read (ENOENT)" }
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

it("each has its row with its default in docs/mastercard.md", async () => {
  const page = await readFile(new URL("../../../../docs/mastercard.md", import.meta.url), "utf8")
  const rows = new Map([...page.matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm)].map(([, name, value]) => [name, value]))
  const documented = Object.fromEntries(Object.keys(defaults).map((name) => [name, rows.get(name)]))
  const actual = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, String(value)]))
  expect(documented).toEqual(actual)
})

it("each variable has its row in docs/mastercard.md", async () => {
  const page = await readFile(new URL("../../../../docs/mastercard.md", import.meta.url), "utf8")
  const rows = [...page.matchAll(/^\| `(POINTBACK_MASTERCARD_\w+)` \|/gm)].map(([, name]) => name)
  expect(rows).toHaveLength(new Set(rows).size)
  expect(new Set(rows)).toEqual(new Set(Object.values(MastercardConfig.VARIABLES)))
})
