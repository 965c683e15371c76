/** `pointback restatement` */
import { type Aging, Ids, Points } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command } from "effect/cli"
import { restatement as ask, type RestatementAnswer } from "../../query/Restatement.ts"
import { withBackend } from "../Backend.ts"
import * as Clocks from "../Clocks.ts"
import * as EntryTable from "../EntryTable.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"
import * as QuestionJson from "../QuestionJson.ts"
import * as Report from "../Report.ts"

export const restatement = Command.make(
  "restatement",
  {
    program: Flags.program,
    account: Flags.accountOrAll,
    asOf: Clocks.asOf,
    basis: Flags.basis,
    knownFrom: Clocks.knowledge("known-from", "The earlier knowledge: what was recorded by this instant or date"),
    knownTo: Clocks.knowledge("known-to", "The later knowledge: what was recorded by this instant or date"),
    format: Report.format
  },
  Effect.fn("restatement")(function* (flags) {
    const { knownAt, program, zone } = yield* Clocks.read({ ...flags, knownAt: Option.some(flags.knownTo) })
    const knownFrom = yield* Input.moment(program, "known-from", flags.knownFrom)
    const account = yield* Input.optional(Ids.AccountNumber, "account", flags.account)
    const asOf = yield* Clocks.orNow(zone, "as-of", flags.asOf)
    const answer = yield* ask({ program, account, asOf, basis: flags.basis, knownFrom, knownTo: knownAt ?? asOf })
    yield* Report.answer(flags.format, {
      json: () => QuestionJson.restatement(answer),
      text: () => text(answer),
      csv: () => toCsv(answer)
    })
  }, withBackend)
).pipe(Command.withDescription("What was learned later about an instant: which numbers moved, and by which events"))

const change = (before: Points.Points, after: Points.Points): string =>
  `${after > before ? "+" : ""}${Points.toString(after - before)}`

const text = (answer: RestatementAnswer): string => {
  const { account, after, asOf, before, events, knownFrom, knownTo, lots, program } = answer
  const whose = account === null ? `program ${program}` : `account ${account}`
  const clocks = `known at ${Output.instantText(knownFrom)}, and at ${Output.instantText(knownTo)}`
  return [
    `${whose} as of ${Output.instantText(asOf)}: ${Points.toString(before.total)}, then ` +
      `${Points.toString(after.total)} points (${change(before.total, after.total)}), as ${clocks}`,
    ...(answer.buckets.length === 0 ? ["no bucket moved"] : ["", bucketTable(answer)]),
    ...(lots.length === 0 ? ["no lot moved"] : ["", lotTable(answer)]),
    ...(events.length === 0 ? [] : ["", "because of", EntryTable.text(events)])
  ].join("\n")
}

const pointsOf = (bucket: Aging.Bucket | null): Points.Points => bucket?.points ?? 0n

const NUMERIC = new Set(["before", "after", "change"])

const bucketTable = ({ basis, buckets }: RestatementAnswer): string =>
  Output.table(
    [basis === "age" ? "days old" : "days to expiry", "before", "after", "change"],
    buckets.map(({ after, before, bucket }) => [
      bucket,
      Points.toString(pointsOf(before)),
      Points.toString(pointsOf(after)),
      change(pointsOf(before), pointsOf(after))
    ]),
    NUMERIC
  )

const lotTable = ({ lots }: RestatementAnswer): string =>
  Output.table(
    ["account", "lot", "before", "after", "change", "earned", "expires"],
    lots.map(({ after, before, earnedAt, expiresAt, lotId, number }) => [
      number,
      lotId,
      Points.toString(before.points),
      Points.toString(after.points),
      change(before.points, after.points),
      Output.instantText(earnedAt),
      Output.instantText(expiresAt)
    ]),
    NUMERIC
  )

// The events: what moved them is what a reader goes on with.
const toCsv = ({ events }: RestatementAnswer): string => EntryTable.toCsv(events)
