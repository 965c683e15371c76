/** `pointback breaks`, `pointback breaks accept` */
import { ReconciliationStore, type StoredBreak } from "@pointback/adapters"
import { Ids, type Instant, ReconciliationBreak, Text } from "@pointback/domain"
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { now } from "../../command/Now.ts"
import { UnknownBreak } from "../../error/AppError.ts"
import * as BreakGroups from "../../reconcile/BreakGroups.ts"
import { type Grouping, GROUPINGS } from "../../reconcile/Groupings.ts"
import { withBackend } from "../Backend.ts"
import * as BreakOutput from "../BreakOutput.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

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
    groupBy: Flag.Literals("group-by", GROUPINGS).pipe(
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
      yield* Output.answer({ breaks: found.map((one) => BreakOutput.withState(one, at)) }, () =>
        found.length === 0 ? "no breaks" : BreakOutput.table(found, at)
      )
    }
    yield* exitWith(found.some(({ state }) => state === "open") ? ExitCode.differences : ExitCode.done)
  }, withBackend)
).pipe(Command.withDescription("List what reconciliations found"), Command.withSubcommands([accept]))

const one = Effect.fnUntraced(function* (id: string, at: Instant.Instant) {
  const [found] = yield* ReconciliationStore.read({ ids: [id], all: true })
  if (found === undefined) return yield* new UnknownBreak({ id })
  const history = yield* ReconciliationStore.historyOf(id)
  const json = {
    ...(BreakOutput.withState(found, at) as { readonly [key: string]: Output.Json }),
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

const grouped = Effect.fnUntraced(function* (
  found: ReadonlyArray<StoredBreak.StoredBreak>,
  by: Grouping,
  at: Instant.Instant
) {
  const groups = BreakGroups.groupsOf(found, by, at)
  yield* Output.answer({ by, groups: groups.map((group) => ({ ...group })) }, () =>
    Output.table(
      [by, "breaks", "points"],
      groups.map(({ breaks: count, group, points }) => [group, String(count), points]),
      new Set(["breaks", "points"])
    )
  )
})
