/** The live lots of one account, by the function that looks up its lots and the postings that say what they held. */
import { type Ids, type Instant, Lots, Points, Policy } from "@pointback/domain"
import { Schema } from "effect"
import { CompiledQuery, type Kysely } from "kysely"
import { fromSent, moment, SENT_LENGTH } from "../database/Moment.ts"
import type { Tables } from "../database/Tables.ts"
import * as Lines from "../eventStore/Lines.ts"
import type { AccountLots, AccountLotsQuestion, NumberedLot } from "./AgingStore.ts"

/** Policies that are remembered as they were read; a program has few, and they are asked for again and again. */
const REMEMBERED_POLICIES = 256

const decodePolicy = Schema.decodeUnknownSync(Schema.fromJsonString(Policy.Policy))

const policies = new Map<string, Policy.Policy>()

const policyOf = (text: string): Policy.Policy => {
  if (text === "") return Policy.initial
  const known = policies.get(text)
  if (known !== undefined) return known
  if (policies.size === REMEMBERED_POLICIES) policies.clear()
  const policy = decodePolicy(text)
  policies.set(text, policy)
  return policy
}

/** The fields of the first line; one that is missing is empty. */
type Head = readonly [safe: string, known: string, policy: string, partition: string, key: string, present: string]

// Always the same text, and so it is not built and compiled for each question. A schema's name is one word (`SchemaName`).
const statement = (schema: string): string =>
  `select "${schema}"."account_lots"($1, $2, $3::timestamptz, $4::timestamptz) as body`

/** Asks; the answer is one text, whatever a host's connection makes of other types. */
export const ask = async (
  kysely: Kysely<Tables>,
  schema: string,
  { account: number, asOf, knownAt, program }: AccountLotsQuestion,
  signal: AbortSignal
): Promise<AccountLots> => {
  const parameters = [program, number, moment(asOf), knownAt === null ? null : moment(knownAt)]
  const query = CompiledQuery.raw(statement(schema), parameters)
  const { rows } = await kysely.executeQuery<{ readonly body: string }>(query, { signal })
  const body = rows[0]?.body ?? ""
  const first = Lines.endOfLine(body, 0)
  const [safe, known, policy, partition, key, present] = Lines.fields(body.slice(0, first)) as unknown as Head
  const lots = lotsOf(body, first + 1, present, key as Ids.AccountKey)
  return {
    programKnown: known !== "",
    policy: policyOf(policy),
    account: key === "" ? null : { program, key: key as Ids.AccountKey, partition: Number(partition) },
    lots: lots.sort(Lots.compareForDraw),
    safe: safe === "" ? null : BigInt(safe)
  }
}

// An account has hundreds of lines, and is asked about all day long: cutting each into a list of its fields first takes
// twice as long. Ids were checked when they were written, and stand in a row of ours.
const lotsOf = (body: string, from: number, number: string, account: Ids.AccountKey): Array<NumberedLot> => {
  const lots: Array<NumberedLot> = []
  let end: number
  for (let start = from; start < body.length; start = end + 1) {
    end = Lines.endOfLine(body, start)
    const expiresAt = start + SENT_LENGTH
    const lotId = expiresAt + SENT_LENGTH
    const held = Lines.nextField(body, lotId)
    const restored = Lines.nextField(body, held)
    const points = amount(body, held, restored - 1)
    if (points <= 0n) continue
    lots.push({
      number,
      account,
      lotId: body.slice(lotId, held - 1) as Ids.LotId,
      earnedAt: fromSent(body, start) as Instant.Instant,
      expiresAt: fromSent(body, expiresAt),
      points,
      // What credits put back may have been spent again.
      restored: Points.min(amount(body, restored, end), points)
    })
  }
  return lots
}

const POINT = 46

// Most amounts are whole, and are read several times as fast; none is nothing.
const amount = (body: string, from: number, to: number): Points.Points => {
  for (let place = from; place < to; place++) {
    if (body.charCodeAt(place) === POINT) return Points.fromStringUnsafe(body.slice(from, to))
  }
  return Lines.integer(body, from, to) * Points.UNITS_PER_POINT
}
