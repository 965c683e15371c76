/** `pointback demo`: the main job from start to end, readable at a glance. */
import { EventStore, type Exchange, Json as ExactJson, Verification } from "@pointback/adapters"
import { Fact, Instant, Journal, Points } from "@pointback/domain"
import { Console, Effect, type Layer, Result, Stream } from "effect"
import { Command } from "effect/cli"
import { bar } from "../cli/Bar.ts"
import { exitWith } from "../cli/Exit.ts"
import { ExitCode } from "../cli/ExitCode.ts"
import { JsonFlag } from "../cli/GlobalFlags.ts"
import * as Json from "../cli/Json.ts"
import * as Output from "../cli/Output.ts"
import type { AgingAnswer } from "../query/Aging.ts"
import * as Scenario from "./Scenario.ts"

/** The demo's command. */
export const demo = Command.make(
  "demo",
  {},
  Effect.fn("demo")(function* () {
    const equal = yield* (yield* JsonFlag) ? Effect.provide(tellAsJson, stage) : Effect.provide(tellAsText, stage)
    yield* exitWith(equal ? ExitCode.done : ExitCode.differences)
  })
).pipe(Command.withDescription("Show the main job on a fresh database and a sandbox"))

// Whatever keeps the stage from being set is printed by `Main`; nobody else looks at it.
const stage: Layer.Layer<Scenario.Stage, unknown> = Scenario.layer

const conclude = Effect.fnUntraced(function* (story: Scenario.Story) {
  const events = yield* history
  const verification = yield* Verification.verify(null)
  return { events, verification, equal: sameLots(story.before, story.after) && verification.count === 0 }
})

const tellAsText = Effect.gen(function* () {
  yield* Console.log(
    "Pointback gives redeemed points back to their original aging status.\n" +
      `Account ${Scenario.account}, on a fresh embedded database\nand a sandbox of Mastercard Digital Redemptions.`
  )
  let number = 0
  const story = yield* Scenario.tell((step) => Console.log(stepText(++number, step)))
  const { equal, events, verification } = yield* conclude(story)
  yield* Console.log(section("The event stream"))
  yield* Console.log(eventTable(events))
  yield* Console.log(section("The journal"))
  yield* Console.log(journalTable(events))
  yield* Console.log(conclusion(story.before, story.after, verification))
  return equal
})

const tellAsJson = Effect.gen(function* () {
  const steps: Array<Output.Json> = []
  const story = yield* Scenario.tell((step) =>
    Effect.sync(() => {
      const { aging, exchanges, note, title } = step
      steps.push({
        title,
        note,
        exchanges: exchanges.map((exchange) => ({ ...exchange })),
        aging: Json.aging(aging, true)
      })
    })
  )
  const { equal, events, verification } = yield* conclude(story)
  const stored = events.map(({ eventId, fact }) => ({
    eventId,
    stream: Fact.streamName(fact.stream),
    event: fact.event._tag
  }))
  yield* Console.log(JSON.stringify({ steps, events: stored, differences: verification.count, equal }))
  return equal
})

const section = (title: string): string => `\n━━ ${title} ${"━".repeat(Math.max(0, 74 - title.length))}\n`

const stepText = (number: number, { aging, exchanges, note, title }: Scenario.Step): string =>
  [
    section(`${number}  ${title}`).trimEnd(),
    ...(exchanges.length === 0 ? [] : ["", ...exchanges.flatMap(exchangeLines)]),
    "",
    `  ${note}`,
    "",
    ...agingLines(aging)
  ].join("\n")

const exchangeLines = ({ method, path, requestBody, responseBody, status }: Exchange): ReadonlyArray<string> => [
  `  ${method} ${path}`,
  ...indented("▶", pretty(requestBody)),
  ...indented(`◀ ${status}`, pretty(responseBody))
]

const indented = (mark: string, lines: string): ReadonlyArray<string> =>
  lines.split("\n").map((line, index) => `  ${index === 0 ? mark : " ".repeat(mark.length)} ${line}`)

