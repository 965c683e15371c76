/** Runs methods as promises: reads who asks, refuses what cannot be, and tells failures as they are. */
import { type Database, HostDatabase } from "@pointback/adapters"
import { Cause, type Effect, Exit, type ManagedRuntime, Result, Stream } from "effect"
import type { Caller } from "../command/Command.ts"
import {
  CallAborted,
  invalid,
  MastercardInTransaction,
  MastercardNotConfigured,
  PointbackClosed,
  UnexpectedFailure
} from "./Errors.ts"
import type { CallOptions } from "./Inputs.ts"
import { type Method, readCaller, type Services } from "./Method.ts"

/** What a call is run on. */
export interface Running {
  readonly runtime: ManagedRuntime.ManagedRuntime<Services, unknown>
  readonly hasMastercard: boolean
  readonly calls: Calls
}

/** The calls that are under way. */
export class Calls {
  #closed = false
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #many = new Set<() => Promise<unknown>>()

  /** Refuses from here on, and resolves when what is under way has ended; no further one of many is begun. */
  async close(): Promise<void> {
    this.#closed = true
    const ending = Array.from(this.#many, (stop) => stop())
    await Promise.allSettled([...this.#underWay, ...ending])
  }

  /** Begins a call, unless it is too late. */
  begin<A>(name: string, call: () => Promise<A>): Promise<A> {
    if (this.#closed) return Promise.reject(new PointbackClosed({ method: name }))
    const promise = call()
    this.#underWay.add(promise)
    const ended = () => void this.#underWay.delete(promise)
    promise.then(ended, ended)
    return promise
  }

  /** Notes how many calls are stopped; answers what tells that they have ended. */
  beginMany(name: string, stop: () => Promise<unknown>): () => void {
    if (this.#closed) throw new PointbackClosed({ method: name })
    this.#many.add(stop)
    return () => void this.#many.delete(stop)
  }
}

/** The error that a promise is rejected with. */
export const rejectionOf = (name: string, cause: Cause.Cause<unknown>): unknown => {
  const error = Cause.findErrorOption(cause)
  if (error._tag === "Some") return error.value
  if (Cause.hasInterruptsOnly(cause)) return new CallAborted({ method: name })
  return new UnexpectedFailure({ method: name, cause: Cause.squash(cause) })
}

/** The answer of an exit, or its rejection. */
export const settle = <A>(name: string, exit: Exit.Exit<A, unknown>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  throw rejectionOf(name, exit.cause)
}

interface ReadOptions {
  readonly signal: AbortSignal | undefined
  readonly caller: Caller
  readonly others: Readonly<Record<string, unknown>>
}

/** Reads the options of a call; `others` are those that only some methods have. */
const readOptions = (given: unknown, names: ReadonlyArray<string>): Result.Result<ReadOptions, unknown> => {
  if (typeof given !== "object" || given === null) return Result.fail(invalid("options", "an object is expected"))
  const { signal, ...rest } = given as CallOptions & Record<string, unknown>
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    return Result.fail(invalid("signal", "an AbortSignal is expected"))
  }
  const others = Object.fromEntries(names.map((name) => [name, rest[name]]))
  const caller = Object.fromEntries(Object.entries(rest).filter(([name]) => !names.includes(name)))
  return Result.map(readCaller(caller), (caller) => ({ signal, caller, others }))
}

const whyNot = (
  name: string,
  callsMastercard: boolean,
  running: Running,
  transaction: HostDatabase.HostTransaction | undefined
) => {
  if (!callsMastercard) return undefined
  if (transaction !== undefined) return new MastercardInTransaction({ method: name })
  return running.hasMastercard ? undefined : new MastercardNotConfigured({ method: name })
}

const within = <A, E, R>(
  transaction: HostDatabase.HostTransaction | undefined,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, unknown, R | Database> =>
  transaction === undefined ? effect : HostDatabase.inTransaction(transaction)(effect)

/** The function of a method. */
export const call =
  <Input, Answer>(
    name: string,
    method: Method<Input, Answer>,
    running: Running,
    transaction: HostDatabase.HostTransaction | undefined
  ) =>
  (input: Input, options: CallOptions = {}): Promise<Answer> =>
    running.calls.begin(name, async () => {
      const read = readOptions(options, [])
      if (Result.isFailure(read)) throw read.failure
      const { caller, signal } = read.success
      if (signal?.aborted === true) throw new CallAborted({ method: name })
      const refusal = whyNot(name, method.callsMastercard, running, transaction)
      if (refusal !== undefined) throw refusal
      const effect = within(transaction, method.perform(input, caller))
      return settle(name, await running.runtime.runPromiseExit(effect, signal === undefined ? {} : { signal }))
    })

/** A method whose answers come one by one. */
export interface ManyMethod<Input, Answer> {
  readonly callsMastercard: boolean
  /** Names of options that it has besides those of every method. */
  readonly options: ReadonlyArray<string>
  readonly perform: (
    inputs: AsyncIterable<Input> | Iterable<Input>,
    options: ReadOptions["others"],
    caller: Caller,
    signal: AbortSignal | undefined
  ) => Stream.Stream<Answer, unknown, Services>
}

/** The function of a method whose answers come one by one. */
export const callMany = <Input, Answer>(
  name: string,
  method: ManyMethod<Input, Answer>,
  running: Running,
  transaction: HostDatabase.HostTransaction | undefined
) =>
  async function* (
    inputs: AsyncIterable<Input> | Iterable<Input>,
    options: CallOptions = {}
  ): AsyncGenerator<Answer, undefined> {
    const read = readOptions(options, method.options)
    if (Result.isFailure(read)) throw read.failure
    const { caller, others, signal } = read.success
    const refusal = whyNot(name, method.callsMastercard, running, transaction)
    if (refusal !== undefined) throw refusal
    const answers = await iteratorOf(name, running, method.perform(inputs, others, caller, signal))
    let closed = false
    const ended = running.calls.beginMany(name, async () => {
      closed = true
      await answers.return?.()
    })
    try {
      for (;;) {
        const next = await answers.next()
        if (closed) throw new PointbackClosed({ method: name })
        if (next.done === true) break
        if (next.value._tag === "Failure") throw rejectionOf(name, next.value.cause)
        yield next.value.value
      }
      if (signal?.aborted === true) throw new CallAborted({ method: name })
      return undefined
    } finally {
      await answers.return?.()
      ended()
    }
  }

type Told<Answer> =
  | { readonly _tag: "Answer"; readonly value: Answer }
  | { readonly _tag: "Failure"; readonly cause: Cause.Cause<unknown> }

const iteratorOf = async <Answer>(
  name: string,
  { calls, runtime }: Running,
  stream: Stream.Stream<Answer, unknown, Services>
): Promise<AsyncIterator<Told<Answer>>> => {
  const told = Stream.catchCause(
    Stream.map(stream, (value): Told<Answer> => ({ _tag: "Answer", value })),
    (cause) => Stream.succeed<Told<Answer>>({ _tag: "Failure", cause })
  )
  const answers = await calls.begin(name, () => runtime.runPromiseExit(Stream.toAsyncIterableEffect(told)))
  return settle(name, answers)[Symbol.asyncIterator]()
}
