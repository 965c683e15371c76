/**
 * Loads what a decision needs in one statement, hence as one consistent picture in one round trip: the policy, the
 * account's version, the lots of the selection with what moved after the horizon, the redemptions' events, the keys.
 */
import { Account, Fact, Ids, Instant, type Lots, Movements, Points, Policy } from "@pointback/domain"
import { HashMap, Schema } from "effect"
import type { Kysely, RawBuilder } from "kysely"
import { sql } from "kysely"
import type { Tables } from "../database/Tables.ts"
import type { EventRow } from "./EventRow.ts"
import { toStoredEvent } from "./EventRow.ts"
import type { KeyRecord, Loaded, LoadRequest, LotSelection, StoredEvent } from "./EventStore.ts"

type LotTuple = readonly [
  lotId: string,
  earnedAt: string,
  expiresAt: string | null,
  openedAt: string,
  total: string,
  granted: string,
  booked: string,
  swept: boolean
]
type MovementTuple = readonly [lotId: string, at: string, points: string]

interface Picture {
  readonly programKnown: boolean
  readonly policy: unknown
  readonly account: { readonly key: string; readonly partition: number; readonly version: number } | null
  readonly lots: ReadonlyArray<LotTuple>
  readonly later: ReadonlyArray<MovementTuple>
  readonly events: ReadonlyArray<EventRow>
  readonly keys: ReadonlyArray<KeyRecord>
  readonly accountStream: number
}

/** Runs the statement. */
export const load = async (kysely: Kysely<Tables>, request: LoadRequest, signal: AbortSignal): Promise<Loaded> => {
  const result = await statement(request).execute(kysely, { signal })
  const picture = JSON.parse((result.rows[0] as { picture: string }).picture) as Picture
  return toLoaded(picture, request)
}

const statement = (request: LoadRequest) => {
  const { horizon, keys, program, redemptions } = request
  const streams = redemptions.map((redemptionId) => Fact.streamName(Fact.redemptionStream(redemptionId)))
  const wanted = JSON.stringify(keys.map(({ key, kind }) => ({ kind, key })))
  return sql<{ picture: string }>`
    with account as (
      select a.partition, a.program, a.account_key, a.version
      from account_numbers n join accounts a using (partition, program, account_key)
      where n.program = ${program} and n.account_number = ${request.account}
    ), chosen as (
      select l.* from lots l join account a using (partition, program, account_key)
      where ${selected(request.lots)}
    )
    select json_build_object(
      'programKnown', exists (select from programs where program = ${program}),
      'policy', (select policy from policies where program = ${program} order by version desc limit 1),
      'account', (select json_build_object('key', account_key, 'partition', partition, 'version', version) from account),
      'lots', (
        select coalesce(json_agg(json_build_array(
          lot_id, earned_at, expires_at, opened_at, total::text, granted::text, booked::text, swept)), '[]')
        from chosen
      ),
      'later', (
        select coalesce(json_agg(
          json_build_array(p.lot_id, p.occurred_at, (case when p.credit = 'lot' then p.points else -p.points end)::text)
          order by p.occurred_at, p.position, p.line), '[]')
        from postings p join account a using (partition, program, account_key)
        where p.occurred_at > ${Instant.toString(horizon)}::timestamptz
          and 'lot' in (p.debit, p.credit) and 'expiredByTime' not in (p.debit, p.credit)
          and p.lot_id in (select lot_id from chosen)
      ),
      'events', (
        select coalesce(json_agg(row_to_json(e) order by e.account_version), '[]')
        from events e join account a using (partition, program, account_key)
        where e.stream = any(array(select json_array_elements_text(${JSON.stringify(streams)}::json)))
      ),
      'accountStream', coalesce((
        select e.version from events e join account a using (partition, program, account_key)
        where e.stream = ${Fact.streamName(Fact.accountStream)} order by e.version desc limit 1), 0),
      'keys', (
        select coalesce(json_agg(json_build_object(
          'kind', k.kind, 'key', k.key, 'content', k.content, 'refusal', k.refusal)), '[]')
        from idempotency_keys k join account a using (partition, program, account_key)
        join json_to_recordset(${wanted}::json) as w (kind text, key text) on w.kind = k.kind and w.key = k.key
      )
    )::text as picture`
}

