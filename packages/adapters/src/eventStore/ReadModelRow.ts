/** Rows of the ledger and of the lots as text, by column: what is written, and held against by the audit. */
import { Instant, Points } from "@pointback/domain"
import type { LotRow, PostingRow } from "./Projection.ts"

/** The columns of a posting that its fact and its lot decide. */
export const postingRow = ({ line, occurredAt, posting, restored, total }: PostingRow) => ({
  line,
  debit: posting.debit,
  credit: posting.credit,
  lot_id: posting.lotId,
  redemption_id: posting.redemptionId,
  points: Points.toString(posting.points),
  occurred_at: Instant.toString(occurredAt),
  total: Points.toString(total),
  restored: Points.toString(restored)
})

/** The columns of a lot. */
export const lotRow = ({ lastAt, late, lot }: LotRow) => ({
  lot_id: lot.lotId,
  earned_at: Instant.toString(lot.earnedAt),
  expires_at: lot.expiresAt === null ? null : Instant.toString(lot.expiresAt),
  opened_at: Instant.toString(lot.openedAt),
  total: Points.toString(lot.total),
  granted: Points.toString(lot.granted),
  restored: Points.toString(lot.restored),
  booked: Points.toString(lot.booked),
  swept: lot.swept,
  last_at: Instant.toString(lastAt),
  late
})
