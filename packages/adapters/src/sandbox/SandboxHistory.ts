/**
 * The history of an account: redemptions and credits, newest first.
 *
 * A chain and no array: an entry is put in front of what was there, which costs the same however long the history is,
 * and a state of the bank that somebody still holds keeps the history that it had.
 */
import type { Instant } from "@pointback/domain"

/** An entry of an account's history. */
export interface SandboxEntry {
  readonly kind: "redemption" | "credit"
  readonly id: string
  readonly points: bigint
  readonly at: Instant.Instant
  readonly redemptionType: string
  /** The redemption that a credit gives back. */
  readonly creditOf: string | undefined
}

interface Link {
  readonly entry: SandboxEntry
  readonly older: SandboxHistory
}

/** A history, newest entry first; of entries of one instant, the one that was added last is first. */
export type SandboxHistory = Link | undefined

/** No entries. */
export const empty: SandboxHistory = undefined

/** Puts an entry where its instant belongs. */
export const add = (history: SandboxHistory, entry: SandboxEntry): SandboxHistory => {
  const newer: Array<SandboxEntry> = []
  let older = history
  while (older !== undefined && older.entry.at > entry.at) {
    newer.push(older.entry)
    older = older.older
  }
  return newer.reduceRight<SandboxHistory>((rest, entry) => ({ entry, older: rest }), { entry, older })
}

/** Which part of a history is asked for. */
export interface Extract {
  readonly from: Instant.Instant
  readonly before: Instant.Instant
  readonly offset: number
  readonly limit: number
}

/** The entries of a period, newest first, without the first `offset` and at most `limit`. */
export const extract = (
  history: SandboxHistory,
  { before, from, limit, offset }: Extract
): ReadonlyArray<SandboxEntry> => {
  const entries: Array<SandboxEntry> = []
  let skipped = 0
  for (let link = history; link !== undefined && link.entry.at >= from && entries.length < limit; link = link.older) {
    if (link.entry.at >= before) continue
    if (skipped < offset) skipped++
    else entries.push(link.entry)
  }
  return entries
}
