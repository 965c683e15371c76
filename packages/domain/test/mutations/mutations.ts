/**
 * Rules, each broken in one place. Every one must make the tests of its law fail: a law that a broken rule satisfies
 * proves nothing.
 */

/** One rule broken: `text` stands exactly once in `file` and is replaced by `by`; `tests` must then fail. */
export interface Mutation {
  readonly what: string
  readonly file: string
  readonly text: string
  readonly by: string
  readonly tests: string
}

const LAWS = {
  L1: "laws/L1.cap.test.ts",
  L2: "laws/L2.lotCap.test.ts",
  L3: "laws/L3.inverse.test.ts",
  L4: "laws/L4.splitIndependence.test.ts",
  L5: "laws/L5.conservation.test.ts",
  L6: "laws/L6.prefix.test.ts",
  L7: "laws/L7.aging.test.ts",
  L8: "laws/L8.idempotency.test.ts",
  L9: "laws/L9.expiredMeanwhile.test.ts",
  L10: "laws/L10.replay.test.ts",
  L12: "laws/L12.end.test.ts"
}

const ACCOUNT = "account/Account.ts"
const ACCOUNT_DECIDER = "account/AccountDecider.ts"
const DECIDER = "redemption/RedemptionDecider.ts"
const REDEMPTION = "redemption/Redemption.ts"
const RESTORING = "lot/Restoring.ts"
const DRAWING = "lot/Drawing.ts"
const LOTS = "lot/Lots.ts"
const JOURNAL = "ledger/Journal.ts"

const mutation = (tests: string, what: string, file: string, text: string, by: string): Mutation => ({
  what,
  file,
  text,
  by,
  tests
})

const besideHeld = [
  mutation(
    LAWS.L1,
    "a credit of Mastercard's may take what ours holds",
    DECIDER,
    "available: Redemption.remaining(redemption) - Redemption.pending(state)",
    "available: Redemption.remaining(redemption)"
  ),
  mutation(
    LAWS.L2,
    "a credit of Mastercard's gives back the points that ours holds",
    DECIDER,
    "draws: Redemption.drawsBesidesHeld(state)",
    "draws: redemption.draws"
  ),
  mutation(
    LAWS.L1,
    "a credit of Mastercard's ends the one in flight",
    REDEMPTION,
    'if (state._tag !== "Outstanding" && state.request.creditId !== event.creditId) return { ...state, redemption }',
    ""
  )
]

const VERDICT = "settlement/Verdict.ts"
const VERDICT_TESTS = "settlement/Verdict.test.ts"

const verdicts = [
  mutation(VERDICT_TESTS, "two candidates are one", VERDICT, "left === rivals + 1 && fit(", "left > rivals && fit("),
  mutation(
    VERDICT_TESTS,
    "what is not listed yet never happened",
    VERDICT,
    "listing.takenAt < certainFrom(sought, limits)",
    "false"
  ),
  mutation(
    VERDICT_TESTS,
    "a listing without the redemption proves something",
    VERDICT,
    "!listing.redemptions.has(sought.redemptionId)",
    "false"
  ),
  mutation(
    VERDICT_TESTS,
    "an entry of another time is nobody's",
    VERDICT,
    "!explained(sought, free, beside.booked, listing, limits)",
    "false"
  ),
  mutation(VERDICT_TESTS, "clocks agree", VERDICT, "from: requestedAt - clockSkew", "from: requestedAt"),
  mutation(VERDICT_TESTS, "a call that named no amount had ours", VERDICT, "!sought.named && ", "false && "),
  mutation(VERDICT_TESTS, "an entry belongs to two", VERDICT, "!claimed.has(entry.id)", "true")
]

