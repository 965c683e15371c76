/**
 * Holds what is stored of one account against its events: versions without gaps, postings and read models as the
 * events give them, and the laws that concern one account.
 *
 * @see semantics, section 4 (L1, L2, L10, L12)
 */
import { Account, Fact, type Ids, Instant, Lots, Points, Redemption } from "@pointback/domain"
import { HashMap } from "effect"
import type { StoredEvent } from "../eventStore/EventStore.ts"
import { type PostingRow, project } from "../eventStore/Projection.ts"
import { lotRow, postingRow } from "../eventStore/ReadModelRow.ts"
import * as Snapshot from "../eventStore/Snapshot.ts"

/** A row as text, by column; amounts and instants in their canonical text. */
export type Row = Readonly<Record<string, string | number | boolean | null>>

/** What is stored of an account. */
export interface StoredAccount {
  readonly version: number
  readonly events: ReadonlyArray<StoredEvent>
  readonly postings: ReadonlyArray<Row>
  readonly lots: ReadonlyArray<Row>
  readonly redemptions: ReadonlyArray<Row>
}

/** What was checked: versions, journal, lots, redemptions or a law. */
export type Check = "versions" | "postings" | "lots" | "redemptions" | "laws"

/** Something that is not as the events say. */
export interface Finding {
  readonly check: Check
  /** Where: a stream and version, a lot, a redemption, a position and line. */
  readonly place: string
  readonly problem: string
}

/** Everything that is wrong with an account. */
export const audit = (stored: StoredAccount): ReadonlyArray<Finding> => [
  ...auditVersions(stored),
  ...replaying(() => auditRows(stored)),
  ...replaying(() => auditLaws(stored.events))
]

/** Events that no decision wrote cannot be replayed any further; what other checks find is told all the same. */
const replaying = (check: () => ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
  try {
    return check()
  } catch (cause) {
    return [{ check: "laws", place: "replay", problem: cause instanceof Error ? cause.message : String(cause) }]
  }
}

const auditVersions = ({ events, version }: StoredAccount): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  const streams = new Map<string, number>()
  for (const [index, event] of events.entries()) {
    const stream = Fact.streamName(event.fact.stream)
    const next = (streams.get(stream) ?? 0) + 1
    streams.set(stream, next)
    if (event.version !== next || event.accountVersion !== index + 1) {
      const problem =
        `version ${event.version} of the stream and ${event.accountVersion} of the account, ` +
        `where ${next} and ${index + 1} follow`
      findings.push({ check: "versions", place: `${stream} ${event.version}`, problem })
    }
  }
  if (version !== events.length) {
    findings.push({ check: "versions", place: "account", problem: `${events.length} events at version ${version}` })
  }
  return findings
}

const auditRows = ({ events, lots, postings, redemptions }: StoredAccount): ReadonlyArray<Finding> => {
  const expected = project(
    Account.empty,
    events.map(({ fact }) => fact)
  )
  const versions = new Map(events.map(({ fact, version }) => [Fact.streamName(fact.stream), version]))
  const versionOf = (redemptionId: Ids.RedemptionId): number =>
    versions.get(Fact.streamName(Fact.redemptionStream(redemptionId))) as number
  return [
    ...compare(
      "postings",
      (row) => `position ${row["position"]} line ${row["line"]}`,
      expected.postings.map((row) => expectedPosting(events[row.index] as StoredEvent, row)),
      postings
    ),
    ...compare("lots", (row) => String(row["lot_id"]), expected.lots.map(lotRow), lots),
    ...compare(
      "redemptions",
      (row) => String(row["redemption_id"]),
      expected.redemptions.map((state) => Snapshot.row(state, versionOf(state.redemption.redemptionId))),
      redemptions
    )
  ]
}

const expectedPosting = ({ account, position, recordedAt }: StoredEvent, row: PostingRow): Row => ({
  partition: account.partition,
  position,
  program: account.program,
  account_key: account.key,
  recorded_at: Instant.toString(recordedAt),
  ...postingRow(row)
})

const compare = (
  check: Check,
  placeOf: (row: Row) => string,
  expected: ReadonlyArray<Row>,
  stored: ReadonlyArray<Row>
): ReadonlyArray<Finding> => {
  const found = new Map(stored.map((row) => [placeOf(row), row]))
  const findings: Array<Finding> = []
  for (const row of expected) {
    const place = placeOf(row)
    const other = found.get(place)
    found.delete(place)
    if (other === undefined) {
      findings.push({ check, place, problem: "is missing" })
      continue
    }
    for (const column of Object.keys(other)) {
      if (other[column] !== row[column]) {
        findings.push({ check, place, problem: `${column} is ${other[column]}, the events give ${row[column]}` })
      }
    }
  }
  for (const place of found.keys()) findings.push({ check, place, problem: "no event gives it" })
  return findings
}

const auditLaws = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<Finding> => {
  const account = Account.evolveAll(
    Account.empty,
    events.map(({ fact }) => fact)
  )
  const lots = Array.from(HashMap.values(account.lots.byId))
  const overdrawn = lots.flatMap((lot): ReadonlyArray<Finding> => {
    const shortage = Lots.firstShortage(lot, 0n, Instant.EARLIEST)
    if (shortage === undefined && lot.total <= lot.granted) return []
    const problem =
      shortage === undefined
        ? `L2: holds ${Points.toString(lot.total)} of ${Points.toString(lot.granted)} points granted`
        : `L2: holds ${Points.toString(shortage.held)} points at ${Instant.toString(shortage.at)}`
    return [{ check: "laws", place: lot.lotId, problem }]
  })
  const overCredited = Array.from(account.redemptions, ([redemptionId, state]): ReadonlyArray<Finding> => {
    if (state._tag === "None") return []
    const remaining = Redemption.remaining(state.redemption)
    const pending = Redemption.pending(state)
    const cap =
      pending > remaining ? [`L1: ${Points.toString(remaining)} remain, ${Points.toString(pending)} are held`] : []
    const end =
      (remaining === 0n) === (state._tag === "FullyCredited")
        ? []
        : [`L12: ${state._tag} with remaining ${Points.toString(remaining)}`]
    return [...cap, ...end].map((problem) => ({ check: "laws", place: redemptionId, problem }))
  })
  return [...overdrawn, ...overCredited.flat()]
}
