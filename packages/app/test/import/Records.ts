/** Records of import files as JSON has them. */

/** The program of all records. */
export const program = "program"

export const earned = (account: string, lot: string, points: string, over: object = {}) => ({
  type: "earned",
  program,
  account,
  lot,
  points,
  earnedAt: "2025-01-10",
  expiresAt: null,
  ...over
})

export const redeemed = (account: string, redemption: string, points: string, over: object = {}) => ({
  type: "redeemed",
  program,
  account,
  redemption,
  points,
  redemptionType: "MERCHANDISE",
  processedBy: "E078562",
  occurredAt: "2025-12-01",
  ...over
})

export const credited = (account: string, redemption: string, credit: string, over: object = {}) => ({
  type: "credited",
  program,
  account,
  redemption,
  credit,
  occurredAt: "2026-01-20",
  ...over
})

export const expired = (account: string, lot: string, points: string) => ({
  type: "expired",
  program,
  account,
  lot,
  points
})

export const adjusted = (account: string, key: string, lot: string, points: string, over: object = {}) => ({
  type: "adjusted",
  program,
  account,
  lot,
  points,
  reason: "by hand",
  occurredAt: "2025-06-01",
  key,
  ...over
})

/** The reference scenario with every type of record. */
export const everything = (account: string) => [
  earned(account, "A", "100", { expiresAt: "2026-01-10", occurredAt: "2025-01-11T10:00:00+02:00", source: "shop" }),
  earned(account, "B", "95", { earnedAt: "2025-03-10", expiresAt: "2026-03-10T00:00:00Z" }),
  adjusted(account, "k1", "B", "5"),
  redeemed(account, "R1", "150", {
    draws: [
      { lot: "A", points: "100" },
      { lot: "B", points: "50.00" }
    ]
  }),
  credited(account, "R1", "c1", {
    points: "70",
    lots: [
      { lot: "B", points: "50" },
      { lot: "A", points: "20" }
    ]
  }),
  credited(account, "R1", "c2", { occurredAt: "2026-02-01" }),
  expired(account, "B", "100")
]