const capped = [
  mutation(LAWS.L1, "a credit may exceed what remains", DECIDER, "if (points > remaining)", "if (points > redeemed)"),
  mutation(
    LAWS.L1,
    "what was credited is forgotten",
    REDEMPTION,
    "credited: before.credited + event.points",
    "credited: before.credited"
  ),
  mutation(
    LAWS.L1,
    "a draw takes all that is free",
    DRAWING,
    "Points.min(Lots.freeFrom(lot, at), missing)",
    "Lots.freeFrom(lot, at)"
  ),
  mutation(
    LAWS.L1,
    "a redemption in flight takes a second credit",
    DECIDER,
    "return Result.fail(new CreditInFlight({ redemptionId, creditId: state.request.creditId }))",
    "return Result.succeed(state.redemption)"
  ),
  mutation(LAWS.L1, "a request holds nothing", REDEMPTION, "? state.request.points : 0n", "? 0n : 0n"),
  mutation(
    LAWS.L2,
    "a late redemption by policy sees only its own instant",
    LOTS,
    "least = Points.min(least, held)",
    "least = held"
  ),
  mutation(
    LAWS.L2,
    "a late named draw sees only its own instant",
    LOTS,
    "if (held < points) first =",
    "if (false) first ="
  ),
  mutation(
    LAWS.L2,
    "an expired lot can be drawn from by name",
    DRAWING,
    "if (lot.expiresAt !== null && !Lots.isLive(lot, at)) {",
    "if (lot.expiresAt !== null && at < lot.openedAt) {"
  ),
  mutation(
    LAWS.L2,
    "a lot can be adjusted from its earnedAt on, before it came to be",
    ACCOUNT_DECIDER,
    "if (occurredAt < lot.openedAt)",
    "if (occurredAt < lot.earnedAt)"
  ),
  mutation(
    LAWS.L2,
    "a named lot gets back what it gave, however much is back",
    RESTORING,
    "wanted > outstanding",
    "wanted > draw.points"
  )
]

const credits = [
  mutation(
    LAWS.L3,
    "a lot dies a moment early",
    LOTS,
    "lot.expiresAt === null || at < lot.expiresAt",
    "lot.expiresAt === null || at < lot.expiresAt - 1n"
  ),
  mutation(
    LAWS.L3,
    "the first draw never comes back",
    RESTORING,
    "position >= 0 && missing > 0n",
    "position > 0 && missing > 0n"
  ),
  mutation(
    LAWS.L3,
    "all comes back to the first lot",
    RESTORING,
    "shares.push({ draw, position, points: share })",
    "shares.push({ draw: draws[0] as DrawState, position, points: share })"
  ),
  mutation(
    LAWS.L4,
    "a part gives back again what is back",
    RESTORING,
    "Points.min(draw.points - draw.restored, missing)",
    "Points.min(draw.points, missing)"
  ),
  mutation(
    LAWS.L4,
    "only the last part counts as restored",
    REDEMPTION,
    "restored: restored + restoration.points",
    "restored: restoration.points"
  ),
  mutation(
    LAWS.L6,
    "restorations go in draw order",
    RESTORING,
    "for (let position = draws.length - 1; position >= 0 && missing > 0n; position--)",
    "for (let position = 0; position < draws.length && missing > 0n; position++)"
  ),
  mutation(
    LAWS.L6,
    "never expires first",
    LOTS,
    "if (a.expiresAt === null) return 1",
    "if (a.expiresAt === null) return -1"
  ),
  mutation(
    LAWS.L6,
    "the latest expiry is drawn first",
    LOTS,
    "return a.expiresAt < b.expiresAt ? -1 : 1",
    "return a.expiresAt < b.expiresAt ? 1 : -1"
  ),
  mutation(
    LAWS.L6,
    "the latest earned is drawn first",
    LOTS,
    "return a.earnedAt < b.earnedAt ? -1 : 1",
    "return a.earnedAt < b.earnedAt ? 1 : -1"
  ),
  mutation(
    LAWS.L6,
    "the greatest lot id is drawn first",
    LOTS,
    "return compare(a.lotId, b.lotId)",
    "return compare(b.lotId, a.lotId)"
  )
]

const books = [
  mutation(
    LAWS.L5,
    "what expires on reversal stays in its lot",
    JOURNAL,
    'return fate === "expired"',
    'return fate === "extended"'
  ),
  mutation(
    LAWS.L5,
    "an adjustment downwards is a negative posting",
    JOURNAL,
    'signed("adjustments", "lot", event.lotId, event.points)',
    'posting("adjustments", "lot", event.lotId, event.points)'
  ),
  mutation(
    LAWS.L5,
    "a redemption debits itself",
    JOURNAL,
    'posting("lot", "redeemed", draw.lotId, draw.points, redemptionId)',
    'posting("redeemed", "lot", draw.lotId, draw.points, redemptionId)'
  ),
  mutation(
    LAWS.L5,
    "expiry by time is booked as expiry on reversal",
    JOURNAL,
    'signed("lot", "expiredByTime"',
    'signed("lot", "expiredOnReversal"'
  )
]

