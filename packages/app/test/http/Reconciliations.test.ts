/** Reconciliations over HTTP: with a statement that is uploaded, and with the real sandbox. */
import { type Mastercard, Mastercard as Client } from "@pointback/adapters"
import { Effect } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { httpServer } from "../support/HttpServer.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { problemOf } from "./Problems.ts"

const PROGRAM = "/v1/programs/program"
const NDJSON = { "content-type": "application/x-ndjson" }

const json = (answer: { readonly text: string }) => JSON.parse(answer.text) as Record<string, unknown>

type Break = Readonly<Record<"id" | "type" | "redemption" | "remedy" | "state", string>>

const breaksOf = (answer: { readonly text: string }) =>
  (json(answer)["breaks"] as ReadonlyArray<Break>)
    .map(({ redemption, remedy, type }) => `${type} ${redemption} ${remedy}`)
    .toSorted()

/** An account with a redemption of a hundred points, and a credit of ten that is recorded alone where one is asked for. */
const redeemed = async (
  server: ReturnType<typeof httpServer>,
  account: string,
  redemption: string,
  { at = "2025-12-02T00:00:00Z", local = false } = {}
) => {
  const path = `${PROGRAM}/accounts/${account}`
  const lot = { lot: "A", points: "1000000000", earnedAt: "2020-01-01" }
  const spent = { redemption, points: "100", type: "MERCHANDISE", processedBy: "E078562", at }
  expect((await server.post(`${path}/lots`, lot)).status).toBe(200)
  expect((await server.post(`${path}/redemptions`, spent)).status).toBe(200)
  if (!local) return
  const credit = { creditId: `c-${redemption}`, points: "10", local: true, at: "2025-12-10T00:00:00Z" }
  expect((await server.post(`${path}/redemptions/${redemption}/credits`, credit)).status).toBe(200)
}

