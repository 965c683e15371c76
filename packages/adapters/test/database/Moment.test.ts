import { Instant } from "@pointback/domain"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as Moment from "../../src/database/Moment.ts"
import { databaseFor, dialects, rows } from "../support/DatabaseUnderTest.ts"

/** Where a number that a double holds exactly ends, counted from where the server counts, and where ours ends. */
const EDGES = [2n ** 52n, -(2n ** 52n), 0n, 2n ** 32n, -(2n ** 32n)].map((micros) => micros + 946_684_800_000_000n)

const LAST = Instant.END - 1n

const instant = fc.oneof(
  fc.bigInt({ min: Instant.EARLIEST, max: LAST }),
  fc.bigInt({
    min: Instant.fromStringUnsafe("1990-01-01T00:00:00Z"),
    max: Instant.fromStringUnsafe("2040-01-01T00:00:00Z")
  }),
  fc.constantFrom(Instant.EARLIEST, LAST, 0n, 1n, -1n),
  ...EDGES.map((edge) => fc.bigInt({ min: edge - 9n, max: edge + 9n }))
)

const question = (instants: ReadonlyArray<Instant.Instant>) =>
  rows<{ sent: string }>(
    `select encode(timestamptz_send(at::timestamptz), 'hex') as sent
      from unnest(array[${instants.map((at) => `'${Moment.moment(at)}'`).join()}]) at`
  )

describe.each(dialects)("instants on %s", (dialect) => {
  const run = databaseFor(dialect)

  test("are as the server sends them, wherever in a text", async () => {
    const property = fc.asyncProperty(fc.array(instant, { minLength: 1 }), fc.string(), async (instants, before) => {
      const found = await run(question(instants))
      const read = found.map(({ sent }) => {
        expect(sent).toHaveLength(Moment.SENT_LENGTH)
        return Moment.fromSent(`${before}${sent}0`, before.length)
      })
      expect(read).toEqual(instants)
    })
    await fc.assert(property)
  })

  test("beyond what can be written never come", async () => {
    const [row] = await run(question([Instant.END]))
    expect(Moment.fromSent(row?.sent ?? "", 0)).toBeNull()
  })
})
