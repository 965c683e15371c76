/** The clients that the definition makes: for Effect, and for programs that know nothing of it. */
import { Effect, Stream } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { beforeAll, describe, expect, it } from "vitest"
import { connect, ProblemError, type PromiseClient } from "../../src/http-client.ts"
import { httpServer, secret } from "../support/HttpServer.ts"

const ACCOUNT = { program: "program", account: "a/b?c#d%e" }
const LOT = { lot: "A", points: "100.25", earnedAt: "2025-01-10" }

/** What an operation is refused with. */
const problemOf = async (asked: Promise<unknown>): Promise<ProblemError> => {
  const failed = await asked.then(
    () => undefined,
    (error: unknown) => error
  )
  expect(failed).toBeInstanceOf(ProblemError)
  return failed as ProblemError
}

const textOf = async (body: ReadableStream<Uint8Array>): Promise<string> => new Response(body as never).text()

describe("the client for plain programs", () => {
  const server = httpServer()
  let client: PromiseClient
  beforeAll(() => {
    client = connect({ url: `${server.url()}/`, key: secret("all") })
  })

  it("asks with JSON and is answered with JSON, whatever stands in a number", async () => {
    const earned = await client.commands.earn({ params: ACCOUNT, payload: LOT })
    expect(earned).toMatchObject({ ...ACCOUNT, lot: "A", points: "100.25", replayed: false })
    const again = await client.commands.earn({ params: ACCOUNT, payload: LOT, headers: { "idempotency-key": "A" } })
    expect(again.replayed).toBe(true)
    await client.commands.redeem({
      params: ACCOUNT,
      payload: { redemption: "R", points: "60", type: "TRAVEL", processedBy: "E1", at: "2025-02-01" }
    })
    const credited = await client.credits.credit({
      params: { ...ACCOUNT, redemption: "R" },
      payload: { creditId: "C", points: "20.5", local: true, at: "2025-03-01" }
    })
    expect(credited).toMatchObject({ outcome: "PartiallyCredited", points: "20.5", remaining: "39.5" })
    const aging = await client.questions.accountAging({ params: ACCOUNT, query: { boundaries: "10,20" } })
    expect(aging.total).toBe("60.75")
    expect(aging.buckets.map(({ bucket }) => bucket)).toEqual(["0-10", "11-20", "over-20"])
    const page = await client.questions.lots({
      params: { program: "program" },
      query: { limit: 1, asOf: "2025-06-01" }
    })
    expect(page.lots.map(({ account, points }) => `${account} ${points}`)).toEqual([`${ACCOUNT.account} 60.75`])
    expect((await client.system.health()).status).toBe("ok")
  })

  it("a problem is an error with its type, its fields and the fields of the request", async () => {
    const unknown = await problemOf(client.questions.accountAging({ params: { ...ACCOUNT, account: "nobody" } }))
    expect(unknown).toMatchObject({ status: 404, type: "urn:pointback:problem:unknown-account", errors: [] })
    expect(unknown.error).toMatchObject({ _tag: "UnknownAccount", account: "nobody" })
    expect(unknown.message).toContain("nobody")
    const invalid = await problemOf(client.commands.earn({ params: ACCOUNT, payload: { ...LOT, points: "many" } }))
    expect(invalid.errors.map(({ path }) => path)).toEqual([["body", "points"]])
    const refused = await problemOf(connect({ url: server.url(), key: "nobody" }).operations.heads())
    expect(refused.status).toBe(401)
    const proxy = async () => new Response("<h1>Bad gateway</h1>", { status: 502 })
    const other = await problemOf(connect({ url: server.url(), key: "k", fetch: proxy }).system.health())
    expect(other).toMatchObject({ status: 502, type: "about:blank" })
  })

  it.each(["", ".", ".."])("asks no other address where a part of it is %j", async (account) => {
    const wrong = client.questions.accountAging({ params: { ...ACCOUNT, account } })
    await expect(wrong).rejects.toThrow("params.account is needed")
  })

  it("uploads and downloads files", async () => {
    const record = { type: "earned", program: "program", account: "7", ...LOT, expiresAt: null }
    const imported = await client.files.importHistory({
      params: { program: "program" },
      payload: `${JSON.stringify(record)}\n`
    })
    expect(imported).toMatchObject({ records: 1, imported: 1 })
    const params = { program: "program" }
    const ledger = await textOf(await client.downloads.ledger({ params, query: { format: "hledger" } }))
    expect(ledger).toContain("liabilities:lots:")
    const table = await textOf(await client.downloads.table({ params: { ...params, table: "lots" } }))
    expect(table.split("\n")[0]).toMatch(/^account,lot,earnedAt/)
    expect(await client.downloads.page({ params })).toMatch(/^<!doctype html>/i)
    expect(await client.watching.metrics()).toContain("pointback_http_requests")
  })

  it("its types know what is needed", () => {
    // Compiled, and never run.
    const unused = async () => {
      // @ts-expect-error an account is needed
      await client.questions.accountAging({ params: { program: "p" } })
      // @ts-expect-error amounts are strings
      await client.commands.earn({ params: ACCOUNT, payload: { ...LOT, points: 5 } })
      // @ts-expect-error a body is needed
      await client.commands.earn({ params: ACCOUNT })
      // @ts-expect-error there is no such operation
      await client.commands.steal({ params: ACCOUNT })
    }
    expect(unused).toBeTypeOf("function")
  })
})

describe("the client for Effect", () => {
  const server = httpServer()

  it("streams a ledger, and fails with problems", async () => {
    const client = await server.client()
    const params = { program: "program", account: "1" } as never
    const earned = { lot: "A", points: 1_002_500n, earnedAt: "2025-01-10" } as never
    await Effect.runPromise(client.commands.earn({ params, headers: {}, payload: earned }))
    const ledger = await Effect.runPromise(
      Effect.flatMap(client.downloads.ledger({ params, query: { format: "beancount" } }), (stream) =>
        Stream.mkString(Stream.decodeText(stream))
      )
    )
    expect(ledger).toContain("100.25 PTS")
    const missing = client.downloads.ledger({ params: { program: "none" } as never, query: { format: "hledger" } })
    expect(await Effect.runPromise(Effect.flip(missing))).toMatchObject({ status: 404 })
    expect(await Effect.runPromise(client.operations.rebuild({ payload: { check: true } }))).toMatchObject({
      differing: 0
    })
  })
})

/** Prints the packages that are loaded by loading the client, and whatever it loads of Node's own. */
const LOADED = `
import { registerHooks } from "node:module"
const found = new Set()
registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context)
    const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\/(?!.*node_modules)/.exec(resolved.url)?.[1]
    found.add(resolved.url.startsWith("node:") ? resolved.url : (name ?? /packages\\/(\\w+)\\//.exec(resolved.url)?.[1]))
    return resolved
  }
})
await import(process.argv[1])
console.log(JSON.stringify([...found].sort()))
`

describe("the module of the clients", () => {
  it("loads the definition and Effect, and no database, no server and nothing of Node's", async () => {
    const module = fileURLToPath(new URL("../../src/http-client.ts", import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", LOADED, module])
    expect(JSON.parse(stdout)).toEqual(["app", "domain", "effect"])
  })
})
