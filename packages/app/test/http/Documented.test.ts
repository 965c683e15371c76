import { Context } from "effect"
import { OpenApi } from "effect/http-api"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { Api } from "../../src/http/Api.ts"
import { Needs } from "../../src/http/Scopes.ts"
import { httpServer } from "../support/HttpServer.ts"

const page = (name: string): string => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), "utf8")

/** Metrics that the process counts only once something happens, by the file that makes them. */
const SOURCES = [
  "http/Watched.ts",
  "http/Gauges.ts",
  "command/CreditMetrics.ts",
  "../../adapters/src/mastercard/Telemetry.ts"
]

describe("docs/http-api.md", () => {
  it("has every address with its scope and summary, and no other", () => {
    const rows = Object.values(Api.groups).flatMap((group) =>
      Object.values(group.endpoints).map((endpoint) => {
        const annotations = endpoint.annotations as Context.Context<Needs | OpenApi.Summary>
        const path = endpoint.path.replace("/v1/programs/:program", "…").replaceAll(/:(\w+)/g, "{$1}")
        const scope = Context.getOrUndefined(annotations, Needs) ?? "none"
        return `| \`${endpoint.method} ${path}\` | ${scope} | ${Context.getOrUndefined(annotations, OpenApi.Summary)} |`
      })
    )
    const documented = page("http-api.md")
      .split("\n")
      .filter((line) => /^\| `(GET|POST|PUT|DELETE) /.test(line))
    expect(documented.toSorted()).toEqual(rows.toSorted())
  })
})

describe("docs/operating.md", () => {
  const server = httpServer()

  it("names every metric, and only those that there are", async () => {
    const made = SOURCES.flatMap((file) =>
      Array.from(
        readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8").matchAll(/"(pointback_\w+)"/g),
        ([, name]) => name as string
      )
    )
    const named = Array.from(page("operating.md").matchAll(/^\| `(pointback_\w+)/gm), ([, name]) => name as string)
    expect(named.toSorted()).toEqual(made.toSorted())
    expect(made.length).toBeGreaterThan(8)
    await server.get("/v1/programs/program/aging")
    const { text } = await server.get("/metrics")
    expect(text).toContain("pointback_http_requests")
    // The embedded database has one connection, and no pool that tells of itself.
    expect(text).toMatch(/^pointback_database_connections\{state="max"\} \d+$/m)
    expect(text).toMatch(/^pointback_database_connections\{state="waiting"\} 0$/m)
  })
})
