/**
 * Where the processes of a simulated history act. Before and after each step that leaves a process (a question to the
 * store, an append, a call of Mastercard) there is a gate, and the simulation opens one at a time. What happens in which
 * order, and which process dies between which two steps, is therefore the simulation's choice, and a replay makes the
 * same one.
 */
import { Clock, Duration, Effect, type Exit, Fiber, Scheduler } from "effect"
import { Attention } from "./Attention.ts"
import { SimulatedClock } from "./SimulatedClock.ts"

/** A process that can die. Whatever it was doing then never goes on. */
export interface SimulatedProcess {
  readonly name: string
  /** Milliseconds that its clock shows too much, or too little where negative. */
  readonly ahead: number
  alive: boolean
}

/** A place in a use case where a process waits to be let through, and can die. */
export interface Gate {
  readonly process: SimulatedProcess
  /** Such as `after append CreditRequested`. */
  readonly point: string
  /** What the call is about that the gate leads to. */
  readonly subject: string | undefined
  /** Milliseconds by the stage's clock. */
  readonly since: number
  readonly open: () => void
}

/** A call that is on its way: somebody outside has it, or it is coming back. */
interface Call {
  readonly process: SimulatedProcess
  /** What it is about; the sandbox names what it holds in the same words. */
  readonly subject: string
  /** Nothing will move it but time. */
  resting: boolean
  /** The hold that it is in now, one of perhaps several in one call. */
  held: object | undefined
}

/** A step outside of the process. */
interface Step<A, E> {
  readonly process: SimulatedProcess
  readonly name: string
  readonly effect: Effect.Effect<A, E>
}

/**
 * Sleeps within a call that are shorter are pauses between its attempts; longer ones are time limits, which run beside
 * something else.
 */
const SHORTEST_LIMIT = Duration.seconds(10)

/** A stage with a time of its own. */
export class Stage {
  readonly clock: SimulatedClock
  readonly attention = new Attention()
  readonly #gates: Array<Gate> = []
  readonly #calls = new Map<Call, Fiber.Fiber<unknown, unknown>>()
  readonly #tell: (line: string) => void

  constructor(start: number, tell: (line: string) => void) {
    this.clock = new SimulatedClock(start)
    this.#tell = tell
  }

  /** The gates at which somebody waits, in the order in which they came. */
  get gates(): ReadonlyArray<Gate> {
    return this.#gates
  }

