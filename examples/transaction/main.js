// An order is cancelled and its points come back in one transaction: your row and our events, or neither.
import { createPointback } from "@pointback/app/promise"
import pg from "pg"

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
const pointback = await createPointback({ database: pool })

const member = { program: "rewards", account: process.env.ACCOUNT }
const order = { redemption: "R1", points: "60", redemptionType: "MERCHANDISE", processedBy: "E078562" }
await pool.query("create table if not exists cancelled_orders (id text primary key)")
await pointback.earn({ ...member, lot: "spring", points: "100", earnedAt: "2025-03-10" })
await pointback.redeem({ ...member, ...order })

const cancel = async (id, creditId, points) => {
  const client = await pool.connect()
  try {
    await client.query("begin")
    await client.query("insert into cancelled_orders (id) values ($1)", [id])
    // Last in the transaction: the account's log partition stays locked until it ends.
    const credited = await pointback
      .withTransaction(client)
      .recordCredit({ ...member, redemption: "R1", creditId, points })
    await client.query("commit")
    return `${credited.outcome}, ${credited.remaining} remain`
  } catch (error) {
    await client.query("rollback")
    return `rolled back: ${error._tag}`
  } finally {
    client.release()
  }
}

console.log(await cancel("R1/line-1", "cancel-1", "20"))
console.log(await cancel("R1/line-2", "cancel-2", "41"))
const { rows } = await pool.query("select id from cancelled_orders")
console.log(rows.map(({ id }) => id).join(", "))

await pointback.close()
await pool.end()
