/** Writes the report page of an account or of a program. */
import type { AgingStore, Database, EventLog, EventStore, PolicyStore } from "@pointback/adapters"
import { Effect } from "effect"
import { basename, dirname } from "node:path"
import type { InvalidInterval } from "../error/AppError.ts"
import type { OutputExists, OutputUnwritable } from "../generate/GenerateError.ts"
import type { Write } from "../output/OutputFiles.ts"
import { writeFiles } from "../output/OutputFiles.ts"
import type * as Known from "../query/Known.ts"
import { page } from "./Page.ts"
import type { ReportData, ReportQuestion } from "./ReportData.ts"
import { reportData } from "./ReportData.ts"

/** A page about an account or a program, and where it goes. */
export interface WriteReport extends ReportQuestion {
  /** The file. */
  readonly out: string
  /** Whether a file that is there may be replaced. */
  readonly overwrite: boolean
}

/** The file that was written, and what it shows. */
export interface Written {
  readonly file: string
  readonly data: ReportData
}

/** Writes it all or nothing. Fails with `KnownAtNotSafe` where what was known then can still change (law L11). */
export const writeReport = Effect.fn("writeReport")(function* ({
  out,
  overwrite,
  ...question
}: WriteReport): Effect.fn.Return<
  Written,
  Known.QuestionError | InvalidInterval | OutputExists | OutputUnwritable,
  AgingStore | Database | EventLog | EventStore.EventStore | PolicyStore
> {
  const name = basename(out)
  const data = yield* reportData(question)
  const files = yield* writeFiles({ folder: dirname(out), names: [name], overwrite }, (writers) =>
    (writers[name] as Write)(page(data))
  )
  return { file: files[0] as string, data }
})
