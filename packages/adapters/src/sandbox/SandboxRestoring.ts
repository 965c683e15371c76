/** Which lots a credit fills on the sandbox's side, and what becomes of those that have expired. */
import { Instant } from "@pointback/domain"
import * as Lots from "./SandboxLots.ts"
import { extensionDays, type SandboxRules } from "./SandboxRules.ts"
import type { SandboxRedemption } from "./SandboxState.ts"

/** What a credit does to the lots. */
export interface Restored {
  readonly lots: ReadonlyArray<Lots.SandboxLot>
  readonly restorations: ReadonlyArray<Lots.Restoration>
  /** What came back of each draw so far. */
  readonly restored: ReadonlyArray<bigint>
}

/** Gives points back to the lots. Undefined where a lot has expired and the rules refuse that. */
export const restore = (
  rules: SandboxRules,
  redemption: SandboxRedemption,
  lots: ReadonlyArray<Lots.SandboxLot>,
  points: bigint,
  creditId: string,
  now: Instant.Instant
): Restored | undefined => {
  const given = Lots.refill(redemption, points, rules.restorationOrder, lots)
  const byId = new Map(lots.map((lot) => [lot.lotId, lot]))
  const extended = new Map<string, Lots.SandboxLot>()
  const restorations: Array<Lots.Restoration> = []
  const days = extensionDays(rules)
  for (const [index, part] of given) {
    const lot = byId.get(redemption.draws[index]?.lotId ?? "") as Lots.SandboxLot
    const isExpired = !Lots.isLive(lot, now)
    if (!isExpired || rules.expiredLots === "restoreExpired") {
      restorations.push({ lotId: lot.lotId, points: part, isExpired, from: undefined })
    } else if (days === undefined) {
      return undefined
    } else {
      const lotId = `${lot.lotId}+${creditId}`
      const expiresAt = now + BigInt(days) * Instant.MICROS_PER_DAY
      const granted = part + (extended.get(lotId)?.granted ?? 0n)
      // It begins with nothing and is filled like any other.
      extended.set(lotId, { lotId, earnedAt: lot.earnedAt, expiresAt, granted, points: 0n })
      restorations.push({ lotId, points: part, isExpired: false, from: lot.lotId })
    }
  }
  const restored = redemption.restored.slice()
  for (const [index, part] of given) restored[index] = (restored[index] ?? 0n) + part
  return { lots: Lots.change([...lots, ...extended.values()], restorations, 1n), restorations, restored }
}
