import fc from "fast-check"
import { OpenApi } from "effect/http-api"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Api } from "../../src/http/Api.ts"
import { type Answer, httpServer } from "../support/HttpServer.ts"
import { problemOf } from "./Problems.ts"

/** Wrong requests of each kind and endpoint; more with the environment variable. */
const RUNS = Number(process.env["POINTBACK_HTTP_FUZZ_RUNS"] ?? "25")

const PROGRAM = "/v1/programs/program"
const ACCOUNT = `${PROGRAM}/accounts/1`

/** A right request of each endpoint that takes a body: what is done to it makes it wrong. */
const RIGHT: Readonly<Record<string, { readonly path: string; readonly body: Readonly<Record<string, unknown>> }>> = {
  "commands.earn": {
    path: `${ACCOUNT}/lots`,
    body: { lot: "L", points: "5", earnedAt: "2025-01-10", expiresAt: "2026-01-10", source: "s", at: "2025-01-10" }
  },
  "commands.adjust": {
    path: `${ACCOUNT}/adjustments`,
    body: { lot: "A", points: "5", reason: "r", key: "k", at: "2025-02-01" }
  },
  "commands.redeem": {
    path: `${ACCOUNT}/redemptions`,
    body: {
      redemption: "R2",
      points: "5",
      type: "MERCHANDISE",
      processedBy: "E1",
      at: "2025-02-01",
      draws: [{ lot: "A", points: "5" }]
    }
  },
  "credits.credit": {
    path: `${ACCOUNT}/redemptions/R/credits`,
    body: { creditId: "C", points: "5", lots: [{ lot: "A", points: "5" }], at: "2025-03-01", local: true }
  },
  "commands.alias": { path: `${ACCOUNT}/aliases`, body: { newAccount: "2", at: "2025-03-01" } },
  "administration.expire": { path: `${PROGRAM}/expiry`, body: { asOf: "2025-03-01" } },
  "administration.erase": { path: `${ACCOUNT}/erasure`, body: { reason: "r" } },
  "administration.setPolicy": {
    path: `${PROGRAM}/policy`,
    body: { scale: 2, zone: "UTC", expiredLots: "expire", creditWindowDays: 5, agingBoundaries: [30, 60] }
  },
  "credits.settle": { path: `${PROGRAM}/settlement`, body: { olderThanSeconds: 5, absent: "release" } },
  "reconciliations.acceptBreak": { path: `${PROGRAM}/breaks/abc/acceptance`, body: { reason: "r" } },
  "reconciliations.reconcileMastercard": {
    path: `${PROGRAM}/reconciliations/mastercard`,
    body: { run: "r", at: "2025-03-01", dryRun: true, apply: false }
  },
  "operations.verifyLog": {
    path: "/v1/verification",
    body: {
      heads: { pointbackHeads: 1, log: "l", schema: "s", takenAt: "2025-03-01", heads: [] },
      publicKey: "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"
    }
  },
  "operations.rebuild": { path: "/v1/rebuild", body: { check: true } },
  "credits.decide": {
    path: `${ACCOUNT}/credits/C/decision`,
    body: { decision: "confirm", reason: "r" }
  }
}

interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly required: ReadonlyArray<string>
  readonly media: string | undefined
  readonly query: ReadonlyArray<string>
}

const document = JSON.parse(JSON.stringify(OpenApi.fromApi(Api))) as {
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string
        parameters?: ReadonlyArray<{ name: string; in: string }>
        requestBody?: { content: Record<string, { schema: { $ref?: string; required?: ReadonlyArray<string> } }> }
      }
    >
  >
  components: { schemas: Record<string, { required?: ReadonlyArray<string> }> }
}

const operations: ReadonlyArray<Operation> = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => {
    const [media, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? []
    const name = content?.schema.$ref?.split("/").at(-1)
    return {
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      media,
      required: (name === undefined ? content?.schema : document.components.schemas[name])?.required ?? [],
      query: (operation.parameters ?? []).filter((one) => one.in === "query").map((one) => one.name)
    }
  })
)

const ofJson = operations.filter(({ media }) => media === "application/json")
const ofFiles = operations.filter(({ media }) => media === "application/x-ndjson")
const guarded = operations.filter(({ id }) => !id.startsWith("system."))