const statuses = [
  mutation(
    LAWS.L7,
    "extended points are young again",
    RESTORING,
    'fate: "extended",\n    earnedAt,',
    'fate: "extended",\n    earnedAt: at,'
  ),
  mutation(
    LAWS.L7,
    "a draw takes the opening of its lot for its earning",
    DRAWING,
    "earnedAt: lot.earnedAt,",
    "earnedAt: lot.openedAt,"
  ),
  mutation(
    LAWS.L7,
    "a live restoration makes its points young",
    RESTORING,
    'fate: "live", earnedAt, expiresAt }',
    'fate: "live", earnedAt: at, expiresAt }'
  ),
  mutation(LAWS.L7, "an extension does not say which lot it is from", RESTORING, "    from: lotId\n", ""),
  mutation(LAWS.L9, "a lot lives at its expiry", LOTS, "|| at < lot.expiresAt", "|| at <= lot.expiresAt"),
  mutation(
    LAWS.L9,
    "a confirmed credit is booked when the points were redeemed",
    DECIDER,
    "occurredAt: request.requestedAt",
    "occurredAt: redemption.redeemedAt"
  ),
  mutation(
    LAWS.L9,
    "`refuse` binds Mastercard in place of us",
    RESTORING,
    "restoring.mayRefuse)",
    "!restoring.mayRefuse)"
  ),
  mutation(LAWS.L9, "expired points come back live", RESTORING, 'fate: "expired", earnedAt', 'fate: "live", earnedAt'),
  mutation(
    LAWS.L9,
    "an extension counts days of 24 hours",
    RESTORING,
    "Zone.addDays(policy.zone, at, policy.expiredLots.days)",
    "at + BigInt(policy.expiredLots.days) * 86_400_000_000n"
  ),
  mutation(
    LAWS.L9,
    "extended points are reported as expired",
    "lot/Restoration.ts",
    'r.fate !== "expired"',
    'r.fate === "live"'
  )
]

const histories = [
  mutation(LAWS.L8, "a credit is booked again", DECIDER, "if (HashSet.has(creditIds, creditId))", "if (false)"),
  mutation(
    LAWS.L8,
    "an account remembers the last credit alone",
    ACCOUNT,
    "HashSet.add(account.creditIds, event.creditId)",
    "HashSet.make(event.creditId)"
  ),
  mutation(
    LAWS.L8,
    "an account remembers the last credit of each redemption alone",
    ACCOUNT,
    'return event._tag === "PartiallyCredited" || event._tag === "FullyCredited"',
    'return event._tag === "FullyCredited"'
  ),
  mutation(
    LAWS.L8,
    "a redemption that has credits can be redeemed again",
    DECIDER,
    'if (state._tag !== "None") return yield*',
    'if (state._tag === "FullyCredited") return yield*'
  ),
  mutation(
    LAWS.L8,
    "an unknown outcome is written down at every look",
    DECIDER,
    'known._tag === "CreditUnknown" && known.cause === command.cause',
    "false"
  ),
  mutation(
    LAWS.L8,
    "a second sweep books nothings",
    ACCOUNT_DECIDER,
    "return points === 0n ? []",
    "return points === 1n ? []"
  ),
  mutation(
    LAWS.L8,
    "points are earned again",
    ACCOUNT_DECIDER,
    "if (Option.isSome(Lots.get(account.lots, lotId)))",
    "if (false)"
  ),
  mutation(
    LAWS.L10,
    "a confirmation asks the policy again",
    DECIDER,
    "return confirmCredit(command, state)",
    'return policy.expiredLots._tag === "Refuse" ? Result.succeed([]) : confirmCredit(command, state)'
  ),
  mutation(
    LAWS.L10,
    "instants lose their microseconds",
    "time/Instant.ts",
    "pad(fraction, 6)",
    "pad(fraction / MICROS_PER_MILLI, 3)"
  ),
  mutation(LAWS.L10, "fractions lose their leading zeros", "points/Points.ts", '.padStart(MAXIMUM_SCALE, "0")', ""),
  mutation(
    LAWS.L10,
    "the lot that was extended is not stored",
    "lot/Restoration.ts",
    "  from: Schema.optionalKey(LotId)\n",
    ""
  ),
  mutation(
    LAWS.L12,
    "only a full credit ends a redemption",
    DECIDER,
    "const _tag = remaining === 0n ?",
    'const _tag = mode === "full" ?'
  ),
  mutation(
    LAWS.L12,
    "the end is not believed",
    REDEMPTION,
    'return event._tag === "FullyCredited" ? ',
    'return event._tag === "FullyCredited" && event.mode === "full" ? '
  ),
  mutation(
    LAWS.L12,
    "any credit that is in flight may be settled by any name",
    REDEMPTION,
    " && state.request.creditId === creditId",
    ""
  )
]

