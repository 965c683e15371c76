/**
 * Appends the facts of some commands in one statement: accounts' versions, the partitions' heads, events with their
 * hashes, postings, read models and keys. One statement is one round trip and one commit, and the heads are held no
 * longer than it takes.
 *
 * A command whose account has moved on is left out, and its neighbours are none the worse for it.
 */
import { Fact, type Instant } from "@pointback/domain"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Tables } from "../database/Tables.ts"
import * as EventCodec from "./EventCodec.ts"
import type { AccountRef, AppendRequest, StoredEvent } from "./EventStore.ts"
import * as Lines from "./Lines.ts"
import { project } from "./Projection.ts"
import { lotRow, postingRow } from "./ReadModelRow.ts"
import * as Snapshot from "./Snapshot.ts"

/** A command's append, made ready. Commands of one batch are of different accounts. */
export interface Prepared {
  readonly account: AccountRef
  readonly request: AppendRequest
  readonly eventIds: ReadonlyArray<string>
}

/** What became of a command: its stored events; or its account has moved on, or its partition is held by others. */
export type Appended = ReadonlyArray<StoredEvent> | "conflict" | "busy"

/** All of it text, which every connection reads alike. */
interface Answer {
  readonly command: string
  readonly outcome: "appended" | "conflict" | "busy"
  readonly before: string | null
  readonly recorded: string | null
}

/**
 * Appends a batch; answers in the order of its commands. `wait` waits for heads that others hold, until the lock timeout;
 * otherwise what belongs to their partitions is answered as busy.
 */
export const append = async (
  kysely: Kysely<Tables>,
  schema: string,
  batch: ReadonlyArray<Prepared>,
  wait: boolean
): Promise<ReadonlyArray<Appended>> => {
  const lines = new BatchLines()
  const ready = batch.map((prepared, index) => lines.add(prepared, index + 1))
  const { rows } = await lines.statement(schema, wait).execute(kysely)
  const appended: Array<Appended> = Array.from({ length: batch.length }, () => "conflict")
  for (const { before, command, outcome, recorded } of rows) {
    const index = Number(command) - 1
    appended[index] =
      outcome === "appended" ? storedEvents(ready[index] as Ready, Number(before), BigInt(recorded as string)) : outcome
  }
  return appended
}

interface Versioned {
  readonly fact: Fact.Fact
  readonly origin: AppendRequest["facts"][number]["origin"]
  readonly eventId: string
  readonly version: number
  readonly accountVersion: number
}

interface Ready {
  readonly account: AccountRef
  readonly events: ReadonlyArray<Versioned>
  readonly streams: ReadonlyMap<string, number>
}

/** Hands out the versions that follow those of the decision. */
const withVersions = ({ account, eventIds, request }: Prepared): Ready => {
  const streams = new Map(request.loaded.streams)
  const events = request.facts.map(({ fact, origin }, index): Versioned => {
    const stream = Fact.streamName(fact.stream)
    const version = (streams.get(stream) ?? 0) + 1
    streams.set(stream, version)
    const accountVersion = request.loaded.version + index + 1
    return { fact, origin, eventId: eventIds[index] as string, version, accountVersion }
  })
  return { account, events, streams }
}

const storedEvents = ({ account, events }: Ready, before: number, last: Instant.Instant): ReadonlyArray<StoredEvent> =>
  events.map(({ accountVersion, eventId, fact, origin, version }, index) => ({
    account,
    position: before + index + 1,
    eventId,
    version,
    accountVersion,
    fact,
    recordedAt: last + BigInt(index + 1),
    correlationId: origin.correlationId,
    causationId: origin.causationId,
    idempotencyKey: origin.idempotencyKey,
    actor: origin.actor
  }))

const eventLine = (command: number, index: number, event: Versioned): string => {
  const { accountVersion, eventId, fact, origin, version } = event
  return Lines.line([
    command,
    index,
    eventId,
    Fact.streamName(fact.stream),
    version,
    accountVersion,
    fact.event._tag,
    Fact.SCHEMA_VERSION,
    EventCodec.toPayload(fact.event),
    EventCodec.instantText(fact.occurredAt),
    Lines.plain("a correlation id", origin.correlationId),
    Lines.plain("a causation id", origin.causationId),
    Lines.plain("a key", origin.idempotencyKey),
    Lines.plain("an actor", origin.actor)
  ])
}

/** The rows of every table, each with the number of its command. */
class BatchLines {
  readonly partitions: Array<number> = []
  readonly programs: Array<string> = []
  readonly accounts: Array<string> = []
  readonly numbers: Array<string | null> = []
  readonly scales: Array<number> = []
  readonly expected: Array<number> = []
  readonly counts: Array<number> = []
  readonly streamVersions: Array<number> = []
  readonly events: Array<string> = []
  readonly postings: Array<string> = []
  readonly lots: Array<string> = []
  readonly redemptions: Array<string> = []
  readonly keys: Array<string> = []

  add(prepared: Prepared, command: number): Ready {
    const ready = withVersions(prepared)
    const { account, request } = prepared
    const { loaded } = request
    this.partitions.push(account.partition)
    this.programs.push(account.program)
    this.accounts.push(account.key)
    this.numbers.push(loaded.account === null ? request.target.account : null)
    this.scales.push(loaded.policy.scale)
    this.expected.push(loaded.version)
    this.counts.push(ready.events.length)
    this.streamVersions.push(ready.streams.get(ACCOUNT_STREAM) ?? 0)
    ready.events.forEach((event, index) => this.events.push(eventLine(command, index + 1, event)))
    this.addRows(command, request, ready)
    for (const { content, key, kind, refusal } of request.keys) {
      const refused = refusal === null ? null : JSON.stringify(refusal)
      this.keys.push(Lines.line([command, kind, Lines.plain("a key", key), Lines.plain("a content", content), refused]))
    }
    return ready
  }

  private addRows(command: number, { facts, loaded }: AppendRequest, { streams }: Ready): void {
    if (facts.length === 0) return
    const { lots, postings, redemptions } = project(
      loaded.state,
      facts.map(({ fact }) => fact)
    )
    for (const posting of postings) {
      this.postings.push(Lines.line([command, posting.index + 1, ...Object.values(postingRow(posting))]))
    }
    for (const lot of lots) this.lots.push(Lines.line([command, ...Object.values(lotRow(lot))]))
    for (const state of redemptions) {
      const stream = Fact.streamName(Fact.redemptionStream(state.redemption.redemptionId))
      const row = Snapshot.row(state, streams.get(stream) as number)
      this.redemptions.push(Lines.line([command, ...Object.values(row)]))
    }
  }

  statement(schema: string, wait: boolean) {
    const numbers = this.numbers.some((number) => number !== null) ? this.numbers : null
    return sql<Answer>`select command::text, outcome, before::text, recorded from ${sql.id(schema, "append_batch")}(${wait}::boolean, ${this.partitions}::int[],
      ${this.programs}::text[], ${this.accounts}::text[], ${numbers}::text[], ${this.scales}::int[],
      ${this.expected}::bigint[], ${this.counts}::int[], ${this.streamVersions}::bigint[],
      ${Lines.text(this.events)}::text, ${Lines.text(this.postings)}::text, ${Lines.text(this.lots)}::text,
      ${Lines.text(this.redemptions)}::text, ${Lines.text(this.keys)}::text)`
  }
}

const ACCOUNT_STREAM = Fact.streamName(Fact.accountStream)