describe("a statement over HTTP", () => {
  const server = httpServer()
  const head = { kind: "statement", program: "program", from: "2025-12-01T00:00:00Z", to: "2026-01-01T00:00:00Z" }
  const redemption = (account: string, id: string) => ({
    kind: "redemption",
    account,
    redemption: id,
    points: "100",
    at: "2025-12-02T00:00:00Z",
    reference: `m-${id}`
  })
  const credit = (account: string, id: string, points: string) => ({
    kind: "credit",
    account,
    redemption: id,
    credit: `c-${id}`,
    points,
    at: "2025-12-10T00:00:00Z",
    reference: `n-${id}`
  })
  const LINES = [
    head,
    ...["agrees", "other", "more"].map((id, n) => redemption(String(n + 1), id)),
    credit("1", "agrees", "10"),
    credit("2", "other", "11"),
    { ...credit("3", "more", "10"), credit: "c-more" },
    { ...credit("3", "more", "25.5"), credit: null, reference: "there-alone", at: "2025-12-20T00:00:00Z" }
  ]
  const upload = (query: string, lines: ReadonlyArray<unknown> = LINES) =>
    server.ask("POST", `${PROGRAM}/reconciliations/statement?at=2026-02-01${query}`, {
      key: "decider",
      headers: NDJSON,
      body: lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n")
    })
  const EXPECTED = ["amountMismatch other person", "missingHere more record", "missingThere alone person"]

  beforeAll(async () => {
    for (const [n, id] of ["agrees", "other", "more"].entries())
      await redeemed(server, String(n + 1), id, { local: true })
    await redeemed(server, "4", "alone")
  })

  it("finds what differs, and writes nothing down unless it is to", async () => {
    const dry = await upload("&dryRun=true")
    expect(dry.status, dry.text).toBe(200)
    expect(json(dry)).toMatchObject({ run: null, source: "statement", parked: [], mended: [] })
    expect(breaksOf(dry)).toEqual(EXPECTED)
    expect(breaksOf(await server.get(`${PROGRAM}/breaks`))).toEqual([])
    expect(json(await server.get(`${PROGRAM}/reconciliations`))).toEqual({ runs: [], next: null })
  })

  it("lists what it found, one by one, grouped, and by run; pages of runs follow each other", async () => {
    for (const run of ["first", "second", "third"]) expect(breaksOf(await upload(`&run=${run}`))).toEqual(EXPECTED)
    expect(breaksOf(await server.get(`${PROGRAM}/breaks?run=second`))).toEqual(EXPECTED)
    const groups = json(await server.get(`${PROGRAM}/breaks/groups?by=type`))
    expect(groups).toMatchObject({
      by: "type",
      groups: [
        { group: "amountMismatch", breaks: 1 },
        { group: "missingHere", breaks: 1, points: "25.5" },
        { group: "missingThere", breaks: 1, points: "100" }
      ]
    })
    expect(json(await server.get(`${PROGRAM}/breaks/groups?by=age&type=missingHere`))["groups"]).toHaveLength(1)
    const runs: Array<unknown> = []
    let cursor = ""
    for (;;) {
      const page = json(await server.get(`${PROGRAM}/reconciliations?limit=2${cursor}`))
      runs.push(...(page["runs"] as ReadonlyArray<unknown>))
      if (page["next"] === null) break
      cursor = `&cursor=${page["next"] as string}`
    }
    expect(runs).toMatchObject(
      ["third", "second", "first"].map((run) => ({
        run,
        source: "statement",
        at: "2026-02-01T00:00:00.000Z",
        records: { here: 7, there: 7 },
        parked: 0,
        finishedAt: expect.stringMatching(/^\d{4}-/)
      }))
    )
    expect((await server.get(`${PROGRAM}/reconciliations?cursor=abc`)).status).toBe(400)
    const { break: id } = {
      break: (json(await server.get(`${PROGRAM}/breaks`))["breaks"] as ReadonlyArray<Break>)[0]!.id
    }
    const one = json(await server.get(`${PROGRAM}/breaks/${id}`))
    expect((one["history"] as ReadonlyArray<{ kind: string }>).map(({ kind }) => kind)).toEqual([
      "opened",
      "seen",
      "seen"
    ])
  })

  it("mends what is certain, once, and takes for settled what a person accepts", async () => {
    const applied = json(await upload("&run=third&apply=true"))
    expect(applied["mended"]).toMatchObject([{ remedy: "record", reason: null }])
    expect((applied["breaks"] as ReadonlyArray<Break>).map(({ type }) => type).toSorted()).toEqual([
      "amountMismatch",
      "missingThere"
    ])
    const told = json(await server.get(`${PROGRAM}/accounts/3/redemptions/more`))
    expect(told).toMatchObject({ credited: "35.5", remaining: "64.5" })
    for (const { id } of json(await server.get(`${PROGRAM}/breaks`))["breaks"] as ReadonlyArray<Break>) {
      const accepted = await server.post(`${PROGRAM}/breaks/${id}/acceptance`, { reason: "case 7" }, { key: "decider" })
      expect(accepted.status, accepted.text).toBe(200)
      const twice = await server.post(`${PROGRAM}/breaks/${id}/acceptance`, { reason: "case 7" }, { key: "decider" })
      expect(twice.status).toBe(404)
    }
    expect(breaksOf(await server.get(`${PROGRAM}/breaks`))).toEqual([])
    const all = json(await server.get(`${PROGRAM}/breaks?all=true`))["breaks"] as ReadonlyArray<Break>
    expect(all.map(({ state }) => state).toSorted()).toEqual(["accepted", "accepted", "closed"])
  })

  it("puts aside what cannot be read, and refuses what it is not about", async () => {
    const parked = json(await upload("&run=parked", [...LINES, '{"kind":"credit"}']))
    expect(parked["parked"]).toMatchObject([{ place: "line 9" }])
    expect(json(await server.get(`${PROGRAM}/reconciliations?limit=1`))["runs"]).toMatchObject([
      { run: "parked", parked: 1 }
    ])
    for (const [lines, type] of [
      [[{ ...head, program: "elsewhere" }, ...LINES.slice(1)], "foreign-program"],
      [LINES.slice(1), "statement-header-invalid"]
    ] as const) {
      const refused = await upload("&run=never", lines)
      expect(refused.status, refused.text).toBe(400)
      expect(problemOf(refused)["type"]).toBe(`urn:pointback:problem:${type}`)
    }
    const other = await upload("&run=first", [...LINES, redemption("5", "more-lines")])
    expect(other.status).toBe(409)
    expect(problemOf(other)["type"]).toBe("urn:pointback:problem:run-mismatch")
  })
})

