/** Mastercard as a source of a reconciliation: the listing and the balance of each account. */
import { Mastercard, type MastercardError, type HistoryEntry, ReconciliationSource } from "@pointback/adapters"
import { type Ids, Instant, Points, type SourceRecord } from "@pointback/domain"
import { Effect, Option, Result } from "effect"

/** Accounts that are asked for at the same time: a pace that no gateway minds. */
export const CONCURRENCY = 8

/** Asks Mastercard about a program's accounts. `name` makes one run of several. */
export const make = (
  program: Ids.ProgramId,
  concurrency = CONCURRENCY
): Effect.Effect<ReconciliationSource.Lookup, never, Mastercard> =>
  Effect.map(Mastercard, (mastercard) => ({
    _tag: "Lookup",
    name: "Mastercard",
    program,
    identity: `mastercard ${program}`,
    concurrency,
    lookUp: Effect.fnUntraced(function* ({ account, from, to }) {
      const entries = yield* failing(mastercard.redemptions({ userId: account, from, to }))
      const redeemer = yield* failing(mastercard.redeemer({ userId: account, redemptionType: "MERCHANDISE" }))
      const records = yield* Effect.forEach(entries, (entry) => Effect.fromResult(recordOf(entry)))
      const balance = yield* Effect.fromResult(pointsOf(redeemer.pointBalance, "the balance"))
      return { records, balance }
    })
  }))

const unreadable = (problem: string) => new ReconciliationSource.AccountUnreadable({ source: "Mastercard", problem })

/** Statuses with which Mastercard refuses one account, and not all of them. */
const OF_ACCOUNT: ReadonlySet<number> = new Set([400, 404, 422])

const failing = <A>(call: Effect.Effect<A, MastercardError>) =>
  Effect.mapError(call, (error) =>
    error._tag === "MastercardRefused" && OF_ACCOUNT.has(error.status)
      ? unreadable(error.message)
      : new ReconciliationSource.SourceUnreadable({ source: "Mastercard", problem: error.message })
  )

const pointsOf = (text: string, what: string) =>
  Result.mapError(Points.fromString(text), (problem) => unreadable(`${what}: ${Points.describeProblem(problem)}`))

/** An entry whose time or points cannot be read makes the account unreadable: it might be the one that is missing. */
const recordOf = (
  entry: HistoryEntry
): Result.Result<SourceRecord.SourceRecord, ReconciliationSource.AccountUnreadable> =>
  Result.gen(function* () {
    const points = yield* pointsOf(entry.points, `points of entry ${entry.id}`)
    const at = Instant.fromString(entry.at)
    if (Option.isNone(at)) return yield* Result.fail(unreadable(`time of entry ${entry.id}: ${Instant.EXPECTED}`))
    const isRedemption = entry.kind === "redemption"
    return {
      kind: entry.kind,
      redemption: isRedemption ? entry.id : (entry.creditOf ?? null),
      credit: null,
      points,
      at: at.value,
      reference: entry.id,
      status: "settled",
      remaining: null,
      lots: null,
      eventId: null
    }
  })
