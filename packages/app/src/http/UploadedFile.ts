/** A body that is a file of records, on disk while it is read: only its owner can, and it is gone with the scope. */
import { SourceUnreadable, StatementHeaderInvalid } from "@pointback/adapters"
import { Effect, Schema, type Scope, Stream } from "effect"
import { mkdtemp, open, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { UnreadableFile, UnreadableLines } from "../import/ImportFile.ts"
import { SpoolUnusable } from "../import/SpoolFile.ts"

/** What errors call the file. */
const NAME = "body"

/** Only its owner reads it: account numbers are personal data. */
const MODE = 0o600

/** A line is about another program than the address, which says what the key is allowed. */
export class ForeignProgram extends Schema.TaggedError<ForeignProgram>()("ForeignProgram", {
  line: Schema.Natural,
  program: Schema.String
}) {
  override get message() {
    return `line ${this.line} is of program ${this.program}, not of the program of the address; nothing was recorded`
  }
}

const onDisk = <A>(action: () => Promise<A>) =>
  Effect.tryPromise({
    try: action,
    catch: (cause) =>
      new SpoolUnusable({ folder: tmpdir(), problem: cause instanceof Error ? cause.message : String(cause) })
  })

/** Writes the body to a file of its own. */
export const receive = Effect.fnUntraced(function* <E>(
  body: Stream.Stream<Uint8Array, E>
): Effect.fn.Return<string, E | SpoolUnusable, Scope.Scope> {
  const folder = yield* Effect.acquireRelease(
    onDisk(() => mkdtemp(join(tmpdir(), "pointback-upload-"))),
    (made) => Effect.ignore(onDisk(() => rm(made, { recursive: true, force: true })))
  )
  const path = join(folder, "records.ndjson")
  const file = yield* Effect.acquireRelease(
    onDisk(() => open(path, "wx", MODE)),
    (opened) => Effect.ignore(onDisk(() => opened.close()))
  )
  yield* Stream.runForEach(body, (chunk) => onDisk(() => file.write(chunk)))
  return path
})

type Renamed = UnreadableLines | UnreadableFile | StatementHeaderInvalid | SourceUnreadable

/** Errors of reading it say `body` where they would name a file of the server's. */
export const renamed = <E>(error: E): E | Renamed => {
  if (error instanceof UnreadableLines) {
    return new UnreadableLines({ file: NAME, count: error.count, lines: error.lines })
  }
  if (error instanceof StatementHeaderInvalid) {
    return new StatementHeaderInvalid({ file: NAME, line: error.line, problem: error.problem })
  }
  if (error instanceof SourceUnreadable) return new SourceUnreadable({ source: NAME, problem: error.problem })
  return error instanceof UnreadableFile ? new UnreadableFile({ file: NAME, problem: "it could not be read" }) : error
}
