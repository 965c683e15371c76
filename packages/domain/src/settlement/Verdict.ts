/**
 * What Mastercard's listing says of a credit whose outcome is unknown: that it happened, that it certainly never did, or
 * nothing certain. Never guesses: two candidates, an entry out of time or a listing that came too early decide nothing.
 *
 * @see semantics, section 7 step 4
 */
import type { CreditId, RedemptionId } from "../identity/Ids.ts"
import type * as Points from "../points/Points.ts"
import type * as Instant from "../time/Instant.ts"

/** Microseconds. */
type Duration = bigint

/** How long things take at Mastercard at most; what is not over is not certain. */
export interface Limits {
  /** From our storing a request to its effect: the connection, the call and Mastercard's own processing. */
  readonly longestProcessing: Duration
  /** From an effect to its entry in the listing. */
  readonly longestLag: Duration
  /** Between any two of the clocks: ours, the database's, Mastercard's. */
  readonly clockSkew: Duration
}

/** An entry of the listing that is a credit. */
export interface ListedCredit {
  readonly id: string
  /** Null where the entry does not say whose points it gave back. */
  readonly redemptionId: string | null
  /** Null where the amount is none that we can hold. */
  readonly points: Points.Points | null
  /** When it happened: an instant twice, or the bounds of a date. */
  readonly from: Instant.Instant
  readonly until: Instant.Instant
}

/** A complete listing of an account. */
export interface Listing {
  /** An instant before it was begun, by our clock. */
  readonly takenAt: Instant.Instant
  readonly credits: ReadonlyArray<ListedCredit>
  /** Redemptions that it lists. */
  readonly redemptions: ReadonlySet<string>
}

/** The credit in question. */
export interface Sought {
  readonly redemptionId: RedemptionId
  readonly creditId: CreditId
  readonly points: Points.Points
  /** Whether the call named the amount; one that did not may have given back what Mastercard took for all. */
  readonly named: boolean
  /** When its request was stored, by the database's clock. */
  readonly requestedAt: Instant.Instant
}

/** A credit that is booked already, and that an entry of the listing may belong to. */
export interface Booked {
  readonly redemptionId: RedemptionId
  readonly points: Points.Points
  /** Ids that its entry may have; an entry that has one belongs to it. */
  readonly references: ReadonlyArray<string>
  /** When it happened, at the earliest and at the latest. */
  readonly from: Instant.Instant
  readonly until: Instant.Instant
  /** Whether Mastercard certainly made it: not so for one that was recorded without a call. */
  readonly certain: boolean
}

/** Why nothing is certain. */
export type OpenReason =
  /** Not listed yet; it may still be. */
  | "tooEarly"
  /** Several entries, or one that may be another credit's. */
  | "ambiguous"
  /** A credit of another amount, where the call named none. */
  | "amountDiffers"
  /** A credit of the same amount at another time, which nothing that is booked explains. */
  | "outOfTime"
  /** An entry that cannot be read. */
  | "unreadableEntry"
  /** The listing does not even show the redemption, so that it proves nothing. */
  | "redemptionNotListed"

/**
 * What a listing says of a credit: it is there, it certainly never happened, or neither is certain and why.
 *
 * @see semantics, section 7 step 4
 */
export type Verdict =
  | { readonly _tag: "Found"; readonly entry: ListedCredit }
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Open"; readonly reason: OpenReason }

/** What is known besides the listing: what else is booked, and what else is in flight, of the account. */
export interface Beside {
  readonly booked: ReadonlyArray<Booked>
  readonly inFlight: ReadonlyArray<Sought>
}

/** Judges one credit. The order of entries, bookings and other credits does not matter. */
export const judge = (sought: Sought, beside: Beside, listing: Listing, limits: Limits): Verdict => {
  const window = windowOf(sought, limits)
  const claimed = new Set(beside.booked.flatMap(({ references }) => references))
  const free = listing.credits.filter((entry) => concerns(entry, sought) && !claimed.has(entry.id))
  const inTime = free.filter((entry) => overlap(entry, window))
  const candidates = inTime.filter(({ points }) => points === sought.points)
  if (candidates.length > 0) {
    const same = free.filter(({ points }) => points === sought.points)
    const { claimants, entries } = around(candidates, same, unlistedOf(sought, beside.booked, listing), limits)
    const rivals = candidates.some(isNameless) ? rivalsOf(sought, beside.inFlight, limits) : 0
    const left = entries.length - claimants.length
    if (left === rivals + 1 && fit([...claimants, sought], entries, candidates, limits)) {
      return { _tag: "Found", entry: latest(candidates) }
    }
    if (left !== 0 || !claimants.every(({ certain }) => certain)) return open("ambiguous")
  }
  if (inTime.some(({ points }) => points === null)) return open("unreadableEntry")
  if (!sought.named && inTime.length > unlisted(near(sought, beside.booked, limits), listing).length) {
    return open("amountDiffers")
  }
  // An entry of the amount that no booked credit explains may be this one, whatever the clocks say.
  if (!explained(sought, free, beside.booked, listing, limits)) return open("outOfTime")
  if (!listing.redemptions.has(sought.redemptionId)) return open("redemptionNotListed")
  return listing.takenAt < certainFrom(sought, limits) ? open("tooEarly") : { _tag: "Absent" }
}

/** The instant from which a listing without the credit proves that it never happened. */
export const certainFrom = (
  { requestedAt }: Pick<Sought, "requestedAt">,
  { clockSkew, longestLag, longestProcessing }: Limits
): Instant.Instant => requestedAt + longestProcessing + longestLag + clockSkew

