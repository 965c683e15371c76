/** `pointback import` */
import { maskAccount } from "@pointback/adapters"
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import type { OnProgress } from "../../import/History.ts"
import type { Imported } from "../../import/Imported.ts"
import * as ImportFile from "../../import/ImportFile.ts"
import { importHistory } from "../../import/ImportHistory.ts"
import { withBackend } from "../Backend.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"
import { keepHeapSmall } from "../SmallHeap.ts"

export const importCommand = Command.make(
  "import",
  { file: Argument.String("file").pipe(Argument.withDescription("NDJSON, one record a line; - is standard input")) },
  Effect.fn("import")(function* ({ file }) {
    const imported = yield* Effect.scoped(run(file))
    yield* Output.answer(json(imported), () => text(imported))
    yield* exitWith(imported.refusedAccounts > 0 ? ExitCode.refused : ExitCode.done)
  })
).pipe(Command.withDescription("Import a history, account by account"))

const run = Effect.fnUntraced(function* (file: string) {
  yield* keepHeapSmall
  const report = yield* Progress.report
  const onProgress: OnProgress = ({ done, phase, total }) =>
    report({ label: phase, done, total, unit: phase === "reading" ? "bytes" : "records" })
  // The whole file is read before the database is opened: one that cannot be read leaves no trace.
  const history = yield* ImportFile.read(file, { onProgress })
  return yield* withBackend(importHistory(history, {}, onProgress))
})

const json = (imported: Imported) => ({
  records: imported.records,
  accounts: imported.accounts,
  imported: imported.imported,
  replayed: imported.replayed,
  refusedAccounts: imported.refusedAccounts,
  refused: imported.refused.map(({ account, line, program, refusal }) => ({
    line,
    program,
    account,
    error: Output.errorJson(refusal) as { readonly [key: string]: Output.Json }
  }))
})

const text = ({ accounts, imported, records, refused, refusedAccounts, replayed }: Imported): string =>
  [
    `imported ${imported} of ${Output.count(records, "record")} of ${Output.count(accounts, "account")}` +
      (replayed > 0 ? `, ${replayed} known already` : ""),
    ...refused.map(
      ({ account, line, refusal }) =>
        `line ${line}: ${refusal.message}; nothing of account ${maskAccount(account)} was imported`
    ),
    ...(refusedAccounts > refused.length
      ? [`and nothing of ${Output.count(refusedAccounts - refused.length, "more account")}`]
      : [])
  ].join("\n")
