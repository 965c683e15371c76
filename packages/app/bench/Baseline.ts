/** The physical baseline of writing: one prepared INSERT per transaction into a plain table with a primary key. */
import pg from "pg"

const INSERT = {
  name: "baseline",
  text: "insert into baseline (stream, version, type, payload) values ($1, $2, $3, $4)"
}

const PAYLOAD = JSON.stringify({
  creditId: "credit-1",
  points: "1",
  mode: "partial",
  restorations: [{ lotId: "lot", points: "1", fate: "live", earnedAt: "2025-01-10T00:00:00.000Z", expiresAt: null }],
  remaining: "499",
  policyVersion: 0,
  mastercard: null
})

/** Makes the table, and answers a side of `writers` that each write `each` rows, over `connections`. */
export const open = async (url: string, connections: number) => {
  const pool = new pg.Pool({ connectionString: url, max: connections })
  await pool.query(
    "create table if not exists baseline (stream text, version int, type text, payload jsonb, primary key (stream, version))"
  )
  let round = 0
  const insertRows = (writers: number, each: number) => async (): Promise<number> => {
    const prefix = `stream-${connections}-${round++}`
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        for (let version = 1; version <= each; version++) {
          await pool.query({ ...INSERT, values: [`${prefix}-${writer}`, version, "PartiallyCredited", PAYLOAD] })
        }
      })
    )
    return writers * each
  }
  return { insertRows, close: () => pool.end() }
}
