/**
 * A line of a statement, and what it is called on the way through a file that is sorted.
 *
 * @see interface, statement line
 */
import type { Instant, SourceRecord } from "@pointback/domain"

/** What a statement is about: its first line. The window is [from, to). */
export interface StatementHeader {
  readonly program: string
  readonly from: Instant.Instant
  readonly to: Instant.Instant
}

/** A record with its account. */
export interface AccountRecord {
  readonly account: string
  readonly record: SourceRecord.SourceRecord
}

/** Stands between the fields: no text of a record has control characters. */
const SEPARATOR = "\u001f"

/** Stands for a field that is not there, where it differs from an empty text. */
const ABSENT = "\u001e"

/**
 * The beginning of a record's line: lines sort by account, then by redemption, whatever follows, since the separator is
 * less than every letter. Texts compare by their bytes, as `collate "C"` does in the database; a letter beyond ASCII is
 * written as its bytes for that.
 */
export const sortKey = (account: string, redemption: string): string =>
  bytesText(account) + SEPARATOR + bytesText(redemption) + SEPARATOR

// Nearly all are digits and letters, which are their own bytes.
const bytesText = (text: string): string => (ASCII.test(text) ? text : Buffer.from(text, "utf8").toString("latin1"))

const textOf = (bytes: string): string => (ASCII.test(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8"))

// oxlint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/

/** A record in one line of single bytes; equal lines are equal records. */
export const toLine = ({ account, record }: AccountRecord): string =>
  sortKey(account, record.redemption ?? "") +
  bytesText(
    [
      record.kind === "redemption" ? "r" : "c",
      record.credit ?? "",
      record.points,
      record.at,
      record.reference ?? "",
      record.remaining ?? "",
      record.lots === null ? ABSENT : record.lots.map(lotText).join(ABSENT)
    ].join(SEPARATOR)
  )

const lotText = ({ expiresAt, lot, points }: SourceRecord.RecordLot): string =>
  `${lot}\t${points}\t${expiresAt === null ? "never" : (expiresAt ?? "")}`

/** The sort key that a line begins with. */
export const keyOf = (line: string): string => line.slice(0, line.indexOf(SEPARATOR, line.indexOf(SEPARATOR) + 1) + 1)

/** The account and the redemption of a sort key. */
export const fromKey = (key: string): { readonly account: string; readonly redemption: string } => {
  const [account, redemption] = textOf(key).split(SEPARATOR) as [string, string]
  return { account, redemption }
}

/** Reads what `toLine` wrote. */
export const fromLine = (line: string): AccountRecord => {
  const [account, redemption, kind, credit, points, at, reference, remaining, lots] = textOf(line).split(SEPARATOR) as [
    string,
    ...Array<string>
  ]
  return {
    account,
    record: {
      kind: kind === "r" ? "redemption" : "credit",
      redemption: redemption === "" ? null : (redemption as string),
      credit: credit === "" ? null : (credit as string),
      points: BigInt(points as string),
      at: BigInt(at as string),
      reference: reference === "" ? null : (reference as string),
      status: "settled",
      remaining: remaining === "" ? null : BigInt(remaining as string),
      eventId: null,
      lots: lots === ABSENT ? null : lotsOf(lots as string)
    }
  }
}

const lotsOf = (text: string): ReadonlyArray<SourceRecord.RecordLot> =>
  text === ""
    ? []
    : text.split(ABSENT).map((field) => {
        const [lot, points, expiresAt] = field.split("\t") as [string, string, string]
        return {
          lot,
          points: BigInt(points),
          expiresAt: expiresAt === "" ? undefined : expiresAt === "never" ? null : BigInt(expiresAt)
        }
      })
