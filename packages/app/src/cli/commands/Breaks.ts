/** `pointback breaks`, `pointback breaks accept` */
import { ReconciliationStore, type StoredBreak } from "@pointback/adapters"
import { Ids, type Instant, Points, ReconciliationBreak, Text } from "@pointback/domain"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { now } from "../../command/Now.ts"
import { withBackend } from "../Backend.ts"
import * as BreakOutput from "../BreakOutput.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

/** No open break has the id. */
export class UnknownBreak extends Schema.TaggedError<UnknownBreak>()("UnknownBreak", { id: Schema.String }) {
  override get message() {
    return `no open break has the id ${this.id}; \`pointback breaks\` lists them`
  }
}

const accept = Command.make(
  "accept",
  {
    id: Argument.String("id").pipe(Argument.withDescription("The break")),
    actor: Flag.String("actor").pipe(Flag.withDescription("Who accepts it")),
    reason: Flag.String("reason").pipe(Flag.withDescription("Why; kept for ever"))
  },
  Effect.fn("breaks accept")(function* (flags) {
    const actor = yield* Input.read(Ids.Actor, "actor", flags.actor)
    const reason = yield* Input.read(Text.Note, "reason", flags.reason)
    const accepted = yield* ReconciliationStore.accept(flags.id, { actor, reason, at: yield* now })
    if (!accepted) return yield* new UnknownBreak({ id: flags.id })
    yield* Output.answer({ id: flags.id, state: "accepted", actor, reason }, () => `accepted break ${flags.id}`)
  }, withBackend)
).pipe(Command.withDescription("Take an open break for settled, by name and reason"))

export const breaks = Command.make(
  "breaks",
  {
    program: Flags.program.pipe(Flag.withDescription("The loyalty program [all]"), Flag.optional),
    run: Flag.String("run").pipe(Flag.withDescription("Seen by this run"), Flag.optional),
    type: Flag.Literals("type", ReconciliationBreak.BREAK_TYPES).pipe(
      Flag.withDescription("Of this type"),
      Flag.optional
    ),
    all: Flag.Boolean("all").pipe(Flag.withDescription("Closed and accepted ones too"), Flag.withDefault(false)),
    id: Flag.String("id").pipe(Flag.withDescription("One break, with its history"), Flag.optional),
    groupBy: Flag.Literals("group-by", ["type", "age", "account"]).pipe(
      Flag.withDescription("Count them instead, with their points"),
      Flag.optional
    ),
    csv: Flag.Boolean("csv").pipe(Flag.withDescription("As CSV, for a spreadsheet"), Flag.withDefault(false))
  },
  Effect.fn("breaks")(function* (flags) {
    const at = yield* now
    if (Option.isSome(flags.id)) return yield* one(flags.id.value, at)
    const program = Option.isNone(flags.program) ? undefined : yield* Input.knownProgram(flags.program.value)
    const found = yield* ReconciliationStore.readAll({
      program,
      run: Option.getOrUndefined(flags.run),
      type: Option.getOrUndefined(flags.type),
      all: flags.all
    })
    if (Option.isSome(flags.groupBy)) yield* grouped(found, flags.groupBy.value, at)
    else if (flags.csv) yield* Console.log(BreakOutput.csv(found, at))
    else {
      yield* Output.answer({ breaks: found.map((one) => withState(one, at)) }, () =>
        found.length === 0 ? "no breaks" : BreakOutput.table(found, at)
      )
    }
    yield* exitWith(found.some(({ state }) => state === "open") ? ExitCode.differences : ExitCode.done)
  }, withBackend)
).pipe(Command.withDescription("List what reconciliations found"), Command.withSubcommands([accept]))

const withState = (found: StoredBreak.StoredBreak, at: Instant.Instant): Output.Json => ({
  ...(BreakOutput.json(found, at) as { readonly [key: string]: Output.Json }),
  state: found.state,
  run: found.lastRun
})

const one = Effect.fnUntraced(function* (id: string, at: Instant.Instant) {
  const [found] = yield* ReconciliationStore.read({ ids: [id], all: true })
  if (found === undefined) return yield* new UnknownBreak({ id })
  const history = yield* ReconciliationStore.historyOf(id)
  const json = {
    ...(withState(found, at) as { readonly [key: string]: Output.Json }),
    history: history.map((e) => ({ ...e }))
  }
  yield* Output.answer(json, () =>
    [
      `${found.type} ${id}, ${found.state}: ${found.reason}`,
      ...found.here.map((record) => `here   ${line(record)}`),
      ...found.there.map((record) => `there  ${line(record)}`),
      `remedy ${found.remedy}`,
      ...history.map(
        ({ actor, at: when, fact, kind, reason, run }) =>
          `${when} ${kind}${run === null ? "" : ` in run ${run}`}${fact === null ? "" : `: ${fact}`}` +
          (actor === null ? "" : ` by ${actor}: ${reason}`)
      )
    ].join("\n")
  )
})

const line = ({ at, credit, kind, points, redemption, reference, status }: StoredBreak.Evidence): string =>
  [`${at} ${kind}`, redemption, credit, reference, `${points} points`, status].filter((part) => part !== null).join(" ")

/** Ages from days to days, as those of points are. */
const AGES: ReadonlyArray<readonly [name: string, most: number]> = [
  ["0-1", 1],
  ["2-7", 7],
  ["8-30", 30],
  ["31-90", 90],
  ["over-90", Number.POSITIVE_INFINITY]
]

const groupOf = (by: "type" | "age" | "account", found: StoredBreak.StoredBreak, at: Instant.Instant): string => {
  if (by !== "age") return found[by]
  const days = BreakOutput.ageOf(found, at)
  return (AGES.find(([, most]) => days <= most) as readonly [string, number])[0]
}

const grouped = Effect.fnUntraced(function* (
  found: ReadonlyArray<StoredBreak.StoredBreak>,
  by: "type" | "age" | "account",
  at: Instant.Instant
) {
  const groups = new Map<string, { breaks: number; points: bigint }>()
  for (const one of found) {
    const name = groupOf(by, one, at)
    const group = groups.get(name) ?? { breaks: 0, points: 0n }
    group.breaks++
    group.points += one.points === null ? 0n : Points.fromStringUnsafe(one.points)
    groups.set(name, group)
  }
  const rows = Array.from(groups)
    .toSorted(([a], [b]) => Ids.compare(a, b))
    .map(([group, { breaks: count, points }]) => ({ group, breaks: count, points: Points.toString(points) }))
  yield* Output.answer({ by, groups: rows }, () =>
    Output.table(
      [by, "breaks", "points"],
      rows.map(({ breaks: count, group, points }) => [group, String(count), points]),
      new Set(["breaks", "points"])
    )
  )
})
