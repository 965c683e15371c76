import { Validator } from "@seriousme/openapi-schema-validator"
import { Context } from "effect"
import { OpenApi } from "effect/http-api"
import { describe, expect, it } from "vitest"
import { Api } from "../../src/http/Api.ts"
import { Needs } from "../../src/http/Scopes.ts"
import { httpServer } from "../support/HttpServer.ts"

interface Operation {
  readonly operationId: string
  readonly security: ReadonlyArray<unknown>
  readonly responses: Readonly<Record<number, { readonly content?: Readonly<Record<string, unknown>> }>>
}

const operationsOf = (document: object): ReadonlyArray<Operation> =>
  Object.values((document as { paths: Record<string, Record<string, Operation>> }).paths).flatMap((path) =>
    Object.values(path)
  )

describe("the OpenAPI document", () => {
  const server = httpServer()

  it("is a valid document of OpenAPI 3.1, and is served as it is made", async () => {
    const served = JSON.parse((await server.get("/openapi.json", { key: null })).text) as Record<string, unknown>
    const validator = new Validator()
    const { errors, valid } = await validator.validate(served)
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(validator.version).toBe("3.1")
    expect(served).toEqual(JSON.parse(JSON.stringify(OpenApi.fromApi(Api))))
  })

  it("a document with a mistake in it is not valid", async () => {
    const broken = { ...JSON.parse(JSON.stringify(OpenApi.fromApi(Api))), paths: { "/v1": { post: { responses: 1 } } } }
    expect((await new Validator().validate(broken as Record<string, unknown>)).valid).toBe(false)
  })

  it("every operation behind a key names its scheme and every problem that it can answer", () => {
    const guarded = operationsOf(OpenApi.fromApi(Api)).filter(({ operationId }) => !operationId.startsWith("system."))
    expect(guarded.length).toBeGreaterThan(10)
    for (const { operationId, responses, security } of guarded) {
      expect(security, operationId).toEqual([{ key: [] }])
      for (const status of [400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503]) {
        expect(Object.keys(responses[status]?.content ?? {}), `${operationId} ${status}`).toContain(
          "application/problem+json"
        )
      }
    }
  })

  it("every endpoint but the system's own needs a scope", () => {
    const groups = Object.values(Api.groups)
    const without = groups.flatMap((group) =>
      Object.values(group.endpoints)
        .filter((endpoint) => Context.getOption(endpoint.annotations as Context.Context<Needs>, Needs)._tag === "None")
        .map((endpoint) => endpoint.path)
    )
    expect(without).toEqual(["/health", "/ready"])
  })
})
