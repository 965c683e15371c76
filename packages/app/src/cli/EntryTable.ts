/** Lines of the ledger for people, and as CSV. */
import type { NumberedEntry } from "@pointback/adapters"
import { Instant, Points } from "@pointback/domain"
import { csv, exact } from "./Csv.ts"
import * as Output from "./Output.ts"

const TITLES = ["at", "account", "lot", "column", "points", "event", "recorded", "redemption", "credit"]

/** A table; a line that no sweep has booked yet has no event. */
export const text = (entries: ReadonlyArray<NumberedEntry>): string =>
  Output.table(
    TITLES,
    entries.map(({ at, column, event, lotId, number, points }) => [
      Output.instantText(at),
      number,
      lotId,
      column,
      Points.toString(points),
      event?.type ?? "(not booked yet)",
      event === null ? "" : Output.instantText(event.recordedAt),
      event?.redemptionId ?? "",
      event?.creditId ?? ""
    ]),
    new Set(["points"])
  )

/** Every field of a line, with the event's id. */
export const toCsv = (entries: ReadonlyArray<NumberedEntry>): string =>
  csv(
    ["at", "account", "lot", "column", "points", "eventId", "type", "recordedAt", "redemption", "credit"],
    entries.map(({ at, column, event, lotId, number, points }) => [
      exact(Instant.toString(at)),
      number,
      lotId,
      exact(column),
      exact(Points.toString(points)),
      exact(event?.eventId ?? ""),
      exact(event?.type ?? ""),
      exact(event === null ? "" : Instant.toString(event.recordedAt)),
      event?.redemptionId ?? null,
      event?.creditId ?? null
    ])
  )
