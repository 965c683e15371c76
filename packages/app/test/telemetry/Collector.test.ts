/** `pointback serve` as a process, and a collector that it tells of itself over OTLP. */
import { readFileSync, writeFileSync } from "node:fs"
import { createServer, type IncomingHttpHeaders } from "node:http"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { commandLine } from "../support/Cli.ts"
import { collector, type ReceivedSpan, valueOf } from "../support/Collector.ts"
import { serverDatabase } from "../support/Databases.ts"
import { temporaryFolder } from "../support/Files.ts"
import { start, type Started } from "../support/Process.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { CONSUMER_KEY, keys as signingKeys } from "../../../adapters/test/sandbox/world.ts"

/** A number that no other text has a part of. */
const NUMBER = "2200941101786412"

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
const CALLER = "00f067aa0ba902b7"

/** Exports come soon, so that no test waits for them. */
const SOON = { OTEL_BSP_SCHEDULE_DELAY: "100", OTEL_BLRP_SCHEDULE_DELAY: "100", OTEL_METRIC_EXPORT_INTERVAL: "300" }

const METRICS = Array.from(
  readFileSync(new URL("../../../../docs/operating.md", import.meta.url), "utf8").matchAll(/^\| `(pointback_\w+)/gm),
  ([, name]) => name as string
)

/** Metrics that this test does nothing for: nothing is settled, and there is no subscription. */
const ELSEWHERE = new Set(["pointback_settled_credits", "pointback_subscription_lag_events"])

/** Servers on one database, with one key. */
const serving = () => {
  const database = serverDatabase()
  const sandbox = sandboxServer()
  const folder = temporaryFolder()
  const file = join(folder, "keys.json")
  let key = ""
  const started: Array<() => void> = []
  afterAll(() => {
    for (const kill of started) kill()
  })
  beforeAll(async () => {
    const made = await commandLine(database)("api-key --name ops --scope read --scope write --json")
    const parsed = JSON.parse(made.out) as { entry: object; key: string }
    key = parsed.key
    writeFileSync(file, JSON.stringify({ keys: [parsed.entry] }))
  })

  const serve = async (environment: Readonly<Record<string, string>>) => {
    const server = start(["serve", "--port", "0", "--keys", file, "--database", database()], {
      environment: { ...sandbox.environment(), ...environment },
      atEnd: (kill) => void started.push(kill)
    })
    await server.said("listening at http://127.0.0.1:")
    const url = /http:\S+/.exec(server.out())![0]
    const ask = (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
      fetch(`${url}/v1/programs/p/accounts/${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
    return { server, ask, url }
  }

  /** An account with a redemption that Mastercard knows. */
  const redeemed = async ({ ask }: Awaited<ReturnType<typeof serve>>, account: string, redemption: string) => {
    await sandbox.knows([{ account, redemption, points: "100" }])
    const lot = { lot: "A", points: "100", earnedAt: "2025-01-10" }
    expect((await ask("POST", `${account}/lots`, lot)).status).toBe(200)
    const spent = { redemption, points: "100", type: "MERCHANDISE", processedBy: "E1", at: "2025-03-01" }
    expect((await ask("POST", `${account}/redemptions`, spent)).status).toBe(200)
  }
  return { serve, redeemed, database, key: () => key }
}

const stopped = async (server: Started): Promise<number> => {
  const began = performance.now()
  server.signal("SIGTERM")
  expect(await server.ended).toBe(130)
  return performance.now() - began
}

describe("a collector", () => {
  const { database, key, redeemed, serve } = serving()
  const otlp = collector()
  let lines: ReadonlyArray<string> = []

  beforeAll(async () => {
    const served = await serve({
      ...SOON,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url(),
      OTEL_EXPORTER_OTLP_HEADERS: "x-collector-key=collector-secret"
    })
    await redeemed(served, NUMBER, "R1")
    const credits = `${NUMBER}/redemptions/R1/credits`
    const traceparent = `00-${TRACE}-${CALLER}-01`
    const credited = await served.ask("POST", credits, { creditId: "C1", points: "40" }, { traceparent })
    expect(credited.status).toBe(200)
    // Failures of every sort, whose messages name the account.
    const failures = [
      await served.ask("POST", credits, { creditId: "C1", points: "41" }),
      await served.ask("POST", credits, { creditId: "C2", points: "400" }),
      await served.ask("GET", `${NUMBER}99/aging`),
      await served.ask("POST", `${NUMBER}/lots`, { lot: "A", points: "7", earnedAt: "2025-01-10" }),
      await served.ask("POST", `${NUMBER}/lots`, { lot: NUMBER })
    ]
    expect(failures.map(({ status }) => status)).toEqual([409, 422, 404, 409, 400])
    const unsampled = await served.ask("GET", `${NUMBER}/aging`, undefined, {
      traceparent: `00-${"a".repeat(32)}-${CALLER}-00`
    })
    expect(unsampled.status).toBe(200)
    const nonsense = await served.ask("GET", `${NUMBER}/aging`, undefined, { traceparent: "nonsense" })
    expect(nonsense.status).toBe(200)
    await vi.waitFor(() => expect(new Set(otlp.metrics())).toContain("pointback_open_breaks"), { timeout: 20_000 })
    await stopped(served.server)
    lines = served.server.err().trim().split("\n")
  })

  const ofTrace = () => otlp.spans().filter(({ traceId }) => traceId === TRACE)
  const parentOf = (span: ReceivedSpan) => ofTrace().find(({ spanId }) => spanId === span.parentSpanId)
  const above = (span: ReceivedSpan): ReadonlyArray<string> => {
    const parent = parentOf(span)
    return parent === undefined ? [] : [parent.name, ...above(parent)]
  }
  const named = (name: string): ReceivedSpan => {
    const found = ofTrace().find((span) => span.name === name)
    expect(
      found,
      `${name} among ${ofTrace()
        .map((span) => span.name)
        .join(", ")}`
    ).toBeDefined()
    return found!
  }

  it("has the trace of a credit, from the caller's span through use case, database and Mastercard", () => {
    const request = named("http request")
    expect(request.parentSpanId).toBe(CALLER)
    expect(valueOf(request.attributes, "http.route")).toMatch(/:redemption\/credits$/)
    expect(valueOf(request.attributes, "http.response.status_code")).toBe("200")
    expect(above(named("creditRedemption"))).toEqual(["http credit", "http request"])
    for (const database_ of ["EventStore.load", "EventStore.append"]) {
      expect(above(named(database_))).toContain("creditRedemption")
    }
    const call = named("Mastercard.request")
    expect(above(call).slice(0, 2)).toEqual(["Mastercard.credit", "creditRedemption"])
    expect(valueOf(call.attributes, "http.response.status_code")).toBe("200")
    expect(valueOf(call.attributes, "pointback.outcome")).toBe("ok")
    // Every span of the trace hangs together.
    const below = ofTrace().filter(({ spanId }) => spanId !== request.spanId)
    for (const span of below) expect(above(span).at(-1), span.name).toBe("http request")
  })

  it("has every metric that is documented, gauges of the database included, though nobody reads /metrics", () => {
    const arrived = new Set(otlp.metrics())
    const missing = METRICS.filter((name) => !arrived.has(name))
    expect(missing.toSorted()).toEqual(Array.from(ELSEWHERE).toSorted())
    expect(METRICS.length).toBeGreaterThan(10)
  })

  it("says which service it hears from, and is sent what its operator asked for", () => {
    expect(otlp.resources().map((resource) => valueOf(resource, "service.name"))).toContain("pointback")
    expect(new Set(otlp.received.map(({ path }) => path))).toEqual(new Set(["/v1/traces", "/v1/metrics", "/v1/logs"]))
    for (const { headers } of otlp.received) {
      expect(headers["x-collector-key"]).toBe("collector-secret")
      expect(headers["content-type"]).toBe("application/json")
    }
  })

  it("has a log line of each request, with its trace, and standard error has the same ones", () => {
    const requests = otlp.logs().filter(({ body }) => body.stringValue === "request")
    expect(requests).toHaveLength(10)
    const credit = requests.find(({ traceId }) => traceId === TRACE)
    expect(valueOf(credit!.attributes, "route")).toMatch(/credits$/)
    expect(valueOf(credit!.attributes, "key")).toBe("ops")
    const written = lines.map((line) => JSON.parse(line) as { message: string; annotations: { request: string } })
    expect(
      written.filter(({ message }) => message === "request").map(({ annotations }) => annotations.request)
    ).toEqual(requests.map(({ attributes }) => valueOf(attributes, "request")))
  })

  it("keeps to what the caller's trace says, and begins one of its own where that cannot be read", () => {
    expect(otlp.spans().some(({ traceId }) => traceId === "a".repeat(32))).toBe(false)
    const roots = otlp.spans().filter(({ name, parentSpanId }) => name === "http request" && !parentSpanId)
    expect(roots.length).toBe(8)
    for (const { traceId } of roots) expect(traceId).toMatch(/^[0-9a-f]{32}$/)
  })

  it("learns of failures their kind and place, and of nobody's account number or secret", () => {
    const failed = otlp.spans().filter(({ status }) => status.code === 2)
    const kinds = new Set(failed.map(({ status }) => status.message))
    expect(kinds).toContain("UnknownAccount")
    expect(kinds).toContain("KeyConflict")
    const all = otlp.everything()
    expect(all).toContain("exception.stacktrace")
    const password = new URL(database()).password
    const secrets = [NUMBER, key(), CONSUMER_KEY, "PRIVATE KEY", ...(password === "" ? [] : [password])]
    for (const secret of secrets) expect(all.includes(secret), secret).toBe(false)
    expect(lines.join("\n")).not.toContain(NUMBER)
  })
})

describe("a collector of another kind", () => {
  const { redeemed, serve } = serving()
  const otlp = collector()

  it("is sent protobuf where that is asked for, and only the signals that are", async () => {
    const served = await serve({
      ...SOON,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${otlp.url()}/v1/traces`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_SERVICE_NAME: "points-of-ours"
    })
    await redeemed(served, NUMBER, "R1")
    await stopped(served.server)
    expect(new Set(otlp.received.map(({ path }) => path))).toEqual(new Set(["/v1/traces"]))
    for (const { headers } of otlp.received) expect(headers["content-type"]).toBe("application/x-protobuf")
    const all = otlp.everything()
    for (const text of ["points-of-ours", "redeemPoints", "EventStore.append"]) expect(all).toContain(text)
    expect(all).not.toContain(NUMBER)
  })

  it.each([
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://"],
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
    ["OTEL_BSP_SCHEDULE_DELAY", "soon"],
    ["OTEL_EXPORTER_OTLP_TIMEOUT", "0"]
  ])("is refused by the name of the variable where %s is %s", async (variable, value) => {
    const type = commandLine(() => "nowhere", { [variable]: value })
    const file = join(temporaryFile(), "keys.json")
    writeFileSync(
      file,
      JSON.stringify({ keys: [{ name: "a", sha256: "0".repeat(64), scopes: ["read"], programs: ["*"] }] })
    )
    const refused = await type(["serve", "--keys", file, "--port", "0"])
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining(`${variable} cannot be used`) })
  })
  const temporaryFile = () => folder
  const folder = temporaryFolder()
})

describe.each(["hangs", "fails", "is down"] as const)("a collector that %s", (mood) => {
  const { redeemed, serve } = serving()
  const otlp = collector(mood === "is down" ? "takes" : mood)

  it("holds up no credit, and no end for long", async () => {
    const down = "http://127.0.0.1:1"
    const served = await serve({ ...SOON, OTEL_EXPORTER_OTLP_ENDPOINT: mood === "is down" ? down : otlp.url() })
    await redeemed(served, NUMBER, "R1")
    for (let n = 0; n < 10; n++) {
      const credit = { creditId: `C${n}`, points: String(n + 1) }
      const answer = await served.ask("POST", `${NUMBER}/redemptions/R1/credits`, credit)
      expect(answer.status, await answer.text()).toBe(200)
      // It was spoken to before these were answered.
      if (mood !== "is down" && n === 5) await expect.poll(() => otlp.received.length).toBeGreaterThan(1)
    }
    expect(await stopped(served.server)).toBeLessThan(SHUTDOWN_MS)
    const levels = served.server
      .err()
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { level: string }).level)
    expect(new Set(levels)).toEqual(new Set(["INFO"]))
  })
})

/** Three seconds for each of three signals, one after the other at worst, and what the rest of the end takes. */
const SHUTDOWN_MS = 15_000

describe("Mastercard", () => {
  const { redeemed, serve } = serving()
  const otlp = collector()
  const seen: Array<IncomingHttpHeaders> = []
  const mastercard = createServer((request, response) => {
    seen.push(request.headers)
    request.resume().on("end", () => response.writeHead(503).end())
  })
  afterAll(() => mastercard.close())

  it("is told of no trace of ours, nor of the caller's", async () => {
    await new Promise<void>((resolve) => mastercard.listen(0, "127.0.0.1", resolve))
    const address = mastercard.address()
    const served = await serve({
      ...SOON,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url(),
      POINTBACK_MASTERCARD_URL: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/loyalty`,
      POINTBACK_MASTERCARD_CONSUMER_KEY: CONSUMER_KEY,
      POINTBACK_MASTERCARD_SIGNING_KEY: signingKeys.privateKey
    })
    await redeemed(served, NUMBER, "R1")
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: "a=b", baggage: "user=1" }
    const answer = await served.ask("POST", `${NUMBER}/redemptions/R1/credits`, { creditId: "C1" }, headers)
    expect(answer.status).toBe(202)
    expect(seen).toHaveLength(1)
    expect(Object.keys(seen[0]!).filter((name) => /^(traceparent|tracestate|baggage|b3|x-b3-.*)$/.test(name))).toEqual(
      []
    )
    await stopped(served.server)
    const ofTrace = otlp.spans().filter(({ traceId }) => traceId === TRACE)
    expect(ofTrace.map(({ name }) => name)).toContain("Mastercard.request")
  })
})
