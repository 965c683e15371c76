/** What is said of records that have no counterpart, or more than one. */
import type * as Points from "../points/Points.ts"
import * as Break from "./Break.ts"
import * as Caps from "./Caps.ts"
import { type OfRedemption, type Paired, pairBy, type Tangle } from "./Pairing.ts"
import * as Rules from "./Rules.ts"
import { distance, type SourceRecord } from "./SourceRecord.ts"

type Breaks = ReadonlyArray<Break.Break>

/** Records that say the very same as another one of their side. */
export const copied = (
  account: string,
  type: "duplicateHere" | "duplicateThere",
  copies: ReadonlyArray<SourceRecord>
): Break.Break =>
  Break.make(type, {
    account,
    ...(type === "duplicateHere" ? { here: copies } : { there: copies }),
    points: copies[0]?.points ?? null,
    remedy: "person",
    reason: `the record is ${type === "duplicateHere" ? "here" : "there"} ${copies.length + 1} times, word for word`
  })

/** Records that are not one to one. */
export const tangled = (
  account: string,
  { ambiguous, duplicates }: Pick<Paired, "ambiguous" | "duplicates">
): Breaks => [
  ...duplicates.map(({ here, there }) => {
    const type = here.length > 1 ? "duplicateHere" : "duplicateThere"
    const [place, count] = here.length > 1 ? ["here", here.length] : ["there", there.length]
    const reason = `one record, which is ${place} ${count} times by its name`
    return Break.make(type, { account, here, there, points: pointsOf({ here, there }), remedy: "person", reason })
  }),
  ...ambiguous.map(({ here, there }) =>
    Break.make("ambiguous", {
      account,
      here,
      there,
      points: pointsOf({ here, there }),
      remedy: "person",
      reason: `${here.length} here and ${there.length} there could be the same, and nothing tells which`
    })
  )
]

const pointsOf = ({ here, there }: Tangle): Points.Points | null => (here[0] ?? there[0])?.points ?? null

/** Credits that name no redemption, and that no credit of the account can be. */
export const unlinked = (account: string, { here, there }: Tangle): Breaks => [
  ...there.map((record) =>
    Break.make("missingHere", {
      account,
      there: [record],
      points: record.points,
      remedy: "person",
      reason: "the credit is there and names no redemption, so that it cannot be recorded"
    })
  ),
  ...here.map((record) =>
    Break.make("missingThere", {
      account,
      here: [record],
      points: record.points,
      remedy: "person",
      reason: "the credit is here and names no redemption"
    })
  )
]

/** Records of a redemption without a counterpart. */
export const left = (
  account: string,
  found: OfRedemption,
  unlinkedThere: ReadonlyArray<SourceRecord>,
  context: Rules.Context
): Breaks => {
  const declined = pairBy(
    DECLINED_RULES,
    found.all.filter(({ status }) => status === "declined"),
    found.there.filter(({ kind }) => kind === "credit"),
    context.tolerances
  )
  const contradicted = new Set(
    declined.pairs
      .map(({ there }) => there)
      .concat([...declined.duplicates, ...declined.ambiguous].flatMap(({ there }) => there))
  )
  const isDoubtful = unlinkedThere.length > 0 || found.there.some(({ kind }) => kind === "credit")
  return [
    ...declined.pairs.map(({ here, there }) => happened(account, here, there)),
    ...tangled(account, declined),
    ...found.there
      .filter((record) => !contradicted.has(record))
      .map((record) => onlyThere(account, record, found, context)),
    ...found.here.flatMap((record) => onlyHere(account, record, found, isDoubtful, context))
  ]
}

const DECLINED_RULES = Rules.UNLINKED_RULES

const happened = (account: string, here: SourceRecord, there: SourceRecord): Break.Break =>
  Break.make("stateMismatch", {
    account,
    here: [here],
    there: [there],
    points: there.points,
    remedy: "person",
    reason: "the credit was declined here, and is there"
  })

/** A record of the same redemption and points, at nearly the same time, that has its counterpart. */
const twinOf = (
  record: SourceRecord,
  side: "here" | "there",
  { pairs }: OfRedemption,
  { tolerances }: Rules.Context
): SourceRecord | undefined =>
  record.kind === "redemption"
    ? undefined
    : pairs
        .map((pair) => pair[side])
        .find(
          (other) =>
            other.kind === "credit" && other.points === record.points && distance(other, record) <= tolerances.time
        )

const onlyThere = (account: string, record: SourceRecord, found: OfRedemption, context: Rules.Context): Break.Break => {
  const evidence = { account, there: [record] }
  const beyond = Caps.beyond(found, record)
  if (twinOf(record, "there", found, context) !== undefined) {
    const reason = "a second credit of the same points at nearly the same time; the first one is here"
    return Break.make("duplicateThere", { ...evidence, points: record.points, remedy: "person", reason })
  }
  if (beyond !== undefined) {
    return Break.make("overCredited", { ...evidence, points: beyond, remedy: "person", reason: Caps.reason(beyond) })
  }
  const known = found.all.some(({ kind }) => kind === "redemption")
  const isCredit = record.kind === "credit"
  return Break.make("missingHere", {
    ...evidence,
    points: record.points,
    remedy: isCredit && known ? "record" : "person",
    reason: isCredit
      ? known
        ? "the credit is there and not here"
        : "the credit is there, and its redemption is not here"
      : "the redemption is there and not here; which lots it drew from is not known"
  })
}

const onlyHere = (
  account: string,
  record: SourceRecord,
  found: OfRedemption,
  isDoubtful: boolean,
  context: Rules.Context
): Breaks => {
  const { tolerances, window } = context
  const evidence = { account, here: [record], points: record.points }
  if (record.status === "pending" || record.status === "unknown") {
    return absent(evidence, record, isDoubtful, context)
  }
  if (!Rules.isDue(record, window, tolerances) || record.at + tolerances.time > context.at) return []
  if (twinOf(record, "here", found, context) !== undefined) {
    const reason = "a second credit of the same points at nearly the same time; the first one is there"
    return [Break.make("duplicateHere", { ...evidence, remedy: "person", reason })]
  }
  const reason = `the ${record.kind} is here and not there`
  return [Break.make("missingThere", { ...evidence, remedy: "person", reason })]
}

/** A credit of unknown outcome that is not there. Whether it never happened depends on how late and how well we looked. */
const absent = (
  evidence: Pick<Break.Finding, "account" | "here" | "points">,
  record: SourceRecord,
  isDoubtful: boolean,
  { at, complete, tolerances, window }: Rules.Context
): Breaks => {
  const lookedUntil = window === null || window.to > at ? at : window.to
  const looked = record.at + tolerances.settled <= lookedUntil
  // Somebody may be waiting for the answer at this moment.
  if (!looked && record.status === "pending") return []
  const covered = window === null || record.at >= window.from + tolerances.time
  const say = (remedy: Break.Remedy, reason: string) => [Break.make("unknownOutcome", { ...evidence, remedy, reason })]
  if (isDoubtful)
    return say("person", "the outcome of the credit is unknown, and other credits are there that are not here")
  if (!covered || !complete)
    return say("person", "the outcome of the credit is unknown, and this source does not cover it")
  return looked
    ? say("release", "the outcome of the credit is unknown; it is not there, so it never happened")
    : say("wait", "the outcome of the credit is unknown; it is not there yet, and may still come")
}
