/** What moves a balance, as roll-forwards show it. */

/** The columns between the opening and the closing balance, each with how it is headed. */
export const COLUMNS = [
  ["earned", "+ Earned"],
  ["adjusted", "\u00b1 Adjusted"],
  ["redeemed", "\u2212 Redeemed"],
  ["creditedLive", "+ Credited, live"],
  ["creditedExpired", "+ Credited, expired"],
  ["expiredByTime", "\u2212 Expired by time"],
  ["expiredOnReversal", "\u2212 Expired on reversal"]
] as const

export type Column = (typeof COLUMNS)[number][0]

/** What is drawn of them: what adds to the balance stands above the line, what takes from it hangs below. */
export const DRAWN = [
  { name: "Earned", class: "earned", column: "earned", sign: 1 },
  { name: "Credited, live", class: "credited", column: "creditedLive", sign: 1 },
  { name: "Adjusted", class: "adjusted", column: "adjusted", sign: 1 },
  { name: "Redeemed", class: "redeemed", column: "redeemed", sign: -1 },
  { name: "Expired by time", class: "expired", column: "expiredByTime", sign: -1 }
] as const satisfies ReadonlyArray<{ name: string; class: string; column: Column; sign: 1 | -1 }>

/** What is said of the chart for those who do not see it. */
export const DESCRIPTION =
  "Bars above the line add to the balance, bars below take from it. The table below has the numbers."

export const CAPTION = "From the balance that a month opens with to the one that it closes with"
