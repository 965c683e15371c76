/**
 * The laws of the semantics, held against the events of one account by plain arithmetic: nothing of the functions that
 * decided the events, or that fold them, is used here.
 *
 * L4 and L11 compare two histories or two questions, so one history cannot show them; L10 is what `verify` checks.
 *
 * @see semantics, section 4
 */
import { type Fact, Journal, Points, type RedemptionEvent } from "@pointback/domain"
import { RedemptionBook } from "./RedemptionBook.ts"

interface Lot {
  readonly earnedAt: bigint
  readonly expiresAt: bigint | null
}

type Restoration = RedemptionEvent.Credited["restorations"][number]

const isCredited = (event: Fact.Event): event is RedemptionEvent.Credited =>
  event._tag === "PartiallyCredited" || event._tag === "FullyCredited"

/** Every breach of a law in the events of an account, in the order of the log. `named`: redemptions with credits to named lots. */
export const breaches = (facts: ReadonlyArray<Fact.Fact>, named: ReadonlySet<string>): ReadonlyArray<string> => {
  const redemptions = new Map<string, RedemptionBook>()
  const problems: Array<string> = []
  for (const { event, stream } of facts) {
    if (stream._tag === "Account") continue
    const { redemptionId } = stream
    const book = redemptions.get(redemptionId) ?? new RedemptionBook(redemptionId, named.has(redemptionId))
    redemptions.set(redemptionId, book)
    problems.push(...book.add(event as RedemptionEvent.RedemptionEvent))
  }
  return [
    ...problems,
    ...booked(facts),
    ...aging(facts),
    ...holdings(facts),
    ...conservation(facts, Array.from(redemptions.values()))
  ]
}

/** L8: a credit's id is booked once in an account. */
const booked = (facts: ReadonlyArray<Fact.Fact>): ReadonlyArray<string> => {
  const ids = new Set<string>()
  return facts.flatMap(({ event }) => {
    if (!isCredited(event)) return []
    const twice = ids.has(event.creditId)
    ids.add(event.creditId)
    return twice ? [`L8: credit ${event.creditId} is booked twice`] : []
  })
}

/** L7 and L9: what comes back keeps its aging status, and expires at once exactly where its lot had expired. */
const aging = (facts: ReadonlyArray<Fact.Fact>): ReadonlyArray<string> => {
  const lots = lotsOf(facts)
  return facts.flatMap(({ event, occurredAt }) =>
    isCredited(event)
      ? event.restorations.flatMap((restoration) => {
          const drawn = lots.get(restoration.from ?? restoration.lotId)
          return drawn === undefined
            ? [`L7: credit ${event.creditId} gives points to lot ${restoration.lotId}, which never was`]
            : agingOf(event.creditId, restoration, drawn, occurredAt)
        })
      : []
  )
}

const agingOf = (creditId: string, restoration: Restoration, drawn: Lot, at: bigint): ReadonlyArray<string> => {
  const { expiresAt, fate, lotId } = restoration
  const problems: Array<string> = []
  if (restoration.earnedAt !== drawn.earnedAt) problems.push(`L7: credit ${creditId} changes when ${lotId} was earned`)
  if (fate !== "extended" && expiresAt !== drawn.expiresAt) {
    problems.push(`L7: credit ${creditId} changes when ${lotId} expires`)
  }
  const hadExpired = drawn.expiresAt !== null && drawn.expiresAt <= at
  if (hadExpired === (fate === "live")) {
    problems.push(`L9: credit ${creditId} returns to ${lotId} as ${fate}, which had ${hadExpired ? "" : "not "}expired`)
  }
  return problems
}

const lotsOf = (facts: ReadonlyArray<Fact.Fact>): ReadonlyMap<string, Lot> => {
  const lots = new Map<string, Lot>()
  for (const { event } of facts) {
    if (event._tag === "PointsEarned") lots.set(event.lotId, event)
    if (!isCredited(event)) continue
    for (const restoration of event.restorations) {
      if (restoration.fate === "extended") lots.set(restoration.lotId, restoration)
    }
  }
  return lots
}

interface Move {
  readonly at: bigint
  readonly lotId: string
  readonly points: bigint
  /** Whether the points were in no lot before. */
  readonly granted: boolean
}

/** What moves points into lots and out of them. Expiry moves nothing, nor does what expires in its own credit. */
const movesOf = ({ event, occurredAt: at }: Fact.Fact): ReadonlyArray<Move> => {
  if (event._tag === "PointsEarned" || event._tag === "PointsAdjusted") {
    return [{ at, lotId: event.lotId, points: event.points, granted: true }]
  }
  if (event._tag === "Redeemed") {
    return event.draws.map(({ lotId, points }) => ({ at, lotId, points: -points, granted: false }))
  }
  if (!isCredited(event)) return []
  return event.restorations
    .filter(({ fate }) => fate !== "expired")
    .map(({ fate, lotId, points }) => ({ at, lotId, points, granted: fate === "extended" }))
}

/** L2: at every instant each lot holds from nothing to what was granted. */
const holdings = (facts: ReadonlyArray<Fact.Fact>): ReadonlyArray<string> => {
  const held = new Map<string, { live: bigint; granted: bigint }>()
  const moves = facts.flatMap(movesOf).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return moves.flatMap(({ granted, lotId, points }) => {
    const lot = held.get(lotId) ?? { live: 0n, granted: 0n }
    lot.live += points
    if (granted) lot.granted += points
    held.set(lotId, lot)
    return lot.live < 0n || lot.live > lot.granted
      ? [`L2: lot ${lotId} holds ${Points.toString(lot.live)} of ${Points.toString(lot.granted)}`]
      : []
  })
}

/** L5: the ledger's balances are what the events add up to. */
const conservation = (
  facts: ReadonlyArray<Fact.Fact>,
  redemptions: ReadonlyArray<RedemptionBook>
): ReadonlyArray<string> => {
  const balances = new Map<Journal.LedgerAccount, bigint>()
  for (const posting of facts.flatMap(Journal.entry)) {
    balances.set(posting.debit, (balances.get(posting.debit) ?? 0n) - posting.points)
    balances.set(posting.credit, (balances.get(posting.credit) ?? 0n) + posting.points)
  }
  const balance = (...accounts: ReadonlyArray<Journal.LedgerAccount>): bigint =>
    accounts.reduce((sum, account) => sum + (balances.get(account) ?? 0n), 0n)
  const moved = facts.flatMap(movesOf)
  const granted = Points.sum(
    facts.flatMap(({ event }) =>
      event._tag === "PointsEarned" || event._tag === "PointsAdjusted" ? [event.points] : []
    )
  )
  const expected: ReadonlyArray<readonly [string, bigint, bigint]> = [
    ["earned and adjusted", -balance("issued", "adjustments"), granted],
    ["lots and expired by time", balance("lot", "expiredByTime"), Points.sum(moved.map(({ points }) => points))],
    ["redeemed", balance("redeemed"), Points.sum(redemptions.map(({ outstanding }) => outstanding))],
    ["all accounts", balance(...balances.keys()), 0n]
  ]
  return expected
    .filter(([, ledger, events]) => ledger !== events)
    .map(
      ([what, ledger, events]) =>
        `L5: ${what}: the ledger has ${Points.toString(ledger)}, the events ${Points.toString(events)}`
    )
}
