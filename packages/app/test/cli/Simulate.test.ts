/** `pointback simulate`. */
import { assert, describe, it } from "vitest"
import { commandLine } from "../support/Cli.ts"

describe("pointback simulate", () => {
  const inMemory = commandLine(() => "memory")

  it("says what it did, and with the same seed does the same", async () => {
    const [one, other] = [
      await inMemory("simulate --seed 7 --histories 5 --json"),
      await inMemory("simulate --seed 7 --histories 5 --json")
    ]
    assert.deepStrictEqual([one.code, one.err], [0, ""])
    assert.deepInclude(JSON.parse(one.out), { seed: 7, histories: 5, failed: [], verification: [] })
    assert.strictEqual(one.out, other.out)
  })

  it("tells people the seed, also where it chose one", async () => {
    const { code, out } = await inMemory("simulate --histories 2")
    assert.strictEqual(code, 0)
    assert.match(out, /^seed \d+: 2 histories\n/)
    assert.match(out, /no differences: what is booked, what Mastercard did and what callers were told agree$/)
  })

  it("replays one history step by step", async () => {
    const { code, out } = await inMemory("simulate --replay 7")
    assert.strictEqual(code, 0)
    assert.match(out, /processes; faults: /)
    assert.match(out, /settle begins/)
    assert.match(out, /\nseed 7: no differences$/)
  })

  it("refuses seeds that are none, and databases that somebody may need", async () => {
    const wrong = [
      await inMemory("simulate --seed 1.5"),
      await inMemory("simulate --histories many"),
      await inMemory(`simulate --replay ${2 ** 31}`),
      await commandLine(() => "./db")("simulate")
    ]
    assert.deepStrictEqual(
      wrong.map(({ code, out }) => [code, out]),
      wrong.map(() => [2, ""])
    )
    assert.match(wrong[2]?.err ?? "", /--replay "2147483648": a whole number from 0 to 2147483647 is expected/)
    assert.match(wrong[3]?.err ?? "", /--database "\.\/db": memory, pglite, or the URL/)
  })
})
