/**
 * W8: credits over HTTP, from the intent that is stored to the outcome that is stored, against the signed calls alone.
 * Both go to one sandbox in a process of its own, through the same client, with as many in flight.
 */
import { type EventStore, Mastercard, MastercardConfig, SandboxKeys } from "@pointback/adapters"
import { Ids, Instant } from "@pointback/domain"
import { Effect, Redacted, Stream } from "effect"
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { creditMany, earnPoints, redeemPoints } from "../src/index.ts"
import type { Workload } from "./Measure.ts"
import type { SandboxOrder } from "./SandboxProcess.ts"

/** Credits in flight. */
const IN_FLIGHT = 64

/** Credits in one run: a second or two. */
const CREDITS = 2000

/** Accounts of each side, with one redemption each: enough that credits of one redemption seldom meet. */
const ACCOUNTS = 1000

const CONSUMER_KEY = "bench"
const ONE_POINT = 10_000n
const POINTS = 100_000n * ONE_POINT

const program = Ids.ProgramId.make("bench")
const processedBy = Ids.ProcessedBy.make("E078562")
const earnedAt = Instant.fromStringUnsafe("2025-01-10T00:00:00Z")

type Run = <A, E>(effect: Effect.Effect<A, E, EventStore.EventStore>) => Promise<A>

const accountsOf = (side: string): ReadonlyArray<Ids.AccountNumber> =>
  Array.from({ length: ACCOUNTS }, (_, index) => Ids.AccountNumber.make(`w8-${side}-${index}`))

/** An account with a redemption of its own name. */
const prepare = (account: Ids.AccountNumber) =>
  Effect.gen(function* () {
    yield* earnPoints({ program, account, lotId: Ids.LotId.make("lot"), points: POINTS, earnedAt, expiresAt: null })
    yield* redeemPoints({
      program,
      account,
      redemptionId: Ids.RedemptionId.make(account),
      points: POINTS,
      redemptionType: "MERCHANDISE",
      processedBy,
      occurredAt: earnedAt,
      dated: true
    })
  })

const startSandbox = async (order: SandboxOrder) => {
  const child = fork(fileURLToPath(new URL("SandboxProcess.ts", import.meta.url)))
  child.send(order)
  const [{ url }] = (await once(child, "message")) as [{ readonly url: string }]
  return { url: new URL(url), close: () => void child.kill() }
}

/** Makes the accounts on both sides, and answers the workload and how to stop the sandbox. */
export const open = async (run: Run) => {
  const keys = await Effect.runPromise(SandboxKeys.generate)
  const ours = accountsOf("ours")
  const bare = accountsOf("bare")
  const { close, url } = await startSandbox({
    consumerKey: CONSUMER_KEY,
    publicKey: keys.publicKey,
    accounts: [...ours, ...bare],
    points: POINTS.toString()
  })
  const client = Mastercard.layer(
    MastercardConfig.make({ url, consumerKey: Redacted.make(CONSUMER_KEY), signingKey: keys.signingKey })
  )
  await run(Effect.forEach(ours, prepare, { concurrency: IN_FLIGHT, discard: true }))

  let made = 0
  const credits = () =>
    Array.from({ length: CREDITS }, (_, index) => {
      const account = ours[index % ACCOUNTS] as Ids.AccountNumber
      const creditId = Ids.CreditId.make(`credit-${made++}`)
      return { program, account, redemptionId: Ids.RedemptionId.make(account), creditId, points: ONE_POINT }
    })
  const creditAll = Effect.suspend(() =>
    creditMany(Stream.fromIterable(credits()), { inFlight: IN_FLIGHT }).pipe(
      Stream.runFold(
        () => 0,
        (count, result) => {
          if (result._tag === "Failed") throw result.error
          if (result.outcome.outcome !== "PartiallyCredited") throw new Error(result.outcome.outcome)
          return count + 1
        }
      )
    )
  )
  const call = (account: Ids.AccountNumber) =>
    Mastercard.use((mastercard) =>
      mastercard.credit({
        redemptionId: account,
        userId: account,
        redemptionType: "MERCHANDISE",
        processedBy,
        points: ONE_POINT
      })
    )
  const callAll = Effect.as(
    Effect.forEach(
      Array.from({ length: CREDITS }, (_, index) => bare[index % ACCOUNTS] as Ids.AccountNumber),
      call,
      { concurrency: IN_FLIGHT, discard: true }
    ),
    CREDITS
  )
  const workload: Workload = {
    name: "W8",
    what: `${CREDITS} credits over HTTP, ${IN_FLIGHT} in flight; the signed calls alone`,
    goal: 0.8,
    ours: () => run(Effect.provide(creditAll, client)),
    baseline: () => run(Effect.provide(callAll, client))
  }
  return { workload, close }
}