describe("Mastercard over HTTP, with the sandbox", () => {
  const sandbox = sandboxServer()
  const server = httpServer(() => sandbox.client())
  const NAMES = ["agrees", "there", "happened"]
  const number = (name: string) => String(2_200_941 + NAMES.indexOf(name))
  const reconcile = (body: object) => server.post(`${PROGRAM}/reconciliations/mastercard`, body, { key: "decider" })
  const EXPECTED = ["missingHere there record", "unknownOutcome happened confirm"]

  /** A credit that somebody asked Mastercard for, and not us. */
  const atMastercard = (name: string, points: bigint): Promise<unknown> =>
    Effect.runPromise(
      Effect.provide(
        Client.use((client: Mastercard["Service"]) =>
          client.credit({
            redemptionId: name,
            processedBy: "E078562",
            redemptionType: "MERCHANDISE",
            userId: number(name),
            points
          })
        ),
        sandbox.client()
      )
    )

  beforeAll(async () => {
    for (const name of NAMES) {
      await redeemed(server, number(name), name, { at: "2025-01-01T00:00:00Z" })
      await sandbox.knows([{ account: number(name), redemption: name, points: "100" }])
    }
    await sandbox.misbehaves({ script: [{ call: "credit", redemption: "happened", fault: "dropAfter" }] })
    const path = (name: string) => `${PROGRAM}/accounts/${number(name)}/redemptions/${name}/credits`
    expect((await server.post(path("agrees"), { creditId: "c1", points: "10" })).status).toBe(200)
    expect((await server.post(path("happened"), { creditId: "c1", points: "30" })).status).toBe(202)
    await atMastercard("there", 400_000n)
  })

  it("finds what is there alone and what truly became of the unknown one, and writes nothing down in a dry run", async () => {
    const dry = await reconcile({ dryRun: true })
    expect(dry.status, dry.text).toBe(200)
    expect(json(dry)).toMatchObject({ run: null, source: "Mastercard", parked: [], mended: [] })
    expect(breaksOf(dry)).toEqual(EXPECTED)
    expect(breaksOf(await server.get(`${PROGRAM}/breaks`))).toEqual([])
  })

  it("mends both by apply, under the name of the key, and a later run finds nothing", async () => {
    const applied = await reconcile({ run: "nightly", apply: true })
    expect(applied.status, applied.text).toBe(200)
    expect(json(applied)["breaks"]).toEqual([])
    expect(
      (json(applied)["mended"] as ReadonlyArray<{ remedy: string; reason: string | null }>)
        .map(({ reason, remedy }) => `${remedy} ${reason}`)
        .toSorted()
    ).toEqual(["confirm null", "record null"])
    const told = json(await server.get(`${PROGRAM}/accounts/${number("there")}/redemptions/there`))
    expect(told).toMatchObject({ credited: "40", remaining: "60" })
    expect(json(await server.get(`${PROGRAM}/credits/in-flight`))).toMatchObject({ credits: [] })
    const events = (await server.dump()).find(({ table }) => table === "events")!.rows
    expect(events.filter((row) => row.includes('"actor":"decider"'))).toHaveLength(2)
    expect(breaksOf(await reconcile({ run: "next" }))).toEqual([])
    expect(json(await reconcile({ apply: true, dryRun: true }))).toMatchObject({ status: 400 })
    // Mastercard was asked, and never told to credit anything once more.
    expect((await sandbox.credits()).get("happened")).toEqual([300_000n])
  })
})
