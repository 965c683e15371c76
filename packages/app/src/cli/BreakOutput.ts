/** How breaks are shown. */
import { maskAccount, StoredBreak } from "@pointback/adapters"
import { Instant } from "@pointback/domain"
import type { Reconciled } from "../reconcile/ReconcileProgram.ts"
import type { Mended } from "../reconcile/Remedies.ts"
import * as Output from "./Output.ts"

/** A break as JSON; its age is counted to an instant, in whole days. */
export const json = (found: StoredBreak.StoredBreak, at: Instant.Instant): Output.Json => ({
  id: found.id,
  type: found.type,
  account: found.account,
  redemption: found.redemption,
  credit: found.credit,
  points: found.points,
  here: found.here.map(evidence),
  there: found.there.map(evidence),
  age: StoredBreak.ageOf(found.since, at),
  firstSeen: Instant.toString(found.firstSeen),
  lastSeen: Instant.toString(found.lastSeen),
  remedy: found.remedy,
  reason: found.reason
})

const evidence = ({ lots, ...record }: StoredBreak.Evidence): Output.Json => ({
  ...record,
  lots: lots === null ? null : lots.map((lot) => ({ ...lot }))
})

const HEAD = ["id", "type", "account", "redemption", "credit", "points", "age", "remedy", "reason"]

/** Breaks as a table for people. */
export const table = (breaks: ReadonlyArray<StoredBreak.StoredBreak>, at: Instant.Instant): string =>
  Output.table(
    HEAD,
    breaks.map((found) => cells(found, at, maskAccount(found.account))),
    new Set(["points", "age"])
  )

const cells = (found: StoredBreak.StoredBreak, at: Instant.Instant, account: string): ReadonlyArray<string> => [
  found.id,
  found.type,
  account,
  found.redemption ?? "",
  found.credit ?? "",
  found.points ?? "",
  `${StoredBreak.ageOf(found.since, at)} d`,
  found.remedy,
  found.reason
]

/** Breaks as CSV, for a spreadsheet: the same columns, with the whole account number. */
export const csv = (breaks: ReadonlyArray<StoredBreak.StoredBreak>, at: Instant.Instant): string =>
  [HEAD, ...breaks.map((found) => cells(found, at, found.account).map((cell) => cell.replace(/^(\d+) d$/, "$1")))]
    .map((row) => row.map(quoted).join(","))
    .join("\r\n")

// A spreadsheet would compute what begins like a formula.
const quoted = (cell: string): string => {
  const harmless = /^[=+@\t\r-]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** A break as JSON, with its state and the last run that saw it. */
export const withState = (found: StoredBreak.StoredBreak, at: Instant.Instant): Output.Json => ({
  ...(json(found, at) as { readonly [key: string]: Output.Json }),
  state: found.state,
  run: found.lastRun
})

/** What a reconciliation came to, as JSON. */
export const reconciled = (
  { at, breaks, counts, parked, program, run, source }: Reconciled,
  mended: ReadonlyArray<Mended>,
  dryRun: boolean
): Output.Json => ({
  run: dryRun ? null : run,
  program,
  source,
  at: Instant.toString(at),
  records: { here: counts.here, there: counts.there },
  matched: counts.matched,
  breaks: breaks.map((found) => json(found, at)),
  parked: parked.map((record) => ({ ...record })),
  mended: mended.map((one) => ({ ...one }))
})
