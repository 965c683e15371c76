import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Beside, Booked, Limits, ListedCredit, Listing, Sought } from "../../src/settlement/Verdict.ts"
import { certainFrom, judge } from "../../src/settlement/Verdict.ts"
import { creditId, on, pts, redemptionId } from "../support/Commands.ts"

const MINUTE = 60_000_000n
const HOUR = 60n * MINUTE

const limits: Limits = { longestProcessing: 15n * MINUTE, longestLag: 24n * HOUR, clockSkew: 5n * MINUTE }

const requestedAt = on("2026-01-20T12:00:00Z")

const sought: Sought = {
  redemptionId: redemptionId("r"),
  creditId: creditId("c"),
  points: pts(70),
  named: true,
  requestedAt
}

const entry = (over: Partial<ListedCredit> & { readonly at?: bigint } = {}): ListedCredit => {
  const { at = requestedAt + 1n, ...rest } = over
  return { id: "e1", redemptionId: "r", points: pts(70), from: at, until: at, ...rest }
}

const booking = (over: Partial<Booked> = {}): Booked => ({
  redemptionId: redemptionId("r"),
  points: pts(70),
  references: [],
  from: requestedAt - 10n * MINUTE,
  until: requestedAt - 9n * MINUTE,
  certain: true,
  ...over
})

const LATE = certainFrom(sought, limits)

const listing = (credits: ReadonlyArray<ListedCredit>, over: Partial<Listing> = {}): Listing => ({
  takenAt: LATE,
  credits,
  redemptions: new Set(["r"]),
  ...over
})

const alone: Beside = { booked: [], inFlight: [sought] }

const verdict = (credits: ReadonlyArray<ListedCredit>, beside: Partial<Beside> = {}, over: Partial<Listing> = {}) => {
  const judged = judge(sought, { ...alone, ...beside }, listing(credits, over), limits)
  return judged._tag === "Found" ? judged.entry.id : judged._tag === "Open" ? judged.reason : "Absent"
}

describe("a credit that is listed", () => {
  it("happened, where exactly one entry can be it, also in a listing that came early", () => {
    expect(verdict([entry()])).toBe("e1")
    expect(verdict([entry()], {}, { takenAt: requestedAt })).toBe("e1")
    expect(
      verdict([entry(), entry({ id: "other", redemptionId: "other" }), entry({ id: "30", points: pts(30) })])
    ).toBe("e1")
  })

  it("from the request less the clocks' difference to the longest processing and that difference, both included", () => {
    const from = requestedAt - limits.clockSkew
    const until = requestedAt + limits.longestProcessing + limits.clockSkew
    expect([from, until].map((at) => verdict([entry({ at })]))).toEqual(["e1", "e1"])
    expect([from - 1n, until + 1n].map((at) => verdict([entry({ at })]))).toEqual(["outOfTime", "outOfTime"])
  })

  it("twice, decides nothing", () => {
    expect(verdict([entry(), entry({ id: "e2" })])).toBe("ambiguous")
  })

  it("beside an earlier credit of the same amount, is the one that the earlier credit is not", () => {
    const earlier = entry({ id: "e0", at: requestedAt - 4n * MINUTE })
    const booked = [booking({ from: requestedAt - 5n * MINUTE, until: requestedAt - 4n * MINUTE })]
    expect(verdict([earlier, entry()], { booked })).toBe("e1")
    expect(verdict([earlier], { booked })).toBe("Absent")
    expect(verdict([earlier], { booked: [{ ...booked[0]!, certain: false }] })).toBe("ambiguous")
    expect(verdict([earlier, entry(), entry({ id: "e2" })], { booked })).toBe("ambiguous")
    expect(verdict([earlier, entry()], { booked: [{ ...booked[0]!, references: ["e0"] }] })).toBe("e1")
    // The entry of one that is known by its id is taken by it, whenever it was.
    expect(verdict([entry()], { booked: [booking({ references: ["e1"] })] })).toBe("Absent")
  })

  // A process stood still between the answer and its record, so nobody knows by the clock when its credit was made.
  it("beside one of the same amount that was recorded long after its request, is the one that the other need not be", () => {
    const own = entry({ id: "e0", at: requestedAt - 5n * HOUR })
    const booked = [booking({ from: requestedAt - 5n * HOUR, until: requestedAt - MINUTE })]
    expect(verdict([own, entry()], { booked })).toBe("e1")
    expect(verdict([own], { booked })).toBe("Absent")
    expect(verdict([entry()], { booked })).toBe("Absent")
    expect(verdict([own, entry(), entry({ id: "e2" })], { booked })).toBe("ambiguous")
    // An older one explains the older entry, so the other has to have this one.
    const older = booking({ from: requestedAt - 6n * HOUR, until: requestedAt - 5n * HOUR })
    expect(verdict([own, entry()], { booked: [older, ...booked] })).toBe("Absent")
    expect(verdict([entry({ id: "e3", at: own.from - HOUR }), own, entry()], { booked: [older, ...booked] })).toBe("e1")
  })

  it("without its redemption's name may be another credit's of the account", () => {
    const nameless = entry({ redemptionId: null })
    const rival: Sought = { ...sought, redemptionId: redemptionId("s"), creditId: creditId("d") }
    expect(verdict([nameless])).toBe("e1")
    expect(verdict([nameless], { inFlight: [sought, rival] })).toBe("ambiguous")
    expect(verdict([nameless, { ...nameless, id: "e2" }], { inFlight: [sought, rival] })).toBe("e2")
    expect(verdict([nameless], { inFlight: [sought, { ...rival, points: pts(71) }] })).toBe("e1")
    const elsewhere = booking({ redemptionId: redemptionId("s"), from: requestedAt, until: requestedAt + MINUTE })
    expect(verdict([nameless], { booked: [elsewhere] })).toBe("Absent")
    expect(verdict([entry()], { booked: [elsewhere] })).toBe("e1")
  })

  it("by its date alone is found on that day", () => {
    const day = { from: on("2026-01-19T10:00:00Z"), until: on("2026-01-21T12:00:00Z") }
    expect(verdict([entry(day)])).toBe("e1")
  })
})