const others = [
  mutation(
    "lot/LateFacts.test.ts",
    "at one instant the later movement comes first",
    "lot/Movements.ts",
    "before.at > at",
    "before.at >= at"
  ),
  mutation(
    "lot/Movements.test.ts",
    "a late movement is written into what the versions of a lot share",
    "lot/Movements.ts",
    "latest = { at: movement.at, points: movement.points, before: latest }",
    "latest = Object.assign(movement, { before: latest }) as Latest"
  ),
  mutation(
    "account/Sweep.test.ts",
    "an append to a swept lot books no difference",
    "command/Decide.ts",
    "(lot) => lot.swept)",
    "(lot) => lot.swept && lot.total < 0n)"
  ),
  mutation(
    "account/Sweep.test.ts",
    "the sweep waits for the instant after the expiry",
    ACCOUNT_DECIDER,
    "lot.expiresAt <= asOf",
    "lot.expiresAt < asOf"
  ),
  mutation(
    "account/Sweep.test.ts",
    "what expires in its credit is in its lot once more",
    ACCOUNT,
    'case "expired":\n      return lots\n    case "live":',
    'case "expired":\n    case "live":'
  ),
  mutation(
    "account/Sweep.test.ts",
    "any imported expiry is believed",
    ACCOUNT_DECIDER,
    "if (points !== lot.total)",
    "if (points > lot.total)"
  ),
  mutation("aging/Aging.test.ts", "a bucket ends a day early", "aging/Aging.ts", "age <= upTo", "age < upTo"),
  mutation(
    "aging/LotBalance.test.ts",
    "what happens at the instant itself does not count",
    "aging/LotBalance.ts",
    "fact.occurredAt <= at",
    "fact.occurredAt < at"
  ),
  mutation(
    "redemption/Credits.test.ts",
    "the window is closed",
    DECIDER,
    "return occurredAt < closedAt",
    "return occurredAt <= closedAt"
  ),
  mutation(
    "redemption/Credits.test.ts",
    "the window binds Mastercard",
    DECIDER,
    "if (bound) yield* withinWindow",
    "yield* withinWindow"
  ),
  mutation(
    "redemption/Redemption.test.ts",
    "a credit writes into the state before it",
    REDEMPTION,
    "const next = draws.slice()",
    "const next = draws as Array<DrawState>"
  ),
  mutation(
    "redemption/Redemption.test.ts",
    "points go back along the draws, whatever the credit says",
    REDEMPTION,
    "if (next[position]?.lotId !== lotId)",
    "if (next[position] === undefined)"
  ),
  mutation(
    "redemption/Redemption.test.ts",
    "an index of many draws is off by one",
    REDEMPTION,
    "new Map(draws.map((draw, position) => [draw.lotId, position]))",
    "new Map(draws.map((draw, position) => [draw.lotId, position - 1]))"
  ),
  mutation(
    "command/Refusals.test.ts",
    "sums of named lots may be of any size",
    "command/Checks.ts",
    "if (!Points.fitsSize(sum))",
    "if (false)"
  ),
  mutation(
    "command/Refusals.test.ts",
    "a lot may be granted any amount",
    ACCOUNT_DECIDER,
    "return Points.fitsSize(lot.granted + points)",
    "return Points.fitsSize(points)"
  ),
  mutation(
    "time/Zone.test.ts",
    "a date begins an hour after a gap begins",
    "time/Zone.ts",
    "isMidnight(first) ?",
    "true ?"
  ),
  mutation("time/Zone.test.ts", "an offset is a zone", "time/Zone.ts", "/^[A-Za-z]/.test(text) && ", "")
]

