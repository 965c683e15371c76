/** `pointback import` */
import { maskAccount } from "@pointback/adapters"
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import type { Imported } from "../../import/ImportHistory.ts"
import { importHistory } from "../../import/ImportHistory.ts"
import * as ImportFile from "../../import/ImportFile.ts"
import { withBackend } from "../Backend.ts"
import { exitWith } from "../Exit.ts"
import { ExitCode } from "../ExitCode.ts"
import * as Output from "../Output.ts"

export const importCommand = Command.make(
  "import",
  { file: Argument.String("file").pipe(Argument.withDescription("NDJSON, one record a line")) },
  Effect.fn("import")(function* ({ file }) {
    // The whole file is read before the database is opened: one that cannot be read leaves no trace.
    const records = yield* ImportFile.read(file)
    const imported = yield* withBackend(importHistory(records))
    yield* Output.answer(json(imported), () => text(imported))
    yield* exitWith(imported.refused.length > 0 ? ExitCode.refused : ExitCode.done)
  })
).pipe(Command.withDescription("Import a history, account by account"))

const json = (imported: Imported) => ({
  records: imported.records,
  accounts: imported.accounts,
  imported: imported.imported,
  replayed: imported.replayed,
  refused: imported.refused.map(({ account, line, program, refusal }) => ({
    line,
    program,
    account,
    error: Output.errorJson(refusal) as { readonly [key: string]: Output.Json }
  }))
})

const text = ({ accounts, imported, records, refused, replayed }: Imported): string =>
  [
    `imported ${imported} of ${Output.count(records, "record")} of ${Output.count(accounts, "account")}` +
      (replayed > 0 ? `, ${replayed} known already` : ""),
    ...refused.map(
      ({ account, line, refusal }) =>
        `line ${line}: ${refusal.message}; nothing of account ${maskAccount(account)} was imported`
    )
  ].join("\n")