/** Values that no field takes, whatever its type; a field that may be null is not given null. */
const WRONG = fc.oneof(
  fc.constantFrom<unknown>([], {}, [[]], "", " ", "\u0000", "a\nb", -1, 0.5, 1e300, "x".repeat(2000), "ü\ud800"),
  fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
  fc.record({ a: fc.anything({ withBigInt: false }) }).map((value) => JSON.parse(JSON.stringify(value)) as unknown)
)

const filled = (path: string): string => path.replace("{program}", "program").replace(/\{\w+\}/g, "1")

describe("wrong requests", () => {
  const server = httpServer()
  let before: unknown
  let asked = 0
  let events = 0

  beforeAll(async () => {
    const right = [
      server.post(`${PROGRAM}/policy`, { scale: 2 }),
      server.post(`${ACCOUNT}/lots`, { lot: "A", points: "100", earnedAt: "2025-01-10" })
    ]
    for (const one of right) expect((await one).status).toBe(200)
    const { status } = await server.post(`${ACCOUNT}/redemptions`, {
      redemption: "R",
      points: "60",
      type: "MERCHANDISE",
      processedBy: "E1",
      at: "2025-02-01"
    })
    expect(status).toBe(200)
    const dumped = await server.dump()
    before = dumped
    events = dumped.find(({ table }) => table === "events")!.rows.length
  })

  // What was asked in all tests above left no trace.
  afterAll(async () => {
    expect(events).toBe(2)
    expect(asked).toBeGreaterThan(100)
    expect(await server.dump()).toEqual(before)
  })

  const isRefused = (answer: Answer) => {
    asked++
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400)
    expect(answer.status, answer.text).toBeLessThan(500)
    problemOf(answer)
  }

  it("there is a right request of every endpoint that takes a body", () => {
    expect(ofJson.map(({ id }) => id).sort()).toEqual(Object.keys(RIGHT).sort())
    expect(ofFiles).toHaveLength(3)
  })

  it.each(ofJson)(
    "$id: a field of a wrong type, an unknown one, or a needed one left out",
    async ({ id, required }) => {
      const { body, path } = RIGHT[id]!
      const mutation = fc.oneof(
        fc.tuple(fc.constantFrom(...Object.keys(body)), WRONG).map(([field, value]) => ({ ...body, [field]: value })),
        fc
          .string({ minLength: 1 })
          .filter((name) => !(name in body) && name !== "__proto__")
          .map((name) => ({ ...body, [name]: "x" })),
        ...(required.length === 0
          ? []
          : [
              fc
                .constantFrom(...required)
                .map((name) => Object.fromEntries(Object.entries(body).filter(([field]) => field !== name)))
            ])
      )
      await fc.assert(
        fc.asyncProperty(mutation, async (wrong) => {
          const answer = await server.post(path, wrong)
          isRefused(answer)
          expect(answer.status, answer.text).toBe(400)
          expect(problemOf(answer)["errors"]).not.toEqual([])
        }),
        { numRuns: RUNS }
      )
    }
  )

  it.each(ofJson)("$id: a body that is no object of it", async ({ id }) => {
    const nothing = /^\s*\{\s*\}\s*$/
    const bodies = fc.oneof(
      fc.json().filter((text) => !nothing.test(text)),
      fc.string().filter((text) => !nothing.test(text)),
      fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 1000, max: 50_000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
      fc.integer({ min: 1000, max: 20_000 }).map((depth) => '{"a":'.repeat(depth) + "1" + "}".repeat(depth))
    )
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        isRefused(await server.ask("POST", RIGHT[id]!.path, { headers: { "content-type": "application/json" }, body }))
      }),
      { numRuns: RUNS }
    )
  })

  it.each([...ofJson, ...ofFiles])("$id: a body of another media type, or too large", async ({ path }) => {
    const text = { headers: { "content-type": "text/html" }, body: "<b>" }
    const large = { headers: { "content-type": "application/json" }, body: JSON.stringify({ a: "x".repeat(300_000) }) }
    for (const one of [text, large]) {
      const answer = await server.ask("POST", filled(path), one)
      isRefused(answer)
      expect([413, 415]).toContain(answer.status)
    }
  })

  it.each(ofFiles)("$id: a file with unreadable lines", async ({ path }) => {
    const lines = fc.array(fc.oneof(fc.json(), fc.string({ minLength: 1 })), { minLength: 1, maxLength: 4 })
    const files = fc.oneof(
      lines.filter((some) => some.some((line) => line.trim() !== "")).map((some) => some.join("\n")),
      fc.uint8Array({ minLength: 5 }).map((bytes) => Buffer.concat([Buffer.from("{"), Buffer.from(bytes)]))
    )
    await fc.assert(
      fc.asyncProperty(files, async (body) => {
        const headers = { "content-type": "application/x-ndjson" }
        isRefused(await server.ask("POST", filled(path), { headers, body }))
      }),
      { numRuns: RUNS }
    )
  })

  it.each(operations.filter(({ method }) => method === "GET"))("$id: a wrong query", async ({ id, path, query }) => {
    // What takes no query passes over what is asked of it.
    if (query.length === 0) return expect(id).toMatch(/^(system|keys|watching)\.|policy$|verify$|oneBreak$|heads$/)
    const parameters = fc
      .constantFrom(...query)
      .chain((name) =>
        fc
          .oneof(fc.constant(""), fc.constant("x".repeat(500)), fc.constant("\u0000"), fc.constant("-1\n"))
          .map((value) => `${name}=${encodeURIComponent(value)}`)
      )
    const unknown = fc
      .stringMatching(/^[a-z]{1,9}$/)
      .filter((name) => !query.includes(name))
      .map((name) => `${name}=1`)
    await fc.assert(
      fc.asyncProperty(fc.oneof(parameters, unknown), async (wrong) => {
        isRefused(await server.get(`${filled(path)}?${wrong}`))
      }),
      { numRuns: RUNS }
    )
  })

  /** Keys that an operation does not take: they lack its scope, or are for another program. */
  const unfit = (id: string): ReadonlyArray<string> => {
    if (id.startsWith("keys.")) return []
    return id.startsWith("watching.") ? ["reader"] : ["watcher", "elsewhere"]
  }

  it.each(guarded)("$id: no key, an unknown one, one without the scope or for another program", async (operation) => {
    const { id, method, path } = operation
    const body = method === "POST" ? { body: "{}", headers: { "content-type": operation.media! } } : {}
    for (const key of [null, "nobody", ...unfit(id)]) {
      const answer = await server.ask(method, filled(path), { ...body, key })
      isRefused(answer)
      expect([401, 403], answer.text).toContain(answer.status)
    }
  })

  it("an address that is none", async () => {
    const paths = fc.oneof(
      fc.webPath(),
      fc.array(fc.string(), { minLength: 1 }).map((parts) => parts.map(encodeURIComponent).join("/")),
      fc.constantFrom(
        "/v1/programs/program/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/v1/programs/%00/aging",
        "//",
        "/%"
      )
    )
    await fc.assert(
      fc.asyncProperty(paths, fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH"), async (path, method) => {
        isRefused(await server.ask(method, path.startsWith("/") ? path : `/${path}`))
      }),
      { numRuns: RUNS * 4 }
    )
  })

  it("a right request of what there is not, or that the domain refuses", async () => {
    const nobody = `${PROGRAM}/accounts/nobody`
    const wrong: ReadonlyArray<readonly [string, unknown, number]> = [
      [`${nobody}/adjustments`, RIGHT["commands.adjust"]!.body, 404],
      [`${nobody}/redemptions`, RIGHT["commands.redeem"]!.body, 404],
      [`${nobody}/redemptions/R/credits`, RIGHT["credits.credit"]!.body, 404],
      [`${nobody}/aliases`, { newAccount: "2" }, 404],
      [`${nobody}/erasure`, { reason: "r" }, 404],
      [`${nobody}/credits/C/decision`, RIGHT["credits.decide"]!.body, 404],
      [`${ACCOUNT}/credits/C/decision`, RIGHT["credits.decide"]!.body, 409],
      [`${ACCOUNT}/lots`, { lot: "Z", points: "0", earnedAt: "2025-01-10" }, 422],
      [`${ACCOUNT}/lots`, { lot: "Z", points: "0.001", earnedAt: "2025-01-10" }, 422],
      [`${ACCOUNT}/redemptions/R/credits`, { creditId: "C9", points: "61", local: true }, 422],
      [`${ACCOUNT}/redemptions/none/credits`, { creditId: "C8", local: true }, 404],
      [`${PROGRAM}/policy`, { scale: 0 }, 409]
    ]
    for (const [path, body, status] of wrong) {
      const answer = await server.post(path, body)
      isRefused(answer)
      expect(answer.status, answer.text).toBe(status)
      expect(problemOf(answer)["error"]).toMatchObject({ _tag: expect.any(String), message: expect.any(String) })
    }
  })
})
