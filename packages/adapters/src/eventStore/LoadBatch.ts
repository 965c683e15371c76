/**
 * Loads what some decisions need in one statement, hence in one round trip, each as one consistent picture: policies,
 * accounts' versions, the lots of the selections with what moved after the horizons, redemptions, keys.
 */
import type { Account, Ids } from "@pointback/domain"
import { Fact, type Lots, Movements, Points, Policy, type Redemption } from "@pointback/domain"
import { HashMap, HashSet, Schema } from "effect"
import type { Kysely } from "kysely"
import { sql } from "kysely"
import { moment } from "../database/Moment.ts"
import type { Tables } from "../database/Tables.ts"
import type { AccountRef, Key, KeyKind, KeyRecord, Loaded, LoadRequest, LotSelection } from "./EventStore.ts"
import * as Lines from "./Lines.ts"
import * as Snapshot from "./Snapshot.ts"

/** Runs the statement; answers in the order of the requests. */
export const load = async (
  kysely: Kysely<Tables>,
  schema: string,
  requests: ReadonlyArray<LoadRequest>
): Promise<ReadonlyArray<Loaded>> => {
  const { rows } = await statement(schema, requests).execute(kysely)
  const bodies = new Map<string, Array<ReadonlyArray<string>>>()
  for (const { body, kind } of rows) bodies.set(kind, [...(bodies.get(kind) ?? []), ...Lines.parse(body)])
  const picture = new Picture(requests)
  for (const fields of bodies.get("programs") ?? []) picture.program(fields)
  for (const fields of bodies.get("accounts") ?? []) picture.account(fields)
  for (const [index, { body, kind }] of rows.entries()) {
    if (kind !== "lots") continue
    // What moved in these lots follows them.
    const next = rows[index + 1]
    if (next?.kind === "movements") for (const fields of Lines.parse(next.body)) picture.movement(fields)
    for (const fields of Lines.parse(body)) picture.lot(fields)
  }
  for (const fields of bodies.get("redemptions") ?? []) picture.redemption(fields)
  for (const fields of bodies.get("keys") ?? []) picture.key(fields)
  return picture.loaded()
}

const statement = (schema: string, requests: ReadonlyArray<LoadRequest>) => {
  const selections: Selections = { lotCommands: [], lots: [], ranges: [], redemptions: new Map() }
  const keys: Array<string> = []
  requests.forEach((request, index) => {
    const command = index + 1
    for (const redemptionId of request.redemptions) redemption(selections, command, redemptionId).state = true
    for (const selection of request.lots) select(selection, command, selections)
    for (const { key, kind } of request.keys) keys.push(Lines.line([command, kind, Lines.plain("a key", key)]))
  })
  const { lotCommands, lots, ranges } = selections
  const redemptions = Array.from(selections.redemptions.values(), ({ command, lots, redemptionId, state }) =>
    Lines.line([command, redemptionId, state ? "t" : null, lots ? "t" : null])
  )
  return sql<{ kind: string; body: string | null }>`select * from ${sql.id(schema, "load_batch")}(
    ${requests.map(({ program }) => program)}::text[], ${requests.map(({ account }) => account)}::text[],
    ${requests.map(({ horizon }) => moment(horizon))}::timestamptz[], ${orNull(lotCommands)}::int[],
    ${orNull(lots)}::text[], ${Lines.text(ranges)}::text, ${Lines.text(redemptions)}::text, ${Lines.text(keys)}::text)`
}

const orNull = <A>(items: ReadonlyArray<A>): ReadonlyArray<A> | null => (items.length === 0 ? null : items)

/** A redemption that is asked for: its state, the lots that it drew from, or both. */
interface WantedRedemption {
  readonly command: number
  readonly redemptionId: Ids.RedemptionId
  state: boolean
  lots: boolean
}

interface Selections {
  readonly lotCommands: Array<number>
  readonly lots: Array<Ids.LotId>
  readonly ranges: Array<string>
  readonly redemptions: Map<string, WantedRedemption>
}

const redemption = ({ redemptions }: Selections, command: number, redemptionId: Ids.RedemptionId): WantedRedemption => {
  const name = `${command} ${redemptionId}`
  const wanted = redemptions.get(name) ?? { command, redemptionId, state: false, lots: false }
  redemptions.set(name, wanted)
  return wanted
}

const select = (selection: LotSelection, command: number, selections: Selections): void => {
  switch (selection._tag) {
    case "All":
      selections.ranges.push(Lines.line([command, "all"]))
      return
    case "Spendable":
      selections.ranges.push(Lines.line([command, "spendable", moment(selection.at)]))
      return
    case "Named":
      for (const lotId of selection.lotIds) {
        selections.lotCommands.push(command)
        selections.lots.push(lotId)
      }
      return
    case "DrawnBy":
      redemption(selections, command, selection.redemptionId).lots = true
      return
    case "ToSweep":
      selections.ranges.push(Lines.line([command, "toSweep", moment(selection.asOf)]))
      return
  }
}

