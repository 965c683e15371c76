/**
 * Many credits, with many in flight. Those of one redemption are carried out one after the other in the order in which
 * they come, different redemptions side by side.
 *
 * Each credit is one command under its own key, so whatever stops a run, the same credits can be given again: what is
 * known already is answered and asked of nobody.
 */
import { type EventStore, Gathering, type Mastercard } from "@pointback/adapters"
import { Cause, Effect, Exit, Stream } from "effect"
import { performance } from "node:perf_hooks"
import type { Caller, ExecutionError } from "../command/Command.ts"
import type { CreditOutcome } from "../command/CreditOutcome.ts"
import { type CreditRedemption, creditRedemption, recordCredit } from "../command/CreditRedemption.ts"
import { now } from "../command/Now.ts"
import { Brake, type CreditsStopped } from "./Brake.ts"
import type { BatchedCredit, CreditResult } from "./CreditResult.ts"
import { DEFAULT_IN_FLIGHT } from "./InFlight.ts"
import { carryOut } from "./Lines.ts"
import { Probe } from "./Probe.ts"
import { Stages, STAGES } from "./Stages.ts"

/**
 * Credits that are taken for each one in flight. Those whose redemption has one in flight wait aside, and others that come
 * later go first.
 */
const TAKEN_PER_FLIGHT = 16

/**
 * What part of the credits in flight is carried out together, and how long the first of them waits for that: a good part of
 * them waits for Mastercard or for its turn anyhow, and one statement for many costs half as much as many.
 */
const ENOUGH_TOGETHER = 0.5
const PATIENCE_MS = 20

/** A process that waited for so long had nothing else to do. */
const IDLE_MS = 0.3

/** How many credits are made. */
export interface CreditManyOptions {
  /**
   * Credits that are asked for at once, 1 to 1000; 64 unless given, and fewer until Mastercard has answered the first one.
   * As many others are stored meanwhile, to be asked for next, and what was answered of as many is recorded.
   */
  readonly inFlight?: number | undefined
  /** Who asks, where a credit does not say so itself. */
  readonly caller?: Caller | undefined
  /** When it is aborted, no further credit is begun; those in flight end and are among the results. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks Mastercard for many credits. Answers what became of each as soon as it is known: those of one redemption in
 * their order, all in all in none. The memory it takes does not grow with their number.
 *
 * A credit that fails is a result and holds up nobody but later credits of its redemption. Fails with `CreditsStopped`,
 * after the results of all that were begun, when Mastercard or the database is down as a whole. Who interrupts it waits
 * until the credits in flight are recorded.
 */
export const creditMany = <A extends BatchedCredit, E, R>(
  credits: Stream.Stream<A, E, R>,
  options: CreditManyOptions = {}
): Stream.Stream<CreditResult<A>, E | CreditsStopped, R | EventStore.EventStore | Mastercard> =>
  run(
    credits,
    options,
    (probe) => (credit, caller) => probe.through(credit, commandOf(credit, caller, creditRedemption))
  )

/** Records many credits without calling anybody, in the same manner. */
export const recordMany = <A extends BatchedCredit, E, R>(
  credits: Stream.Stream<A, E, R>,
  options: CreditManyOptions = {}
): Stream.Stream<CreditResult<A>, E | CreditsStopped, R | EventStore.EventStore> =>
  run(credits, options, () => (credit, caller) => commandOf(credit, caller, recordCredit))

/** Answers whether the process waited for something since it was last asked, rather than doing other work. */
const idleness = (): (() => boolean) => {
  let last = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { idle } = performance.eventLoopUtilization(now, last)
    last = now
    return idle > IDLE_MS
  }
}

type UseCase<R> = (credit: CreditRedemption, caller: Caller) => Effect.Effect<CreditOutcome, ExecutionError, R>

const commandOf = <R>(
  credit: BatchedCredit,
  caller: Caller,
  useCase: UseCase<R>
): Effect.Effect<CreditOutcome, ExecutionError, R> => {
  const { account, creditId, lots, occurredAt, points, program, redemptionId } = credit
  const command = { program, account, redemptionId, creditId, points, lots }
  return occurredAt === undefined
    ? Effect.flatMap(now, (present) => useCase({ ...command, occurredAt: present, dated: false }, caller))
    : useCase({ ...command, occurredAt, dated: true }, caller)
}

type Carry<R> = (credit: BatchedCredit, caller: Caller) => Effect.Effect<CreditOutcome, ExecutionError, R>

const run = <A extends BatchedCredit, E, R, R2>(
  credits: Stream.Stream<A, E, R>,
  { caller = {}, inFlight = DEFAULT_IN_FLIGHT, signal }: CreditManyOptions,
  carryWith: (probe: Probe) => Carry<R2>
): Stream.Stream<CreditResult<A>, E | CreditsStopped, R | R2> =>
  Stream.suspend(() => {
    const probe = new Probe()
    const brake = new Brake()
    const carry = carryWith(probe)
    let defect: Cause.Cause<never> | undefined
    let interrupted = false
    const stopping = () =>
      interrupted || brake.stopped !== undefined || defect !== undefined || signal?.aborted === true
    let flying = 0
    const patience = {
      get enough() {
        return Math.ceil(flying * ENOUGH_TOGETHER)
      },
      milliseconds: PATIENCE_MS,
      isIdle: idleness()
    }

    const note = (credit: A, exit: Exit.Exit<CreditOutcome, ExecutionError>): CreditResult<A> | undefined => {
      flying--
      const result = resultOf(credit, exit)
      if (Exit.isExit(result)) defect ??= result.cause
      else if (brake.note(result)) probe.pass()
      return Exit.isExit(result) ? undefined : result
    }
    const stages = new Stages(inFlight, brake)
    const begin = (credit: A): Effect.Effect<CreditResult<A> | undefined, never, R2> =>
      stages.through(
        Effect.suspend(() => {
          if (stopping()) return Effect.succeed(undefined)
          flying++
          const asked = carry(credit, credit.actor === undefined ? caller : { ...caller, actor: credit.actor })
          return Effect.exit(asked).pipe(
            Effect.provideService(Gathering.CurrentPatience, patience),
            Effect.map((exit) => note(credit, exit))
          )
        })
      )
    const results = carryOut(
      Stream.takeWhile(credits, () => !stopping()),
      {
        nameOf,
        carry: begin,
        sideBySide: STAGES * inFlight,
        taken: inFlight * TAKEN_PER_FLIGHT,
        onInterrupt: () => (interrupted = true)
      }
    )
    return Stream.concat(
      results,
      Stream.suspend(() => endingOf(brake.stopped, defect))
    )
  })

const endingOf = (stopped: CreditsStopped | undefined, defect: Cause.Cause<never> | undefined) => {
  if (defect !== undefined) return Stream.failCause(defect)
  return stopped === undefined ? Stream.empty : Stream.fail(stopped)
}

// Identifiers have no control characters.
const nameOf = ({ account, program, redemptionId }: BatchedCredit): string => `${program}\n${account}\n${redemptionId}`

/** What became of a credit, or the defect that it met. */
const resultOf = <A extends BatchedCredit>(
  credit: A,
  exit: Exit.Exit<CreditOutcome, ExecutionError>
): CreditResult<A> | Exit.Failure<never, never> => {
  if (Exit.isSuccess(exit)) return { _tag: "Outcome", credit, outcome: exit.value }
  const error = Cause.findErrorOption(exit.cause)
  if (error._tag === "Some") return { _tag: "Failed", credit, error: error.value }
  return Exit.failCause(exit.cause as Cause.Cause<never>) as Exit.Failure<never, never>
}
