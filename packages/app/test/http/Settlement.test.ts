/** What becomes over HTTP of credits with an unknown outcome, where the sandbox knows what truly happened. */
import { Duration } from "effect"
import { beforeAll, describe, expect, it } from "vitest"
import { httpServer } from "../support/HttpServer.ts"
import { sandboxServer } from "../support/SandboxServer.ts"
import { problemOf } from "./Problems.ts"

const PROGRAM = "/v1/programs/program"

/** Past everything that Mastercard may take by the settings that count unless others are made. */
const DAYS = Duration.toMillis("2 days")

const json = (answer: { readonly text: string }) => JSON.parse(answer.text) as Record<string, unknown>

describe("settling over HTTP, with the sandbox", () => {
  // The server's clock is set ahead in the middle, and Mastercard's stays.
  const sandbox = sandboxServer({ tolerance: Duration.days(3) })
  let ahead = 0
  const server = httpServer(() => sandbox.client(), { ahead: () => ahead })
  const REDEMPTIONS = ["happened", "never", "seen", "unseen"]
  const account = (redemption: string) => `${PROGRAM}/accounts/${1_000_000 + REDEMPTIONS.indexOf(redemption)}`
  const number = (redemption: string) => account(redemption).split("/").at(-1)!
  const credit = (redemption: string, creditId = `C-${redemption}`, points = "40") =>
    server.post(`${account(redemption)}/redemptions/${redemption}/credits`, { creditId, points })
  const settle = (body: object = { olderThanSeconds: 0 }) =>
    server.post(`${PROGRAM}/settlement`, body, { key: "decider" })
  const decide = (redemption: string, decision: "confirm" | "release") =>
    server.post(
      `${account(redemption)}/credits/C-${redemption}/decision`,
      { decision, reason: "looked it up" },
      { key: "decider" }
    )
  const inFlight = async () =>
    (json(await server.get(`${PROGRAM}/credits/in-flight`))["credits"] as ReadonlyArray<{ redemption: string }>)
      .map(({ redemption }) => redemption)
      .toSorted()

  beforeAll(async () => {
    for (const redemption of REDEMPTIONS) {
      await sandbox.knows([{ account: number(redemption), redemption, points: "100" }])
      const lot = { lot: "A", points: "100", earnedAt: "2024-01-10" }
      expect((await server.post(`${account(redemption)}/lots`, lot)).status).toBe(200)
      const spent = await server.post(`${account(redemption)}/redemptions`, {
        redemption,
        points: "100",
        type: "MERCHANDISE",
        processedBy: "E078562",
        at: "2025-01-01"
      })
      expect(spent.status, spent.text).toBe(200)
    }
    await sandbox.misbehaves({
      script: REDEMPTIONS.map((redemption) => ({
        call: "credit",
        nth: 1,
        redemption,
        fault: redemption === "happened" || redemption === "seen" ? "dropAfter" : "dropBefore"
      }))
    })
  })

  it("confirms at once what Mastercard lists, and leaves open what may come yet", async () => {
    for (const redemption of ["happened", "never"]) {
      const asked = await credit(redemption)
      expect(asked.status, asked.text).toBe(202)
    }
    expect(await inFlight()).toEqual(["happened", "never"])
    // Young ones are left alone unless they are asked for.
    expect(json(await settle({}))).toMatchObject({ credits: [], young: 2 })
    const settled = await settle()
    expect(settled.status, settled.text).toBe(200)
    expect(json(settled)).toMatchObject({ confirmed: 1, released: 0, open: 1, young: 0 })
    expect(json(settled)["credits"]).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ redemption: "happened", result: "confirmed", reason: null, points: "40" }),
        expect.objectContaining({
          redemption: "never",
          result: "open",
          reason: "tooEarly",
          certainFrom: expect.stringMatching(/^\d{4}-/)
        })
      ])
    )
    const again = await credit("happened")
    expect(again.status, again.text).toBe(200)
    expect(json(again)).toMatchObject({ outcome: "PartiallyCredited", points: "40", remaining: "60", replayed: true })
    expect((await sandbox.credits()).get("happened")).toEqual([400_000n])
  })

  it("releases what certainly never happened; a new credit of the points is made once", async () => {
    ahead = DAYS
    expect(json(await settle())).toMatchObject({
      confirmed: 0,
      released: 1,
      credits: [{ redemption: "never", result: "released" }]
    })
    expect(await inFlight()).toEqual([])
    const same = await credit("never")
    expect(same.status).toBe(422)
    expect(problemOf(same)).toMatchObject({
      type: "urn:pointback:problem:credit-declined",
      error: { credit: { reasons: [{ source: "pointback", reasonCode: "absent" }] } }
    })
    const other = await credit("never", "C-again")
    expect(json(other)).toMatchObject({ outcome: "PartiallyCredited", remaining: "60" })
    expect((await sandbox.credits()).get("never")).toEqual([400_000n])
    ahead = 0
  })

  it("a person decides, by the name of the key, once it is not too early", async () => {
    for (const redemption of ["seen", "unseen"]) expect((await credit(redemption)).status).toBe(202)
    const early = await decide("seen", "confirm")
    expect(early.status).toBe(409)
    expect(problemOf(early)["type"]).toBe("urn:pointback:problem:call-may-be-under-way")
    ahead = DAYS
    const confirmed = await decide("seen", "confirm")
    expect(confirmed.status, confirmed.text).toBe(200)
    expect(json(confirmed)).toMatchObject({ outcome: "PartiallyCredited", points: "40", remaining: "60" })
    const released = await decide("unseen", "release")
    expect(released.status, released.text).toBe(200)
    expect(json(released)).toMatchObject({ outcome: "CreditDeclined", reasons: [{ reasonCode: "released" }] })
    ahead = 0
    // What is decided is no longer to be decided.
    expect((await decide("seen", "release")).status).toBe(409)
    expect(await inFlight()).toEqual([])
    const events = (await server.dump()).find(({ table }) => table === "events")!.rows
    expect(events.filter((row) => row.includes('"actor":"decider"') && row.includes("looked it up"))).toHaveLength(2)
    expect(json(await server.get(`${PROGRAM}/verification`))).toMatchObject({ count: 0 })
  })
})
