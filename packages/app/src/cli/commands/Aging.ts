/** `pointback aging` */
import { Ids, Instant, Points } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { AgingAnswer } from "../../query/Aging.ts"
import { aging as ask } from "../../query/Aging.ts"
import { withBackend } from "../Backend.ts"
import { bar } from "../Bar.ts"
import * as Clocks from "../Clocks.ts"
import { csv, exact } from "../Csv.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"
import * as Report from "../Report.ts"

export const aging = Command.make(
  "aging",
  {
    program: Flags.program,
    account: Flags.accountOrAll,
    asOf: Clocks.asOf,
    knownAt: Clocks.knownAt,
    basis: Flags.basis,
    boundaries: Flag.String("boundaries").pipe(
      Flag.withDescription("Upper bounds of the buckets in days, such as 30,60,90 [those of the program's policy]"),
      Flag.withMetavar("days,…"),
      Flag.optional
    ),
    lots: Flag.Boolean("lots").pipe(Flag.withDescription("List the lots as well"), Flag.withDefault(false)),
    format: Report.format
  },
  Effect.fn("aging")(function* (flags) {
    const { knownAt, program, zone } = yield* Clocks.read(flags)
    const account = yield* Input.optional(Ids.AccountNumber, "account", flags.account)
    const asOf = yield* Clocks.orNow(zone, "as-of", flags.asOf)
    const boundaries = Option.isNone(flags.boundaries)
      ? undefined
      : yield* Input.boundaries("boundaries", flags.boundaries.value)
    const { basis, format, lots: withLots } = flags
    const answer = yield* ask({ program, account, asOf, knownAt, basis, boundaries, withLots })
    yield* Report.answer(format, {
      json: () => Json.aging(answer, withLots),
      text: () => text(answer, withLots),
      csv: () => (withLots ? lotsCsv(answer) : bucketsCsv(answer))
    })
  }, withBackend)
).pipe(Command.withDescription("Which points are held, how old they are or how soon they expire"))

const NUMERIC = new Set(["points", "lots", "accounts", "restored"])

const text = (answer: AgingAnswer, withLots: boolean): string => {
  const { account, asOf, basis, buckets, total } = answer
  const title = basis === "age" ? "days old" : "days to expiry"
  const rows = buckets.map((bucket) => [
    bucket.bucket,
    Points.toString(bucket.points),
    String(bucket.lots),
    String(bucket.accounts),
    Points.toString(bucket.restored),
    bar(bucket.points, total)
  ])
  return [
    `${Output.pointsText(total)} ${account === null ? `in program ${answer.program}` : `in account ${account}`} ` +
      `as of ${Output.instantText(asOf)} (${Clocks.text(answer)})`,
    Output.table([title, "points", "lots", "accounts", "restored", ""], rows, NUMERIC),
    ...(withLots ? ["", lotTable(answer)] : [])
  ].join("\n")
}

const lotTable = ({ lots }: AgingAnswer): string =>
  Output.table(
    ["account", "lot", "points", "restored", "earned", "expires"],
    lots.map((lot) => [
      lot.number,
      lot.lotId,
      Points.toString(lot.points),
      Points.toString(lot.restored),
      Output.instantText(lot.earnedAt),
      Output.instantText(lot.expiresAt)
    ]),
    NUMERIC
  )

const bucketsCsv = ({ buckets }: AgingAnswer): string =>
  csv(
    ["bucket", "points", "lots", "accounts", "restored"],
    buckets.map(({ accounts, bucket, lots, points, restored }) => [
      exact(bucket),
      exact(Points.toString(points)),
      exact(lots),
      exact(accounts),
      exact(Points.toString(restored))
    ])
  )

const lotsCsv = ({ lots }: AgingAnswer): string =>
  csv(
    ["account", "lot", "points", "earnedAt", "expiresAt", "restored"],
    lots.map(({ earnedAt, expiresAt, lotId, number, points, restored }) => [
      number,
      lotId,
      exact(Points.toString(points)),
      exact(Instant.toString(earnedAt)),
      expiresAt === null ? null : exact(Instant.toString(expiresAt)),
      exact(Points.toString(restored))
    ])
  )
