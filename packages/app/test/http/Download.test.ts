/** A download ends where it stands still or takes too long: what writes it would hold a transaction open. */
import { Database } from "@pointback/adapters"
import { Deferred, Duration, Effect, type Exit, Logger, Stream } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import * as Download from "../../src/http/Download.ts"
import { EXPORT_AHEAD, EXPORT_STALL, JOB_TIMEOUT } from "../../src/http/Limits.ts"

/** What becomes of a text that is written without end, while something is done with its stream. */
const endOf = (
  between: Effect.Effect<void>,
  use: (
    stream: ReturnType<typeof Download.pieces>,
    log: ReadonlyArray<string>
  ) => Effect.Effect<unknown, unknown, Database>
): Promise<{
  readonly exit: Exit.Exit<void, unknown>
  readonly written: number
  readonly log: ReadonlyArray<string>
}> => {
  const log: Array<string> = []
  let written = 0
  return Effect.gen(function* () {
    const ended = yield* Deferred.make<Exit.Exit<void, unknown>>()
    const writing: Download.Writing = (write) =>
      Effect.forever(
        between.pipe(
          Effect.andThen(write("piece")),
          Effect.tap(() => Effect.sync(() => written++))
        )
      ).pipe(Effect.onExit((exit) => Deferred.succeed(ended, exit)))
    yield* Effect.forkChild(use(Download.pieces(writing), log), { startImmediately: true })
    const exit = yield* Deferred.await(ended)
    return { exit, written, log }
  }).pipe(
    Effect.provide(Logger.layer([Logger.map(Logger.formatJson, (line) => void log.push(line))])),
    Effect.provide(TestClock.layer()),
    Effect.provideService(Database, {} as never),
    Effect.runPromise
  )
}

describe("a download", () => {
  it("is ended where nobody takes its pieces for long, and few of them are waiting", async () => {
    const { exit, log, written } = await endOf(Effect.void, (stream, soFar) =>
      Effect.scoped(
        Effect.gen(function* () {
          const pull = yield* Stream.toPull(stream)
          yield* pull
          yield* TestClock.adjust(Duration.subtract(EXPORT_STALL, Duration.millis(1)))
          expect(soFar).toEqual([])
          yield* TestClock.adjust(EXPORT_STALL)
          yield* Effect.never
        })
      )
    )
    expect(exit).toMatchObject({ _tag: "Failure", cause: { reasons: [{ error: { why: "standing still" } }] } })
    // Those that were pulled first, and those that were kept ahead.
    expect(written).toBeLessThanOrEqual(2 * EXPORT_AHEAD)
    expect(log).toEqual([expect.stringContaining("a download was ended for standing still")])
  })

  it("is ended where it takes too long, however fast it is taken", async () => {
    const pause = Duration.minutes(1)
    const { exit, written } = await endOf(Effect.sleep(pause), (stream) =>
      Effect.gen(function* () {
        yield* Effect.forkChild(Stream.runDrain(stream), { startImmediately: true })
        for (let minute = 0; minute <= Duration.toMinutes(JOB_TIMEOUT); minute++) yield* TestClock.adjust(pause)
        yield* Effect.never
      })
    )
    expect(exit).toMatchObject({ _tag: "Failure" })
    expect(written).toBeGreaterThan(Duration.toMinutes(JOB_TIMEOUT) - 3)
    expect(written).toBeLessThanOrEqual(Duration.toMinutes(JOB_TIMEOUT))
  })
})