describe("a credit that is not listed", () => {
  it("is absent once it would have to be, and not an instant before", () => {
    expect(verdict([])).toBe("Absent")
    expect(verdict([], {}, { takenAt: LATE - 1n })).toBe("tooEarly")
  })

  it("is not, where the listing does not even show its redemption", () => {
    expect(verdict([], {}, { redemptions: new Set(["other"]) })).toBe("redemptionNotListed")
  })

  it("is not, where an entry of its time cannot be read", () => {
    expect(verdict([entry({ points: null })])).toBe("unreadableEntry")
  })

  it("whose call named no amount may be listed with another one", () => {
    const full = { ...sought, named: false }
    const judged = (credits: ReadonlyArray<ListedCredit>, booked: ReadonlyArray<Booked> = []) =>
      judge(full, { booked, inFlight: [full] }, listing(credits), limits)
    expect(judged([entry({ points: pts(40) })])).toEqual({ _tag: "Open", reason: "amountDiffers" })
    const near = booking({ points: pts(40), from: requestedAt - MINUTE, until: requestedAt })
    expect(judged([entry({ points: pts(40) })], [near])).toEqual({ _tag: "Absent" })
    expect(judged([entry({ points: pts(40) })], [{ ...near, references: ["e1"] }])).toEqual({ _tag: "Absent" })
    expect(verdict([entry({ points: pts(40) })])).toBe("Absent")
  })
})

describe("a verdict", () => {
  const time = fc.integer({ min: -40, max: 60 }).map((minutes) => requestedAt + BigInt(minutes) * MINUTE)
  const amount = fc.constantFrom(pts(70), pts(70), pts(30))
  const name = fc.constantFrom("r", "r", "s", null)
  const credits = fc.uniqueArray(
    fc.record({ id: fc.nat({ max: 20 }).map(String), at: time, points: amount, redemptionId: name }).map(entry),
    { maxLength: 5, selector: ({ id }) => id }
  )
  const bookings = fc.array(
    fc
      .record({
        from: time,
        minutes: fc.nat({ max: 3 }),
        points: amount,
        certain: fc.boolean(),
        of: fc.constantFrom("r", "s")
      })
      .map(({ certain, from, minutes, of, points }) =>
        booking({ certain, from, until: from + BigInt(minutes) * MINUTE, points, redemptionId: redemptionId(of) })
      ),
    { maxLength: 3 }
  )

  it("is the same in whatever order entries and bookings come", () => {
    fc.assert(
      fc.property(credits, bookings, fc.infiniteStream(fc.nat()), (listed, booked, random) => {
        const shuffled = <A>(items: ReadonlyArray<A>): Array<A> =>
          items
            .map((item) => [random.next().value as number, item] as const)
            .sort(([a], [b]) => a - b)
            .map(([, item]) => item)
        expect(verdict(shuffled(listed), { booked: shuffled(booked) })).toBe(verdict(listed, { booked }))
      })
    )
  })

  it("never finds an entry of another amount, redemption or time, nor says absent where one alone could be it", () => {
    fc.assert(
      fc.property(credits, bookings, (listed, booked) => {
        const could = listed.filter(
          (one) =>
            one.points === sought.points &&
            (one.redemptionId === null || one.redemptionId === "r") &&
            one.from >= requestedAt - limits.clockSkew &&
            one.from <= requestedAt + limits.longestProcessing + limits.clockSkew
        )
        const judged = judge(sought, { booked, inFlight: [sought] }, listing(listed), limits)
        if (judged._tag === "Found") expect(could).toContain(judged.entry)
        // More entries than other credits could have made: one of them may be ours.
        if (judged._tag === "Absent") expect(could.length).toBeLessThanOrEqual(booked.length)
        if (could.length === 1 && booked.length === 0) expect(judged._tag).toBe("Found")
      })
    )
  })
})