const questions = [
  mutation(
    "aging/Entry.test.ts",
    "what a sweep has booked once is taken for all that expired",
    "aging/Entry.ts",
    "lot.expiresAt === null || Lots.unbooked(lot) === 0n",
    "lot.expiresAt === null || lot.swept"
  ),
  mutation(
    "aging/Entry.test.ts",
    "what expired on its way back leaves a rest",
    "aging/Entry.ts",
    '[lotId, "expiredOnReversal", points]',
    '[lotId, "expiredOnReversal", points - 1n]'
  ),
  mutation(
    "aging/RollForward.test.ts",
    "a period has its end",
    "aging/RollForward.ts",
    "({ to }) => at < to",
    "({ to }) => at <= to"
  ),
  mutation(
    "aging/RollForward.test.ts",
    "an opening is that of a month before",
    "aging/RollForward.ts",
    "opening = row.closing",
    "opening = row.opening"
  ),
  mutation(
    "aging/Aging.test.ts",
    "the last day of a bucket is in the next",
    "aging/Aging.ts",
    "today - upTo : today + upTo + 1",
    "today - upTo : today + upTo"
  ),
  mutation(
    "aging/Aging.test.ts",
    "clocks that are put back across midnight are forgotten",
    "time/Zone.ts",
    "back < LOOK_BACKS",
    "back < 0"
  ),
  mutation(
    "aging/Triangle.test.ts",
    "a cohort is a month older than it is",
    "aging/Triangle.ts",
    "age: Months.monthsBetween(cohort, name)",
    "age: Months.monthsBetween(cohort, name) + 1"
  ),
  mutation(
    "aging/Statement.test.ts",
    "what expires stands after what happens then",
    "aging/Statement.ts",
    'return a.kind === "expired" ? -1 : 1',
    'return a.kind === "expired" ? 1 : -1'
  ),
  mutation(
    "aging/Restatement.test.ts",
    "lots that are new are not restated",
    "aging/Restatement.ts",
    "...after.filter((lot) => !then.has(nameOf(lot)))",
    "...[]"
  )
]

const timelines: ReadonlyArray<Mutation> = [
  mutation(
    "timeline/LotTimeline.test.ts",
    "what was recorded later is known (L11)",
    "timeline/RecordedFact.ts",
    "recordedAt <= knownAt",
    "true"
  ),
  mutation(
    "timeline/RedemptionTimeline.test.ts",
    "what was recorded at the very instant is not known (L11)",
    "timeline/RecordedFact.ts",
    "recordedAt <= knownAt",
    "recordedAt < knownAt"
  ),
  mutation(
    "timeline/LotTimeline.test.ts",
    "points of an expired lot can be used at its very end",
    "timeline/LotTimeline.ts",
    "at > asOf",
    "at >= asOf"
  ),
  mutation(
    "timeline/LotTimeline.test.ts",
    "what returns to an expired lot stays in it (L9)",
    "timeline/LotTimeline.ts",
    "const after = moves.slice(before.length).map(({ change: _change, ...step }) => ({ ...step, holds: 0n }))",
    "const after = moves.slice(before.length).map(({ change, ...step }) => ({ ...step, holds: change }))"
  ),
  mutation(
    "timeline/Series.test.ts",
    "a fact counts from the next instant on",
    "timeline/Series.ts",
    "fact.occurredAt <= at",
    "fact.occurredAt < at"
  ),
  mutation(
    "timeline/Series.test.ts",
    "months forget the day that they began with",
    "timeline/Series.ts",
    "while (!isDate(later.year, later.month, last)) last -= 1",
    "if (!isDate(later.year, later.month, last)) last = 28 - 1"
  )
]

export const MUTATIONS: ReadonlyArray<Mutation> = [
  ...capped,
  ...besideHeld,
  ...verdicts,
  ...credits,
  ...books,
  ...statuses,
  ...histories,
  ...questions,
  ...timelines,
  ...others
]
