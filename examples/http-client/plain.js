// Plain JavaScript, over HTTP: the client of `pointback serve`. Amounts are strings, and answers are the API's own JSON.
import { connect, ProblemError } from "@pointback/app/http-client"

const client = connect({ url: process.env.POINTBACK_URL, key: process.env.POINTBACK_KEY })
const account = { program: "rewards", account: process.env.ACCOUNT }
const redemption = process.env.REDEMPTION

await client.commands.earn({ params: account, payload: { lot: "spring", points: "100", earnedAt: "2024-03-10" } })
const redeemed = await client.commands.redeem({
  params: account,
  payload: { redemption, points: "60", type: "MERCHANDISE", processedBy: "E078562", at: "2025-01-01" }
})
console.log(`redeemed ${redeemed.points} points, ${redeemed.balance} left`)

const credited = await client.credits.credit({
  params: { ...account, redemption },
  payload: { creditId: "refund-1", points: "20" }
})
console.log(`${credited.outcome}: ${credited.points} points back, ${credited.remaining} remain`)

try {
  await client.credits.credit({ params: { ...account, redemption }, payload: { creditId: "refund-2", points: "41" } })
} catch (error) {
  if (!(error instanceof ProblemError)) throw error
  console.log(error.status, error.type, error.error)
}