// Read and written with numbers as they came: a balance in an answer is exact.
const pretty = (body: string): string =>
  Result.match(ExactJson.parse(body), {
    onSuccess: (json) => ExactJson.stringify(json, 2),
    onFailure: () => body
  })

/** A chart of what each lot holds, by the age of its points. */
const agingLines = ({ buckets, total }: AgingAnswer): ReadonlyArray<string> => {
  const widest = Math.max(...buckets.map(({ points }) => Points.toString(points).length))
  return [
    `  ${"days old".padEnd(9)} ${"points".padStart(Math.max(widest, 6))}`,
    ...buckets.map(({ bucket, points }) =>
      `  ${bucket.padEnd(9)} ${Points.toString(points).padStart(Math.max(widest, 6))}  ${bar(points, SCALE)}`.trimEnd()
    ),
    `  ${"balance".padEnd(9)} ${Points.toString(total).padStart(Math.max(widest, 6))}`
  ]
}

/** Points of a whole bar; the same in every chart, so that they can be compared. */
const SCALE = 100n * Points.UNITS_PER_POINT

const history = Effect.gen(function* () {
  const store = yield* EventStore.EventStore
  const account = yield* store.find(Scenario.program, Scenario.account)
  return account === null ? [] : yield* Stream.runCollect(store.readAccount(account))
})

const eventTable = (events: ReadonlyArray<EventStore.StoredEvent>): string =>
  Output.table(
    ["#", "stream", "version", "event", "what it says"],
    events.map(({ accountVersion, fact, version }) => [
      String(accountVersion),
      Fact.streamName(fact.stream),
      String(version),
      fact.event._tag,
      summary(fact.event)
    ]),
    new Set(["#", "version"])
  )

const summary = (event: Fact.Event): string => {
  switch (event._tag) {
    case "PointsEarned":
      return `${Points.toString(event.points)} in ${event.lotId}, expires ${day(event.expiresAt)}`
    case "Redeemed":
      return event.draws.map((draw) => `${Points.toString(draw.points)} ${draw.lotId}`).join(", ")
    case "CreditRequested":
      return `${event.creditId}: ${Points.toString(event.points)} (${event.mode})`
    case "PartiallyCredited":
    case "FullyCredited":
      return `${event.creditId}: ${Points.toString(event.points)}, remaining ${Points.toString(event.remaining)}`
    default:
      return ""
  }
}

const day = (at: Instant.Instant | null): string => (at === null ? "never" : Instant.toString(at).slice(0, 10))

const journalTable = (events: ReadonlyArray<EventStore.StoredEvent>): string =>
  Output.table(
    ["#", "debit", "credit", "points"],
    events.flatMap(({ accountVersion, fact }) =>
      Journal.entry(fact).map((posting) => [
        String(accountVersion),
        ledgerName(posting.debit, posting),
        ledgerName(posting.credit, posting),
        Points.toString(posting.points)
      ])
    ),
    new Set(["#", "points"])
  )

const ledgerName = (account: Journal.LedgerAccount, { lotId, redemptionId }: Journal.Posting): string => {
  if (account === "lot") return `lot : ${lotId}`
  return account === "redeemed" ? `redeemed : ${redemptionId}` : account
}

const sameLots = (before: AgingAnswer, after: AgingAnswer): boolean => lotLines(before) === lotLines(after)

const lotLines = ({ lots }: AgingAnswer): string =>
  lots.map((lot) => [lot.lotId, Points.toString(lot.points), lot.earnedAt, lot.expiresAt].join(" ")).join("\n")

const conclusion = (
  before: AgingAnswer,
  after: AgingAnswer,
  { count, events, postings }: Verification.Verification
): string => {
  const lots = after.lots.length
  const verified = count === 0 ? "no differences" : `${count} differences`
  return [
    "",
    sameLots(before, after)
      ? `✔ The aging after the full credit equals the aging before the redemption: ${lots} lots, the same points,\n` +
        "  the same earning dates, the same expiries."
      : "✘ The aging after the full credit differs from the aging before the redemption.",
    `${count === 0 ? "✔" : "✘"} verify: ${events} events and ${postings} postings, ${verified}.`
  ].join("\n")
}