const selected = (selection: LotSelection): RawBuilder<unknown> => {
  switch (selection._tag) {
    case "None":
      return sql`false`
    case "All":
      return sql`true`
    case "Spendable":
      // Also lots that hold nothing any more and did then: a late redemption answers the balance of its instant.
      return sql`(l.expires_at is null or l.expires_at > ${Instant.toString(selection.at)}::timestamptz)
        and (l.total > 0 or l.lot_id in (
          select p.lot_id from postings p
          where (p.partition, p.program, p.account_key) = (a.partition, a.program, a.account_key)
            and p.occurred_at > ${Instant.toString(selection.at)}::timestamptz))
        or ${isOneOf(selection.named ?? [])}`
    case "Named":
      return isOneOf(selection.lotIds)
    case "DrawnBy":
      return sql`l.lot_id in (
        select p.lot_id from postings p
        where (p.partition, p.program, p.account_key) = (a.partition, a.program, a.account_key)
          and p.redemption_id = ${selection.redemptionId} and p.debit = 'lot' and p.credit = 'redeemed')`
    case "ToSweep":
      return sql`l.expires_at <= ${Instant.toString(selection.asOf)}::timestamptz and l.total <> l.booked`
  }
}

const isOneOf = (lotIds: ReadonlyArray<Ids.LotId>): RawBuilder<unknown> =>
  sql`l.lot_id = any(array(select json_array_elements_text(${JSON.stringify(lotIds)}::json)))`

const decodePolicy = Schema.decodeUnknownSync(Policy.Policy)

const toLoaded = (picture: Picture, request: LoadRequest): Loaded => {
  const events = picture.events.map(toStoredEvent)
  return {
    programKnown: picture.programKnown,
    policy: picture.policy === null ? Policy.initial : decodePolicy(picture.policy),
    account:
      picture.account === null
        ? null
        : {
            program: request.program,
            key: Ids.AccountKey.make(picture.account.key),
            partition: picture.account.partition
          },
    version: picture.account?.version ?? 0,
    state: { ...toRedemptions(events), lots: toLots(picture, request.horizon) },
    events,
    keys: picture.keys,
    streams: lastVersions(picture.accountStream, events)
  }
}

// Redemption streams are loaded whole, so their last event has their last version.
const lastVersions = (accountStream: number, events: ReadonlyArray<StoredEvent>): ReadonlyMap<string, number> =>
  new Map([
    [Fact.streamName(Fact.accountStream), accountStream],
    ...events.map(({ fact, version }): [string, number] => [Fact.streamName(fact.stream), version])
  ])

const toLots = (picture: Picture, horizon: Instant.Instant): Lots.Lots => {
  const later = new Map<string, Array<Movements.Movement>>()
  for (const [lotId, at, amount] of picture.later) {
    const movements = later.get(lotId) ?? []
    movements.push({ at: Instant.fromStringUnsafe(at), points: Points.fromStringUnsafe(amount) })
    later.set(lotId, movements)
  }
  const lots = picture.lots.map((tuple): [Ids.LotId, Lots.Lot] => {
    const [id, earnedAt, expiresAt, openedAt, total, granted, booked, swept] = tuple
    const lotId = Ids.LotId.make(id)
    const lot: Lots.Lot = {
      lotId,
      earnedAt: Instant.fromStringUnsafe(earnedAt),
      expiresAt: expiresAt === null ? null : Instant.fromStringUnsafe(expiresAt),
      openedAt: Instant.fromStringUnsafe(openedAt),
      total: Points.fromStringUnsafe(total),
      granted: Points.fromStringUnsafe(granted),
      later: Movements.fromIterable(later.get(id) ?? []),
      booked: Points.fromStringUnsafe(booked),
      swept
    }
    return [lotId, lot]
  })
  return { horizon, byId: HashMap.fromIterable(lots) }
}

const toRedemptions = (events: ReadonlyArray<StoredEvent>): Account.Account =>
  // The streams' events alone: the lots that they move were loaded as they are now.
  events.reduce((account, stored) => Account.evolveRedemption(account, stored.fact), Account.empty)
