import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as LotBalance from "../../src/aging/LotBalance.ts"
import * as Ids from "../../src/identity/Ids.ts"
import * as Series from "../../src/timeline/Series.ts"
import { toString } from "../../src/time/Instant.ts"
import * as Zone from "../../src/time/Zone.ts"
import { on } from "../support/Commands.ts"
import { history } from "../support/History.ts"
import { lotsOf } from "../support/Model.ts"
import { instantsAround, recorded, recordedAt } from "../support/Recording.ts"

const KEY = Ids.AccountKey.make("account-key")

describe("Series.heldAt", () => {
  it("is the aging at every instant, from what was recorded by then", () => {
    fc.assert(
      fc.property(history(), fc.nat(), ({ facts }, cut) => {
        const known = cut % (facts.length + 1)
        const around = instantsAround(facts, lotsOf(facts).values())
        const instants = Array.from(new Set(around)).sort((a, b) => (a < b ? -1 : 1))
        const held = Series.heldAt(KEY, recorded(facts), instants, recordedAt(known) - 1n)
        expect(held).toEqual(instants.map((at) => ({ at, lots: LotBalance.asOf(KEY, facts.slice(0, known), at) })))
      })
    )
  })

  it("is empty where nothing is asked or nothing happened", () => {
    expect(Series.heldAt(KEY, [], [], null)).toEqual([])
    expect(Series.heldAt(KEY, [], [on("2025-01-01")], null)).toEqual([{ at: on("2025-01-01"), lots: [] }])
  })
})

describe("Series.instantsOf", () => {
  const instants = (from: string, to: string, step: Series.Step, zone = "UTC") =>
    Series.instantsOf(Zone.Zone.make(zone), on(from), on(to), step)?.map((at) =>
      toString(at).replace("T00:00:00.000Z", "")
    )

  it("goes from the one to the other by whole steps, and has both", () => {
    expect(instants("2025-12-30", "2026-01-02", "day")).toEqual([
      "2025-12-30",
      "2025-12-31",
      "2026-01-01",
      "2026-01-02"
    ])
    expect(instants("2026-01-01", "2026-01-20", "week")).toEqual([
      "2026-01-01",
      "2026-01-08",
      "2026-01-15",
      "2026-01-20"
    ])
    expect(instants("2025-11-30", "2026-06-01", "quarter")).toEqual([
      "2025-11-30",
      "2026-02-28",
      "2026-05-30",
      "2026-06-01"
    ])
    expect(instants("2024-02-29", "2026-02-28", "year")).toEqual(["2024-02-29", "2025-02-28", "2026-02-28"])
    expect(instants("2026-01-01", "2026-01-01", "month")).toEqual(["2026-01-01"])
  })

  it("clamps to the ends of months, and remembers the day", () => {
    expect(instants("2026-01-31", "2026-05-31", "month")).toEqual([
      "2026-01-31",
      "2026-02-28",
      "2026-03-31",
      "2026-04-30",
      "2026-05-31"
    ])
  })

  it("takes the first instants of dates in the zone", () => {
    expect(instants("2026-03-01T05:00:00Z", "2026-05-02", "month", "America/Chicago")).toEqual([
      "2026-03-01T05:00:00.000Z",
      "2026-03-28T05:00:00.000Z",
      "2026-04-28T05:00:00.000Z",
      "2026-05-02"
    ])
  })

  it("has a limit, which it reaches", () => {
    const day = (days: number) => on("2020-01-01") + BigInt(days) * 86_400_000_000n
    const count = (days: number) => Series.instantsOf(Zone.UTC, day(0), day(days), "day")?.length
    expect(count(Series.MAXIMUM_INSTANTS - 1)).toBe(Series.MAXIMUM_INSTANTS)
    expect(count(Series.MAXIMUM_INSTANTS)).toBeUndefined()
  })
})