  /** Whether a call about this is on its way. */
  isCalling(subject: string): boolean {
    return Array.from(this.#calls.keys()).some((call) => call.subject === subject)
  }

  /** Lets somebody through. */
  open(gate: Gate): void {
    this.#leave(gate)
    gate.open()
  }

  /** A process dies: its gates never open, and its connections are closed. */
  readonly kill = (process: SimulatedProcess): Effect.Effect<void> =>
    Effect.suspend(() => {
      const dying = process
      dying.alive = false
      for (const gate of this.#gates.filter((gate) => gate.process === process)) this.#leave(gate)
      const calls = Array.from(this.#calls).filter(([call]) => call.process === process)
      return Effect.forEach(calls, ([, fiber]) => Fiber.interrupt(fiber), { discard: true })
    })

  /** A question or an order to a store: while it is under way, nothing else happens. */
  readonly ask = <A, E>(step: Step<A, E>): Effect.Effect<A, E> => this.#step(step, this.#alone(step))

  /** A call of Mastercard about a subject: it may be on its way for long, while others go on. */
  readonly call = <A, E>(step: Step<A, E>, subject: string): Effect.Effect<A, E> =>
    this.#step(step, this.#onItsWay(step.process, subject, step.effect), subject)

  /** Somebody outside has a call and will not let it go before so many milliseconds have passed, or never. */
  hold(subject: string, millis: number | undefined): void {
    for (const call of this.#calls.keys()) {
      if (call.subject !== subject) continue
      const held = {}
      call.held = held
      this.#setResting(call, true)
      if (millis === undefined) continue
      const passed = this.clock.sleepTelling(Duration.millis(millis), () => {
        if (call.held === held) this.#setResting(call, false)
      })
      Effect.runFork(passed)
    }
  }

  /** Runs what a process does: by its clock, and with its steps counted. */
  readonly within = <A, E, R>({ ahead }: SimulatedProcess, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    effect.pipe(
      Effect.provideService(Clock.Clock, this.clock.beside(ahead)),
      Effect.provideService(Scheduler.Scheduler, this.attention.scheduler)
    )

  /** Runs what has no time to pass in it: a pause takes real time, since nobody would move the history's. */
  readonly aside = <A, E, R>(effect: Effect.Effect<A, E, R>, ahead = 0): Effect.Effect<A, E, R> =>
    Effect.provideService(
      effect,
      Clock.Clock,
      this.clock.beside(ahead, (duration) => REAL.sleep(duration))
    )

  readonly #step = <A, E>(
    { name, process }: Step<A, E>,
    work: Effect.Effect<Exit.Exit<A, E>>,
    subject?: string
  ): Effect.Effect<A, E> =>
    Effect.gen({ self: this }, function* () {
      yield* this.#gate(process, `before ${name}`, subject)
      const exit = yield* work
      yield* this.#gate(process, `after ${name}`, undefined)
      return yield* exit
    })

  readonly #gate = (process: SimulatedProcess, point: string, subject: string | undefined): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      // A dead process waits for ever.
      if (!process.alive) return
      const since = this.clock.currentTimeMillisUnsafe()
      const gate: Gate = { process, point, subject, since, open: () => resume(Effect.void) }
      this.#gates.push(gate)
      return Effect.sync(() => this.#leave(gate))
    })

  #leave(gate: Gate): void {
    const place = this.#gates.indexOf(gate)
    if (place !== -1) this.#gates.splice(place, 1)
  }

  /** Work that ends by itself. */
  readonly #alone = <A, E>({ effect, process }: Step<A, E>): Effect.Effect<Exit.Exit<A, E>> =>
    Effect.acquireUseRelease(
      Effect.sync(() => this.attention.begin()),
      () => Effect.exit(this.aside(effect, process.ahead)),
      () => Effect.sync(() => this.attention.end())
    )

  readonly #onItsWay = <A, E>(
    process: SimulatedProcess,
    subject: string,
    effect: Effect.Effect<A, E>
  ): Effect.Effect<Exit.Exit<A, E>> =>
    Effect.gen({ self: this }, function* () {
      const call: Call = { process, subject, resting: false, held: undefined }
      const clock = this.clock.beside(process.ahead, (duration) => this.#sleepIn(call, duration))
      this.attention.begin()
      const fiber = yield* Effect.forkDetach(Effect.provideService(effect, Clock.Clock, clock), {
        startImmediately: true
      })
      this.#calls.set(call, fiber)
      fiber.addObserver(() => {
        this.#calls.delete(call)
        if (!call.resting) this.attention.end()
      })
      // Whoever gives up waiting closes the connection.
      return yield* Effect.onInterrupt(Fiber.await(fiber), () =>
        Effect.andThen(
          Effect.sync(() => this.#setResting(call, false)),
          Fiber.interrupt(fiber)
        )
      )
    })

  readonly #sleepIn = (call: Call, duration: Duration.Duration): Effect.Effect<void> => {
    const isPause = Duration.isLessThan(duration, SHORTEST_LIMIT)
    return Effect.suspend(() => {
      if (isPause && Duration.toMillis(duration) > 0) this.#setResting(call, true)
      return this.clock.sleepTelling(duration, () => this.#setResting(call, false))
    })
  }

  #setResting(call: Call, resting: boolean): void {
    if (call.resting === resting || !this.#calls.has(call)) return
    const changed = call
    changed.resting = resting
    if (!resting) changed.held = undefined
    if (resting) this.attention.end()
    else this.attention.begin()
    this.#tell(`${call.process.name}: the call about ${call.subject} ${resting ? "is held" : "goes on"}`)
  }
}

/** The machine's own clock. */
const REAL = Clock.Clock.defaultValue()
