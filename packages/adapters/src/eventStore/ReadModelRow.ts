/** Rows of the read models as text: what is inserted, added to a row, and held against one by the audit. */
import { Instant, Points } from "@pointback/domain"
import type { LotChange, RedemptionChange } from "./Projection.ts"

const instant = (at: Instant.Instant | null | undefined): string | null =>
  at === null || at === undefined ? null : Instant.toString(at)

/** The row of a lot, or what a known one gains; its dates are null where it is not opened. */
export const lotRow = ({ booked, granted, lotId, opens, swept, total }: LotChange) => ({
  lot_id: lotId,
  earned_at: instant(opens?.earnedAt),
  expires_at: instant(opens?.expiresAt),
  opened_at: instant(opens?.openedAt),
  total: Points.toString(total),
  granted: Points.toString(granted),
  booked: Points.toString(booked),
  swept
})

/** The row of a redemption, or what a known one gains; its first columns are null where it is not begun. */
export const redemptionRow = ({ credited, opens, pending, redemptionId, state }: RedemptionChange) => ({
  redemption_id: redemptionId,
  redemption_type: opens?.redemptionType ?? null,
  processed_by: opens?.processedBy ?? null,
  redeemed_at: instant(opens?.redeemedAt),
  points: Points.toString(opens?.points ?? 0n),
  credited: Points.toString(credited),
  pending: Points.toString(pending?.points ?? 0n),
  pending_credit: pending?.creditId ?? null,
  state
})
