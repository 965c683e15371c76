/** One account with a lot, a redemption and a credit: a row of every table for what is tried on them. */
import { Decide, Ids, Instant, type Refusal } from "@pointback/domain"
import { Effect } from "effect"
import type { DatabaseError } from "../../src/database/DatabaseError.ts"
import { EventStore, type KeyRecord, type VersionConflict } from "../../src/eventStore/EventStore.ts"
import { PolicyStore } from "../../src/program/PolicyStore.ts"

export const program = Ids.ProgramId.make("program")
export const account = Ids.AccountNumber.make("220094110178641288073796026652")
export const redemptionId = Ids.RedemptionId.make("R1")
export const occurredAt = Instant.fromStringUnsafe("2025-01-10T00:00:00Z")

/** A lot of 100 points, of which 60 are redeemed and 20 of these credited. */
const history: ReadonlyArray<Decide.Command> = [
  {
    _tag: "Earn",
    lotId: Ids.LotId.make("A"),
    points: 1_000_000n,
    earnedAt: occurredAt,
    expiresAt: null,
    occurredAt,
    source: null
  },
  {
    _tag: "Redeem",
    redemptionId,
    points: 600_000n,
    redemptionType: "TRAVEL",
    processedBy: Ids.ProcessedBy.make("E078562"),
    occurredAt
  },
  {
    _tag: "RecordCredit",
    redemptionId,
    creditId: Ids.CreditId.make("c1"),
    points: 200_000n,
    occurredAt,
    origin: "ours",
    mastercard: null
  }
]

/** Sets a policy and appends the history, command by command, each with the keys that are asked for. */
export const write = (keysOf: (command: Decide.Command) => ReadonlyArray<KeyRecord> = () => []) =>
  Effect.gen(function* (): Effect.fn.Return<
    void,
    Refusal.Refusal | VersionConflict | DatabaseError,
    EventStore | PolicyStore
  > {
    const store = yield* EventStore
    yield* (yield* PolicyStore).revise(program, (terms) => ({ ...terms, scale: 1 }))
    const target = { program, account }
    for (const command of history) {
      const all = { lots: [{ _tag: "All" }], horizon: Instant.EARLIEST, redemptions: [redemptionId], keys: [] } as const
      const loaded = yield* store.load({ ...target, ...all })
      const facts = yield* Effect.fromResult(Decide.decide(command, loaded.state, loaded.policy))
      const origin = { correlationId: "test", causationId: null, idempotencyKey: null, actor: null }
      yield* store.append({ loaded, target, facts: facts.map((fact) => ({ fact, origin })), keys: keysOf(command) })
    }
  })
