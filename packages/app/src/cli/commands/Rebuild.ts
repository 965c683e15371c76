/** `pointback rebuild` */
import { Rebuild } from "@pointback/adapters"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { withBackend } from "../Backend.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import * as RebuildJson from "../RebuildJson.ts"

export const rebuild = Command.make(
  "rebuild",
  {
    check: Flag.Boolean("check").pipe(
      Flag.withDescription("Compare with what the events give, and change nothing"),
      Flag.withDefault(false)
    )
  },
  Effect.fn("rebuild")(function* ({ check }) {
    const rebuilt = yield* Effect.scoped(run(check))
    const { differing, tables } = rebuilt
    yield* Output.answer({ check, differing, tables: RebuildJson.tables(tables) }, () => text(rebuilt, check))
    yield* exitWith(differing > 0 ? ExitCode.differences : ExitCode.done)
  }, withBackend)
).pipe(Command.withDescription("Make the ledger and the read models anew from the events"))

const run = Effect.fnUntraced(function* (check: boolean) {
  const report = yield* Progress.report
  const onProgress = (done: number, total: number) => report({ label: "folding", done, total, unit: "records" })
  return yield* Rebuild.rebuild({ check, onProgress })
})

const text = ({ differing, tables }: Rebuild.Rebuilt, check: boolean): string => {
  const rows = Object.entries(tables).map(([table, of]) => [table, String(of.rows), String(of.differing)])
  const named = Object.values(tables).flatMap((of) => of.named)
  const done =
    differing === 0
      ? "every row is as the events give it"
      : `${Output.count(differing, "row")} differed from what the events give${check ? "" : " and were put right"}`
  return [
    Output.table(["table", "rows", "differed"], rows, new Set(["rows", "differed"])),
    ...named.map(
      ({ account, place, problem, program, table }) => `${table}: ${program} ${account} ${place}: ${problem}`
    ),
    ...(differing > named.length && named.length > 0 ? [`and ${differing - named.length} more`] : []),
    done
  ].join("\n")
}
