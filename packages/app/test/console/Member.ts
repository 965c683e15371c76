/** What the console is shown in tests: members of a program, with credits of every outcome and a break. */
import { EventStore, Mastercard, MastercardNotSent } from "@pointback/adapters"
import { Decide, Ids, Instant, Points } from "@pointback/domain"
import { Effect, Layer, Result } from "effect"
import { assert } from "vitest"
import { resetClock, setClock } from "../../../adapters/test/support/Appending.ts"
import { unknownOutcome } from "../support/FakeMastercard.ts"
import type { httpServer } from "../support/HttpServer.ts"

type Server = ReturnType<typeof httpServer>

/** The member of the reference scenario. */
export const ACCOUNT = "220094110178641288073796026652"
/** A member whose credit was asked for, and whose process died. */
export const HELD = "220094110178641288073796026653"
/** A member with many redemptions, and names that are none. */
export const HOSTILE = `\u202e"><script>alert(1)</script><img src=x onerror=alert(2)>'&amp;`
export const LARGE = "123456789012345.67"

export const PROGRAM = "/v1/programs/rewards"
export const account = (number: string): string => `${PROGRAM}/accounts/${encodeURIComponent(number)}`

/** Credits are never answered, and the listing cannot be reached. */
export const mastercard = (): Layer.Layer<Mastercard> => {
  const refused = new MastercardNotSent({
    call: "GET /redemptions",
    cause: "connectionRefused",
    detail: "ECONNREFUSED"
  })
  return Layer.mock(Mastercard, { credit: () => Effect.fail(unknownOutcome), redemptions: () => Effect.fail(refused) })
}

const does = async (server: Server, path: string, body: object): Promise<void> => {
  const { status, text } = await server.post(path, body)
  assert.isBelow(status, 300, text)
}

const redeem = { type: "MERCHANDISE", processedBy: "E078562" }

const reference = async (server: Server): Promise<void> => {
  const of = account(ACCOUNT)
  await does(server, `${of}/lots`, { lot: "A", points: "100", earnedAt: "2025-01-10", expiresAt: "2026-01-10" })
  await does(server, `${of}/lots`, { lot: "B", points: "100", earnedAt: "2025-03-10", expiresAt: "2026-03-10" })
  await does(server, `${of}/redemptions`, { ...redeem, redemption: "R1", points: "150", at: "2025-12-01" })
  const credits = `${of}/redemptions/R1/credits`
  await does(server, credits, { creditId: "c1", points: "70", at: "2026-01-20", local: true })
  await does(server, credits, { creditId: "c2", at: "2026-02-01", local: true })
  await does(server, `${of}/lots`, { lot: "C", points: "40.5", earnedAt: "2026-04-01" })
  await does(server, `${of}/redemptions`, { ...redeem, redemption: "R2", points: "10", at: "2026-05-01" })
  // Nobody knows what becomes of it.
  await does(server, `${of}/redemptions/R2/credits`, { creditId: "c3", points: "7.25", at: "2026-05-02" })
}

/** A credit that was asked for ten minutes ago, by a process that died before it heard anything. */
const died = async (server: Server): Promise<void> => {
  // Nothing is recorded before what is recorded already, so this comes first.
  const before = new Date(Date.now() - 600_000).toISOString()
  await server.run(setClock(before))
  await does(server, `${account(HELD)}/lots`, { lot: "A", points: "100", earnedAt: "2025-01-10" })
  const spent = { ...redeem, redemption: "R1", points: "50", at: "2025-12-01" }
  await does(server, `${account(HELD)}/redemptions`, spent)
  const names = { redemptionId: Ids.RedemptionId.make("R1"), creditId: Ids.CreditId.make("lost") }
  const target = { program: Ids.ProgramId.make("rewards"), account: Ids.AccountNumber.make(HELD) }
  await server.run(
    Effect.gen(function* () {
      const store = yield* EventStore.EventStore
      const loaded = yield* store.load({
        ...target,
        lots: [{ _tag: "All" }],
        horizon: Instant.EARLIEST,
        redemptions: [names.redemptionId],
        keys: []
      })
      const points = Result.getOrThrow(Points.fromString("20"))
      const occurredAt = Instant.fromStringUnsafe(before)
      const request = { _tag: "RequestCredit", ...names, points, occurredAt } as Decide.Command
      const facts = yield* Effect.fromResult(Decide.decide(request, loaded.state, loaded.policy))
      const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: null }
      yield* store.append({ loaded, target, facts: facts.map((fact) => ({ fact, origin })), keys: [] })
      yield* resetClock
    })
  )
}

const hostile = async (server: Server): Promise<void> => {
  const of = `/v1/programs/${encodeURIComponent(HOSTILE)}/accounts/${encodeURIComponent(HOSTILE)}`
  await does(server, `${of}/lots`, { lot: HOSTILE, points: LARGE, earnedAt: "2025-01-10", source: HOSTILE })
  const spent = { ...redeem, redemption: HOSTILE, points: "0.01", at: "2025-12-01" }
  await does(server, `${of}/redemptions`, spent)
  const credit = { creditId: HOSTILE, at: "2026-01-01", local: true }
  await does(server, `${of}/redemptions/${encodeURIComponent(HOSTILE)}/credits`, credit)
}

const PAGES = 105

/** More redemptions than a page of them has. */
const many = async (server: Server): Promise<void> => {
  await does(server, `${account("many")}/lots`, { lot: "A", points: "1000", earnedAt: "2025-01-10" })
  for (let n = 1; n <= PAGES; n++) {
    const redemption = `M${String(n).padStart(3, "0")}`
    await does(server, `${account("many")}/redemptions`, { ...redeem, redemption, points: "1", at: "2025-06-01" })
  }
}

/** A credit that a statement has and we do not. */
const missing = async (server: Server): Promise<void> => {
  await does(server, `${account("third")}/lots`, { lot: "A", points: "100", earnedAt: "2025-01-10" })
  await does(server, `${account("third")}/redemptions`, { ...redeem, redemption: "R1", points: "50", at: "2025-12-01" })
  const window = { kind: "statement", program: "rewards", from: "2025-11-01T00:00:00Z", to: "2026-04-01T00:00:00Z" }
  const line = { account: "third", redemption: "R1", credit: null }
  const lines = [
    window,
    { ...line, kind: "redemption", points: "50", at: "2025-12-01T00:00:00Z", reference: "ref-1" },
    { ...line, kind: "credit", points: "3", at: "2026-01-25T00:00:00Z", reference: "ref-3" }
  ]
  const { status, text } = await server.ask("POST", `${PROGRAM}/reconciliations/statement?run=r1&at=2026-06-01`, {
    headers: { "content-type": "application/x-ndjson" },
    body: lines.map((one) => JSON.stringify(one)).join("\n")
  })
  assert.strictEqual(status, 200, text)
}

/** Records all of it. */
export const recordMembers = async (server: Server): Promise<void> => {
  await died(server)
  await reference(server)
  await hostile(server)
  await many(server)
  await missing(server)
}
