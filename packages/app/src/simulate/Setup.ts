/** Makes the accounts of a history known on both sides, before anything goes wrong. */
import {
  type DatabaseError,
  type EventStore,
  PolicyStore,
  type SandboxCommand,
  type SandboxRefused
} from "@pointback/adapters"
import { Ids, type Policy } from "@pointback/domain"
import { Effect } from "effect"
import type { ExecutionError } from "../command/Command.ts"
import { earnPoints } from "../command/EarnPoints.ts"
import { redeemPoints } from "../command/RedeemPoints.ts"
import type { PlannedAccount, RecordedRedemption } from "./HistoryPlan.ts"

const PROCESSED_BY = Ids.ProcessedBy.make("E078562")

/** Writes the policy, earns and redeems on our side, and tells Mastercard the same. */
export const setUp = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  expiredLots: Policy.ExpiredLots,
  accounts: ReadonlyArray<PlannedAccount>,
  tellMastercard: (command: SandboxCommand) => Effect.Effect<void, SandboxRefused>
): Effect.fn.Return<
  ReadonlyArray<RecordedRedemption>,
  ExecutionError | DatabaseError | SandboxRefused,
  EventStore.EventStore | PolicyStore
> {
  const policies = yield* PolicyStore
  yield* policies.revise(program, (terms) => ({ ...terms, expiredLots }))
  const recorded: Array<RecordedRedemption> = []
  for (const { account, lots, redemptions } of accounts) {
    for (const lot of lots) yield* earnPoints({ program, account, ...lot })
    yield* tellMastercard({
      _tag: "PutAccount",
      userId: account,
      lots: lots.map(({ earnedAt, expiresAt, lotId, points }) => ({
        lotId,
        earnedAt,
        expiresAt: expiresAt ?? undefined,
        points
      }))
    })
    for (const redemption of redemptions) {
      const { at, points, redemptionId, redemptionType } = redemption
      const { draws } = yield* redeemPoints({
        program,
        account,
        redemptionId,
        points,
        redemptionType,
        processedBy: PROCESSED_BY,
        occurredAt: at,
        dated: true
      })
      yield* tellMastercard({
        _tag: "PutRedemption",
        redemptionId,
        userId: account,
        redemptionType,
        points,
        draws: draws.map(({ lotId, points }) => ({ lotId, points })),
        at
      })
      recorded.push({ ...redemption, account, draws })
    }
  }
  return recorded
})
