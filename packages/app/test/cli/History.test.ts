/** The timelines and the series of the reference scenario, as a person and as a program read them. */
import { assert, beforeAll, describe, it } from "vitest"
import { commandLine, type Line, type Ran } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"

const ACCOUNT = "220094110178641288073796026652"
const of = `--program acme --account ${ACCOUNT}`
const day = (date: string) => `${date}T00:00:00.000Z`

interface Step {
  readonly step: string
  readonly event: string
  readonly recordedAt: string
  readonly [field: string]: unknown
}

interface Timeline {
  readonly steps: ReadonlyArray<Step>
  readonly [field: string]: unknown
}

const answer = ({ code, err, out }: Ran): string => {
  assert.deepStrictEqual([code, err], [0, ""])
  return out
}

const refusal = ({ code, err, out }: Ran, expected: number): Record<string, unknown> => {
  assert.deepStrictEqual([code, out], [expected, ""])
  return (JSON.parse(err) as { error: Record<string, unknown> }).error
}

describe("history", () => {
  const type = commandLine(serverDatabase())
  const json = async (line: string) => JSON.parse(answer(await type(`${line} --json`))) as Timeline
  const lot = (id: string, more = "") => json(`history ${of} --lot ${id} --to 2026-04-01${more}`)

  beforeAll(async () => {
    const lines: ReadonlyArray<Line> = [
      `earn ${of} --lot A --points 100 --earned-at 2025-01-10 --expires-at 2026-01-10 --source campaign`,
      `earn ${of} --lot B --points 100 --earned-at 2025-03-10 --expires-at 2026-03-10`,
      `redeem ${of} --redemption R1 --points 150 --type MERCHANDISE --processed-by E078562 --at 2025-12-01`,
      `credit ${of} --redemption R1 --credit-id c1 --points 70 --at 2026-01-20 --local --actor ada`,
      `credit ${of} --redemption R1 --credit-id c2 --at 2026-02-01 --local`
    ]
    for (const line of lines) answer(await type(line))
  })

  it("tells a lot, with both clocks, the event, who did it and the policy that decided", async () => {
    const { steps, ...head } = await lot("B")
    assert.deepStrictEqual(head, {
      program: "acme",
      account: ACCOUNT,
      asOf: day("2026-04-01"),
      knownAt: null,
      lot: "B",
      earnedAt: day("2025-03-10"),
      expiresAt: day("2026-03-10"),
      holds: "0"
    })
    const told = steps.map(({ event: _event, recordedAt: _recordedAt, ...step }) => step)
    assert.deepStrictEqual(told, [
      ...[
        {
          step: "earned",
          points: "100",
          holds: "100",
          occurredAt: day("2025-03-10"),
          actor: null,
          policyVersion: null
        },
        { step: "drawn", points: "50", holds: "50", occurredAt: day("2025-12-01"), actor: null, policyVersion: 0 },
        { step: "restored", points: "50", holds: "100", occurredAt: day("2026-01-20"), actor: "ada", policyVersion: 0 }
      ].map((step, index) => ({
        ...step,
        ...[
          { source: null },
          { redemption: "R1" },
          { fate: "live", redemption: "R1", credit: "c1", from: null, into: null }
        ][index]
      })),
      { step: "expired", points: "100", holds: "0", occurredAt: day("2026-03-10"), bookings: [] }
    ])
    for (const { event, recordedAt } of steps.slice(0, 3)) {
      assert.match(event, /^[0-9a-f-]{36}$/)
      assert.match(recordedAt, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    }
  })

  it("tells a redemption from its stream, draw by draw", async () => {
    const { draws, steps, ...head } = await json(`history ${of} --redemption R1 --to 2026-01-25`)
    assert.deepInclude(head, { redemption: "R1", points: "150", credited: "70", remaining: "80", type: "MERCHANDISE" })
    assert.deepStrictEqual(
      (draws as ReadonlyArray<{ lot: string; restored: unknown }>).map(({ lot: id, restored }) => [id, restored]),
      [
        ["A", { live: "0", expired: "20", extended: "0" }],
        ["B", { live: "50", expired: "0", extended: "0" }]
      ]
    )
    assert.deepStrictEqual(
      steps.map(({ remaining, step }) => [step, remaining]),
      [
        ["Redeemed", "150"],
        ["PartiallyCredited", "80"]
      ]
    )
  })

  it("L11 two clocks: as known between two recordings it tells what was recorded by then, for ever", async () => {
    const { steps } = await lot("B")
    const known = ` --known-at ${steps[1]!.recordedAt}`
    const before = await lot("B", known)
    assert.deepStrictEqual(
      before.steps.map(({ step }) => step),
      ["earned", "drawn", "expired"]
    )
    answer(await type(`adjust ${of} --lot B --points=3 --reason late --key late --at 2025-12-15`))
    assert.deepStrictEqual(await lot("B", known), before)
    assert.strictEqual((await lot("B")).steps.length, 5)
  })

  it("L11 two clocks: refuses an instant that could still change, and names the last safe one", async () => {
    const error = refusal(await type(`history ${of} --lot B --known-at 2199-01-01 --json`), 1)
    assert.deepInclude(error, { _tag: "KnownAtNotSafe", knownAt: day("2199-01-01") })
    const safe = await lot("B", ` --known-at ${String(error["lastSafe"])}`)
    assert.strictEqual(safe["knownAt"], error["lastSafe"])
  })

  it("is the account's aging at every step of a series", async () => {
    const { points } = (await json(`history ${of} --from 2025-11-01 --to 2026-02-15 --basis to-expiry`)) as unknown as {
      points: ReadonlyArray<{ asOf: string; total: string; buckets: ReadonlyArray<object> }>
    }
    assert.deepStrictEqual(
      points.map(({ asOf, total }) => [asOf.slice(0, 10), total]),
      [
        ["2025-11-01", "200"],
        ["2025-12-01", "50"],
        ["2026-01-01", "53"],
        ["2026-02-01", "103"],
        ["2026-02-15", "103"]
      ]
    )
    for (const { asOf, buckets } of points) {
      const aging = (await json(`aging ${of} --as-of ${asOf} --basis to-expiry`)) as unknown as {
        buckets: ReadonlyArray<{ accounts: number }>
      }
      assert.deepStrictEqual(
        buckets,
        aging.buckets.map(({ accounts: _accounts, ...bucket }) => bucket)
      )
    }
  })

  it("says all of it in words, and as CSV", async () => {
    const said = async (line: string) => answer(await type(line))
    const words = await said(`history ${of} --lot A --to 2026-04-01`)
    assert.match(words, /^● 2025-01-10T00:00Z {2}earned 100 +100 {2}█+$/m)
    assert.match(words, /^○ 2026-01-20T00:00Z {2}restored 20 and expired at once by credit c1 of redemption R1 +0$/m)
    assert.match(words, /^│ {4}recorded \S+, event \S+, by ada, policy version 0$/m)
    const csv = (await said(`history ${of} --redemption R1 --format csv`)).split("\n")
    assert.strictEqual(csv.length, 6)
    assert.match(csv[3]!, /^R1,PartiallyCredited,2026-01-20\S*,\S+,\S+,ada,0,c1,B,50,live,,80,$/)
    const series = await said(`history ${of} --from 2025-12-01 --to 2025-12-01 --format csv`)
    assert.strictEqual(
      series,
      "asOf,total,0-30,31-60,61-90,91-180,181-365,over-365\n2025-12-01T00:00:00.000Z,50,0,0,0,0,50,0"
    )
  })

  it("refuses what has no answer, by the name of the flag", async () => {
    assert.deepInclude(refusal(await type(`history ${of} --lot C --json`), 1), { _tag: "LotNotFound", lot: "C" })
    assert.deepInclude(refusal(await type(`history ${of} --lot A --to 2025-01-09 --json`), 1), { _tag: "LotNotFound" })
    assert.deepInclude(refusal(await type(`history ${of} --redemption R --json`), 1), { _tag: "RedemptionNotFound" })
    assert.deepInclude(refusal(await type("history --program acme --account x --json"), 1), { _tag: "UnknownAccount" })
    assert.deepInclude(refusal(await type("history --program x --account x --json"), 1), { _tag: "UnknownProgram" })
    for (const [flags, flag] of [
      ["--lot A --redemption R1", "redemption"],
      ["--lot A --step day", "step"],
      ["--from 2026-01-02 --to 2026-01-01", "from"],
      ["--from 2000-01-01 --to 2026-01-01 --step day", "step"]
    ]) {
      assert.deepInclude(refusal(await type(`history ${of} ${flags} --json`), 2), { _tag: "InvalidInput", flag })
    }
  })
})
