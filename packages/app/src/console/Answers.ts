/** What the API answers, by its own definition; a browser sees nothing of it. */
import type * as HttpAnswers from "../http/Answers.ts"
import type * as HttpBreaks from "../http/Breaks.ts"
import type * as HttpHistory from "../http/History.ts"
import type * as HttpReports from "../http/Reports.ts"
import type * as HttpScopes from "../http/Scopes.ts"
import type * as HttpShapes from "../http/Shapes.ts"

export type OwnKey = typeof HttpAnswers.OwnKey.Type
export type ScopeName = HttpScopes.ScopeName
export type Program = typeof HttpShapes.Program.Type
export type Aging = typeof HttpAnswers.Aging.Type
export type Lots = typeof HttpAnswers.Lots.Type
export type CreditsInFlight = typeof HttpAnswers.InFlight.Type
export type CreditInFlight = CreditsInFlight["credits"][number]
export type Settled = typeof HttpShapes.Settled.Type
export type Series = typeof HttpHistory.Series.Type
export type Redemptions = typeof HttpHistory.Redemptions.Type
export type RedemptionSummary = Redemptions["redemptions"][number]
export type RedemptionTimeline = typeof HttpHistory.Redemption.Type
export type LotTimeline = typeof HttpHistory.Lot.Type
export type RollForward = typeof HttpReports.RollForward.Type
export type RollForwardCell = typeof HttpReports.Cell.Type
export type Breaks = typeof HttpBreaks.Page.Type
export type Break = Breaks["breaks"][number]
export type BreakWithHistory = typeof HttpBreaks.WithHistory.Type

/** Points that came back to a lot, as steps of a timeline carry them. */
export interface Restored {
  readonly lot: string
  readonly points: string
  readonly fate: "live" | "expired" | "extended"
  readonly from?: string
}
