/**
 * Which lots a credit gives its points back to, and what becomes of them there.
 *
 * Restorations go in the reverse of draw order, so that after k of n points are credited the outstanding points of the
 * redemption are the first n − k of its draws (law L6): the points that were drawn last, those that lived longest, come
 * back first.
 *
 * @see semantics, sections 4 (L2, L6, L7, L9) and 5
 */
import { steps } from "../command/Steps.ts"
import { Result } from "effect"
import type { CreditId } from "../identity/Ids.ts"
import { extendedLotId } from "../identity/Ids.ts"
import * as Points from "../points/Points.ts"
import type { Policy } from "../program/Policy.ts"
import type { LotNamedTwice, LotsDoNotSum } from "../refusal/Refusal.ts"
import { ExpiredLotsRefused, LotNotOutstanding } from "../refusal/Refusal.ts"
import type * as Instant from "../time/Instant.ts"
import * as Zone from "../time/Zone.ts"
import type { DrawState, LotPoints } from "./Draw.ts"
import * as Drawing from "./Drawing.ts"
import * as Lots from "./Lots.ts"
import type { Restoration } from "./Restoration.ts"

/** What a restoration is decided from. */
export interface Restoring {
  readonly draws: ReadonlyArray<DrawState>
  readonly points: Points.Points
  readonly named: ReadonlyArray<LotPoints> | undefined
  readonly creditId: CreditId
  readonly at: Instant.Instant
  readonly policy: Policy
  /** Whether the policy may refuse: our own requests yes, facts that come from Mastercard no. */
  readonly mayRefuse: boolean
}

/** Decides the restorations of a credit: lots, points and fates. `points` must not exceed what is outstanding. */
export const restore: (
  restoring: Restoring
) => Result.Result<ReadonlyArray<Restoration>, LotNotOutstanding | LotNamedTwice | LotsDoNotSum | ExpiredLotsRefused> =
  steps(function* (restoring) {
    const shares =
      restoring.named === undefined
        ? inReverse(restoring.draws, restoring.points)
        : yield* byName(restoring.draws, restoring.points, restoring.named)
    const expired = shares.filter(({ draw }) => !Lots.isLive(draw, restoring.at))
    if (expired.length > 0 && restoring.policy.expiredLots._tag === "Refuse" && restoring.mayRefuse) {
      return yield* Result.fail(new ExpiredLotsRefused({ lots: expired.map(({ draw }) => draw.lotId) }))
    }
    return shares.map((share) => withFate(share, restoring))
  })

interface Share {
  readonly draw: DrawState
  readonly position: number
  readonly points: Points.Points
}

const inReverse = (draws: ReadonlyArray<DrawState>, points: Points.Points): ReadonlyArray<Share> => {
  const shares: Array<Share> = []
  let missing = points
  for (let position = draws.length - 1; position >= 0 && missing > 0n; position--) {
    const draw = draws[position] as DrawState
    const share = Points.min(draw.points - draw.restored, missing)
    if (share === 0n) continue
    shares.push({ draw, position, points: share })
    missing -= share
  }
  return shares
}

const byName: (
  draws: ReadonlyArray<DrawState>,
  points: Points.Points,
  named: ReadonlyArray<LotPoints>
) => Result.Result<ReadonlyArray<Share>, LotNotOutstanding | LotNamedTwice | LotsDoNotSum> = steps(
  function* (draws, points, named) {
    yield* Drawing.namedOnce(named)
    yield* Drawing.sumsTo(named, points)
    const shares: Array<Share> = []
    const positions = new Map(draws.map((draw, position) => [draw.lotId, position]))
    for (const { lotId, points: wanted } of named) {
      const position = positions.get(lotId) ?? -1
      const draw = draws[position]
      const outstanding = draw === undefined ? 0n : draw.points - draw.restored
      if (draw === undefined || wanted > outstanding) {
        return yield* Result.fail(new LotNotOutstanding({ lotId, points: wanted, outstanding }))
      }
      shares.push({ draw, position, points: wanted })
    }
    return shares
  }
)

const withFate = ({ draw, points, position }: Share, { at, creditId, policy }: Restoring): Restoration => {
  const { earnedAt, expiresAt, lotId } = draw
  if (Lots.isLive(draw, at)) return { lotId, points, fate: "live", earnedAt, expiresAt }
  if (policy.expiredLots._tag !== "Extend") return { lotId, points, fate: "expired", earnedAt, expiresAt }
  return {
    lotId: extendedLotId(creditId, position),
    points,
    fate: "extended",
    earnedAt,
    expiresAt: Zone.addDays(policy.zone, at, policy.expiredLots.days),
    from: lotId
  }
}