interface Span {
  readonly from: Instant.Instant
  readonly until: Instant.Instant
}

const open = (reason: OpenReason): Verdict => ({ _tag: "Open", reason })

const overlap = (a: Span, b: Span): boolean => a.from <= b.until && b.from <= a.until

/** When the credit can have had its effect, by Mastercard's clock. */
const windowOf = ({ requestedAt }: Sought, { clockSkew, longestProcessing }: Limits): Span => ({
  from: requestedAt - clockSkew,
  until: requestedAt + longestProcessing + clockSkew
})

const concerns = ({ redemptionId }: ListedCredit, sought: Sought): boolean =>
  redemptionId === null || redemptionId === sought.redemptionId

const isNameless = ({ redemptionId }: ListedCredit): boolean => redemptionId === null

/** Booked credits of the redemption whose entry may stand in the window. */
const near = (sought: Sought, all: ReadonlyArray<Booked>, limits: Limits): ReadonlyArray<Booked> => {
  const window = windowOf(sought, limits)
  return all.filter(({ from, redemptionId, until }) => {
    const span = { from: from - limits.clockSkew, until: until + limits.clockSkew }
    return redemptionId === sought.redemptionId && overlap(span, window)
  })
}

/** Those whose entry is not known by its id. */
const unlisted = (all: ReadonlyArray<Booked>, { credits }: Listing): ReadonlyArray<Booked> => {
  const listed = new Set(credits.map(({ id }) => id))
  return all.filter(({ references }) => !references.some((id) => listed.has(id)))
}

/** Booked credits of the same amount whose entry is not known by its id. */
const unlistedOf = (sought: Sought, all: ReadonlyArray<Booked>, listing: Listing): ReadonlyArray<Booked> =>
  unlisted(
    all.filter(({ points }) => points === sought.points),
    listing
  )

/** Whether an entry can be a booked credit's. */
const mayBe = ({ from, redemptionId, until }: Booked, entry: ListedCredit, { clockSkew }: Limits): boolean =>
  (entry.redemptionId === null || entry.redemptionId === redemptionId) &&
  overlap({ from: from - clockSkew, until: until + clockSkew }, entry)

/**
 * The booked credits that a candidate may belong to, with all the entries that may be theirs, and so on: a booked credit
 * that was recorded long after its request takes no candidate away where its own entry stands before them.
 */
const around = (
  candidates: ReadonlyArray<ListedCredit>,
  same: ReadonlyArray<ListedCredit>,
  booked: ReadonlyArray<Booked>,
  limits: Limits
): { readonly claimants: ReadonlyArray<Booked>; readonly entries: ReadonlyArray<ListedCredit> } => {
  let entries = candidates
  for (;;) {
    const claimants = booked.filter((credit) => entries.some((entry) => mayBe(credit, entry, limits)))
    const more = same.filter(
      (entry) => candidates.includes(entry) || claimants.some((credit) => mayBe(credit, entry, limits))
    )
    if (more.length === entries.length) return { claimants, entries }
    entries = more
  }
}

/** Whether each entry of the amount can be a booked credit's, each another one's. */
const explained = (
  sought: Sought,
  free: ReadonlyArray<ListedCredit>,
  all: ReadonlyArray<Booked>,
  listing: Listing,
  limits: Limits
): boolean => {
  const same = free.filter(({ points, redemptionId }) => points === sought.points && redemptionId !== null)
  const booked = unlistedOf(sought, all, listing)
  return matchable(same, booked, (entry, credit) => mayBe(credit, entry, limits))
}

/** Whether each credit can have an entry of its own, the one in question one of the candidates. */
const fit = (
  credits: ReadonlyArray<Booked | Sought>,
  entries: ReadonlyArray<ListedCredit>,
  candidates: ReadonlyArray<ListedCredit>,
  limits: Limits
): boolean => {
  const can = (credit: Booked | Sought, entry: ListedCredit): boolean =>
    "certain" in credit ? mayBe(credit, entry, limits) : candidates.includes(entry)
  return matchable(credits, entries, can)
}

/** Whether each of some can have one of the others of its own. */
const matchable = <A, B>(
  some: ReadonlyArray<A>,
  others: ReadonlyArray<B>,
  can: (one: A, other: B) => boolean
): boolean => {
  const owners = new Map<B, A>()
  // Whoever has one that somebody else needs looks for another.
  const place = (one: A, tried: Set<B>): boolean =>
    others.some((other) => {
      if (tried.has(other) || !can(one, other)) return false
      tried.add(other)
      const owner = owners.get(other)
      if (owner !== undefined && !place(owner, tried)) return false
      owners.set(other, one)
      return true
    })
  return some.every((one) => place(one, new Set()))
}

/** Other credits in flight that an entry without a redemption may belong to as well. */
const rivalsOf = (sought: Sought, inFlight: ReadonlyArray<Sought>, limits: Limits): number =>
  inFlight.filter(
    (other) =>
      other.redemptionId !== sought.redemptionId &&
      other.points === sought.points &&
      overlap(windowOf(other, limits), windowOf(sought, limits))
  ).length

const latest = (entries: ReadonlyArray<ListedCredit>): ListedCredit =>
  entries.reduce((last, entry) =>
    entry.from > last.from || (entry.from === last.from && entry.id > last.id) ? entry : last
  )