const decodePolicy = Schema.decodeUnknownSync(Policy.Policy)

interface Drawing {
  account: AccountRef | null
  number: Ids.AccountNumber
  version: number
  readonly streams: Map<string, number>
  readonly movements: Map<string, Array<Movements.Movement>>
  readonly lots: Map<Ids.LotId, Lots.Lot>
  readonly redemptions: Array<readonly [Ids.RedemptionId, Redemption.RedemptionState]>
  readonly keys: Array<KeyRecord>
}

/** What the answer says of each request, line by line. */
class Picture {
  readonly #requests: ReadonlyArray<LoadRequest>
  readonly #drawings: ReadonlyArray<Drawing>
  readonly #policies = new Map<string, Policy.Policy>()

  constructor(requests: ReadonlyArray<LoadRequest>) {
    this.#requests = requests
    this.#drawings = requests.map(({ account }) => ({
      account: null,
      number: account,
      version: 0,
      streams: new Map(),
      movements: new Map(),
      lots: new Map(),
      redemptions: [],
      keys: []
    }))
  }

  #of(command: string | undefined): Drawing {
    return this.#drawings[Number(command) - 1] as Drawing
  }

  program([program, policy]: ReadonlyArray<string>): void {
    const decoded = policy === undefined || policy === "" ? Policy.initial : decodePolicy(JSON.parse(policy))
    this.#policies.set(program as string, decoded)
  }

  account([command, partition, key, version, streamVersion, replacedBy]: ReadonlyArray<string>): void {
    const drawing = this.#of(command)
    const { program } = this.#requests[Number(command) - 1] as LoadRequest
    drawing.account = { program, key: key as Ids.AccountKey, partition: Number(partition) }
    drawing.version = Number(version)
    if (replacedBy !== undefined) drawing.number = replacedBy as Ids.AccountNumber
    drawing.streams.set(ACCOUNT_STREAM, Number(streamVersion))
  }

  movement([command, lotId, at, points]: ReadonlyArray<string>): void {
    const { lots, movements } = this.#of(command)
    // An earlier answer had the lot with its movements.
    if (lots.has(lotId as Ids.LotId)) return
    const ofLot = movements.get(lotId as string) ?? []
    ofLot.push({ at: BigInt(at as string), points: Points.fromStringUnsafe(points as string) })
    movements.set(lotId as string, ofLot)
  }

  lot(fields: ReadonlyArray<string>): void {
    const [command, id, earnedAt, expiresAt, openedAt, total, granted, restored, booked, swept] = fields
    const { lots, movements } = this.#of(command)
    const lotId = id as Ids.LotId
    // Several selections may name a lot.
    if (lots.has(lotId)) return
    lots.set(lotId, {
      lotId,
      earnedAt: BigInt(earnedAt as string),
      expiresAt: expiresAt === "" ? null : BigInt(expiresAt as string),
      openedAt: BigInt(openedAt as string),
      total: Points.fromStringUnsafe(total as string),
      granted: Points.fromStringUnsafe(granted as string),
      restored: Points.fromStringUnsafe(restored as string),
      later: Movements.fromIterable(movements.get(lotId) ?? []),
      booked: Points.fromStringUnsafe(booked as string),
      swept: swept === "true"
    })
  }

  redemption([command, ...row]: ReadonlyArray<string>): void {
    const { redemptions, streams } = this.#of(command)
    const loaded = row as unknown as Snapshot.LoadedRow
    const redemptionId = loaded[0] as Ids.RedemptionId
    redemptions.push([redemptionId, Snapshot.fromRow(loaded)])
    streams.set(Fact.streamName(Fact.redemptionStream(redemptionId)), Number(loaded[4]))
  }

  key([command, kind, key, content, refusal]: ReadonlyArray<string>): void {
    this.#of(command).keys.push({
      kind: kind as KeyKind,
      key: key as string,
      content: content as string,
      refusal: refusal === "" ? null : JSON.parse(refusal as string)
    })
  }

  loaded(): ReadonlyArray<Loaded> {
    return this.#requests.map((request, index): Loaded => {
      const { account, keys, lots, number, redemptions, streams, version } = this.#drawings[index] as Drawing
      const policy = this.#policies.get(request.program)
      const state: Account.Account = {
        lots: { horizon: request.horizon, byId: HashMap.fromIterable(lots) },
        redemptions: HashMap.fromIterable(redemptions),
        creditIds: HashSet.fromIterable(keys.filter(isBooked).map(({ key }) => key as Ids.CreditId))
      }
      return {
        programKnown: policy !== undefined,
        policy: policy ?? Policy.initial,
        account,
        number,
        version,
        state,
        keys,
        streams
      }
    })
  }
}

// A credit that was asked for and declined has a key too, and is answered by it before anything is decided.
const isBooked = ({ kind, refusal }: Key & { readonly refusal: unknown }): boolean =>
  kind === "credit" && refusal === null

const ACCOUNT_STREAM = Fact.streamName(Fact.accountStream)
