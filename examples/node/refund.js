import { createPointback } from "@pointback/app/promise"

const member = { program: "rewards", account: "2200941101786412" }
const pointback = await createPointback({ database: "./points", mastercard: "environment" })
try {
  await pointback.earn({ ...member, lot: "spring", points: "100", earnedAt: "2025-03-10" })
  const order = { redemption: "5134720", points: "60", redemptionType: "MERCHANDISE", processedBy: "E078562" }
  const redeemed = await pointback.redeem({ ...member, ...order })
  console.log(`redeemed ${redeemed.points} points, ${redeemed.balance} left`)

  // Mastercard knows its accounts and redemptions; the sandbox is told.
  const sandbox = process.env.POINTBACK_MASTERCARD_URL.replace("/loyalty", "/sandbox")
  const put = (path, body) => fetch(`${sandbox}/${path}`, { method: "PUT", body: JSON.stringify(body) })
  const lot = { lotId: "spring", earnedAt: "2025-03-10T00:00:00Z", expiresAt: null, points: 100 }
  await put(`accounts/${member.account}`, { lots: [lot] })
  await put("redemptions/5134720", { userId: member.account, redemptionType: "MERCHANDISE", points: 60 })

  const credited = await pointback.credit({ ...member, redemption: "5134720", creditId: "refund-1", points: "20" })
  console.log(`${credited.outcome}: ${credited.points} points back, ${credited.remaining} remain`)
} finally {
  await pointback.close()
}
