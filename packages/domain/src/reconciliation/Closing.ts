/**
 * Whether what a later run found settles a break of an earlier one. Absence settles nothing: every record that the break
 * is about must have its counterpart now, or must be known not to have happened.
 *
 * @see semantics, section 9: a break is closed by a later fact, never by an edit
 */
import type { BreakType } from "./Break.ts"
import type { Match } from "./Group.ts"
import type { SourceRecord } from "./SourceRecord.ts"

/** What names a record of a break. */
export type Named = Pick<SourceRecord, "kind" | "redemption" | "credit" | "reference">

/** An open break of the group that was looked at again and did not show it. */
export interface OpenBreak {
  readonly type: BreakType
  readonly here: ReadonlyArray<Named>
  readonly there: ReadonlyArray<Named>
}

/** The fact that closes it, for a person to read; undefined where none does. */
export const closedBy = (
  open: OpenBreak,
  matches: ReadonlyArray<Match>,
  here: ReadonlyArray<SourceRecord>
): string | undefined => {
  const facts =
    open.here.length > 0
      ? open.here.map((record) => factHere(open.type, record, matches, here))
      : open.there.map((record) => factThere(record, matches))
  return facts.length === 0 || facts.includes(undefined) ? undefined : facts.join("; ")
}

const factHere = (
  type: BreakType,
  record: Named,
  matches: ReadonlyArray<Match>,
  here: ReadonlyArray<SourceRecord>
): string | undefined => {
  const match = matches.find((found) => isSame(found.here, record) && tells(type, found))
  if (match !== undefined) return match.here.status === "settled" ? told(match) : undefined
  const now = here.find((found) => isSame(found, record))
  return now?.status === "declined" ? `event ${now.eventId ?? ""}: it did not happen` : undefined
}

const factThere = (record: Named, matches: ReadonlyArray<Match>): string | undefined => {
  const match = matches.find(({ there }) => there.kind === record.kind && there.reference === record.reference)
  return match === undefined ? undefined : told(match)
}

const isSame = (found: Named, record: Named): boolean =>
  found.kind === record.kind && found.redemption === record.redemption && found.credit === record.credit

/** Whether both sides of a match say what the break was about. */
const tells = (type: BreakType, { here, there }: Match): boolean => {
  switch (type) {
    case "agingMismatch":
      return here.lots !== null && there.lots !== null
    case "remainingMismatch":
    case "stateMismatch":
      return there.remaining !== null
    default:
      return true
  }
}

const told = ({ here, there }: Match): string => {
  const event = here.eventId === null ? "" : `event ${here.eventId}: `
  return `${event}it agrees with ${there.reference ?? "the other side"}`
}
