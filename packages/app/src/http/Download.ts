/**
 * Sends a text while it is read from a cursor of the database. A few pages are kept, so whoever reads slowly makes the
 * cursor wait; whoever hangs up or stands still closes it. What ends early ends the connection as well: a chunked answer
 * without its end is no whole one to any client.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type { Database, DatabaseError } from "@pointback/adapters"
import { Cause, Effect, Exit, Queue, Schema, Stream } from "effect"
import { HttpServerRequest } from "effect/http"
import type { WritePiece } from "../export/ExportPart.ts"
import { DOWNLOAD_SILENCE_MS, EXPORT_AHEAD, EXPORT_STALL, JOB_TIMEOUT } from "./Limits.ts"

/** A download was ended before its end. */
export class DownloadEnded extends Schema.TaggedError<DownloadEnded>()("DownloadEnded", {
  why: Schema.Literals(["standing still", "taking too long"])
}) {
  override get message() {
    return `a download was ended for ${this.why}`
  }
}

/** What writes a text, piece by piece. */
export type Writing = (write: WritePiece<DownloadEnded>) => Effect.Effect<void, DownloadEnded | DatabaseError, Database>

const encoder = new TextEncoder()

/** Notes how a download ended: its answer's head, and with it the line of the log, is long gone by then. */
const noted = (exit: Exit.Exit<unknown, DownloadEnded | DatabaseError>): Effect.Effect<void> => {
  if (Exit.isSuccess(exit)) return Effect.void
  if (Cause.hasInterruptsOnly(exit.cause)) return Effect.logInfo("a download was broken off by its caller")
  return Effect.logWarning("a download ended before its end", Cause.pretty(exit.cause))
}

/** The pieces of a text, as fast as they are taken. */
export const pieces = (writing: Writing): Stream.Stream<Uint8Array, DownloadEnded | DatabaseError, Database> =>
  Stream.callback<Uint8Array, DownloadEnded | DatabaseError, Database>(
    (queue) => {
      const write: WritePiece<DownloadEnded> = (piece) =>
        piece === ""
          ? Effect.void
          : Queue.offer(queue, encoder.encode(piece)).pipe(
              Effect.timeoutOrElse({
                duration: EXPORT_STALL,
                orElse: () => Effect.fail(new DownloadEnded({ why: "standing still" }))
              }),
              Effect.asVoid
            )
      return writing(write).pipe(
        Effect.timeoutOrElse({
          duration: JOB_TIMEOUT,
          orElse: () => Effect.fail(new DownloadEnded({ why: "taking too long" }))
        }),
        Effect.onExit(noted),
        Effect.andThen(Queue.end(queue))
      )
    },
    { bufferSize: EXPORT_AHEAD, strategy: "suspend" }
  )

/** The body of the present request's answer; its connection is given up where it carries nothing for long. */
export const body = (
  writing: Writing
): Effect.Effect<Stream.Stream<Uint8Array>, never, Database | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const database = yield* Effect.context<Database>()
    const response = NodeHttpServerRequest.toServerResponse(yield* HttpServerRequest.HttpServerRequest)
    response.setTimeout(DOWNLOAD_SILENCE_MS, () => response.destroy())
    return pieces(writing).pipe(Stream.orDie, Stream.provideContext(database))
  })
