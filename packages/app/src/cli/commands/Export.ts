/** `pointback export` */
import { Ids } from "@pointback/domain"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { Exported } from "../../export/ExportProgram.ts"
import { exportProgram, FORMATS } from "../../export/ExportProgram.ts"
import { withBackend } from "../Backend.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"
import * as OutFlag from "../OutFlag.ts"
import * as Progress from "../Progress.ts"

export const exportCommand = Command.make(
  "export",
  {
    program: Flags.program,
    format: Flag.Literals("format", FORMATS).pipe(Flag.withDescription("The language of the ledger")),
    out: OutFlag.out.pipe(
      Flag.withDescription("The file that is written; for csv a folder"),
      Flag.withMetavar("file | folder")
    ),
    knownAt: OutFlag.knownAt,
    numbers: Flag.Boolean("numbers").pipe(
      Flag.withDescription("Write account numbers, which are personal data, beside the opaque keys"),
      Flag.withDefault(false)
    ),
    force: OutFlag.force
  },
  Effect.fn("export")(
    function* (flags) {
      const program = yield* Input.read(Ids.ProgramId, "program", flags.program)
      const knownAt = (yield* Input.optionalMoment(program, "known-at", flags.knownAt)) ?? null
      const out = yield* OutFlag.path(flags.out)
      const report = yield* Progress.report
      const { force: overwrite, format, numbers } = flags
      const exported = yield* exportProgram({ program, format, out, knownAt, numbers, overwrite }, (done) =>
        report({ label: "writing", done, total: undefined, unit: "records" })
      ).pipe(OutFlag.refusals(flags.out))
      yield* Output.answer(json(exported), () => text(exported))
    },
    (command) => withBackend(Effect.scoped(command))
  )
).pipe(Command.withDescription("Write a program's whole ledger for hledger, Beancount, or as CSV"))

const json = ({ entries, files, format, knownAt, postings, program }: Exported): Output.Json => ({
  program,
  format,
  knownAt: Json.instant(knownAt),
  files,
  entries,
  postings
})

const text = ({ entries, files, knownAt, postings, program }: Exported): string =>
  [
    `wrote ${entries} ${entries === 1 ? "entry" : "entries"} with ${Output.count(postings, "posting")} of program ${program}, ` +
      `as known at ${Output.instantText(knownAt)}`,
    ...files.map((file) => `  ${file}`)
  ].join("\n")
