/**
 * Chooses what happens next in a history, whenever nothing moves: which process goes on, which one dies, what is begun,
 * when time passes. Everything is chosen by the history's dice.
 */
import { Cause, Duration, Effect, type Exit, type Fiber, Option } from "effect"
import type { Dice, Weighted } from "../generate/Dice.ts"
import type { Gate, SimulatedProcess, Stage } from "./Stage.ts"

/** Something that a process does for somebody. */
export interface Task {
  readonly process: SimulatedProcess
  readonly name: string
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

/** What the direction may choose beside opening gates and passing time. */
export interface Events {
  /** Begins what is next; undefined when nothing is to come. */
  readonly next: () => Effect.Effect<void> | undefined
  /** Replaces a process that has died. */
  readonly replace: (process: SimulatedProcess) => Effect.Effect<void>
}

/** How much goes wrong beside what Mastercard does. */
export interface Odds {
  readonly together: number
  readonly deathPercent: number
  readonly givingUpPercent: number
}

/** Nothing goes wrong any more. */
export const calm: Odds = { together: 1, deathPercent: 0, givingUpPercent: 0 }

/** Choices in a history at most: what takes more goes round in circles. */
const MAXIMUM_CHOICES = 20_000

/** Real time within which something has to happen: a database or a socket that takes longer is broken. */
const PATIENCE = Duration.seconds(30)

/**
 * Where a request is about to leave. Whoever stands still here for longer than settling's limits allow sends a credit that
 * was found absent, and nothing on our side can prevent that; so no simulated process does.
 */
const ABOUT_TO_CALL = "before credit call"
export const LONGEST_HESITATION_MILLIS = 60_000

/** Where something is about to be stored, or has just been: few of the gates, and the ones that matter most. */
const APPEND = / append /
const MORE_AT_APPENDS = 3

/** A history that cannot go on. */
export class Stuck {
  readonly problem: string
  constructor(problem: string) {
    this.problem = problem
  }
}

/** Directs one history. */
export class Direction {
  readonly #stage: Stage
  readonly #dice: Dice
  readonly #tell: (line: string) => void
  readonly #running = new Set<Task>()
  /** How often somebody was let through each gate, and how often a process died there. */
  readonly passed = new Map<string, number>()
  readonly died = new Map<string, number>()
  /** Errors that are none of the typed ones. */
  readonly defects: Array<string> = []
  #passTimeUntil = 0
  #choices = 0

  constructor(stage: Stage, dice: Dice, tell: (line: string) => void) {
    this.#stage = stage
    this.#dice = dice
    this.#tell = tell
  }

  /** Has a process do something, and tells what came of it unless the process dies before. */
  readonly begin = <A, E>(
    process: SimulatedProcess,
    name: string,
    effect: Effect.Effect<A, E>,
    done: (exit: Exit.Exit<A, E>) => void
  ): Effect.Effect<void> =>
    // At once: until it has begun, nothing of it is counted, and all would seem still.
    Effect.map(Effect.forkDetach(this.#stage.within(process, effect), { startImmediately: true }), (fiber) => {
      const task: Task = { process, name, fiber }
      this.#running.add(task)
      fiber.addObserver((exit) => {
        this.#running.delete(task)
        if (!process.alive) return
        if (exit._tag === "Failure" && Cause.hasDies(exit.cause)) {
          this.defects.push(`${name}: ${Cause.pretty(exit.cause)}`)
        }
        done(exit)
      })
    })

  /** From now on time passes, whatever processes are in the middle of, until so many milliseconds are over. */
  passTime(millis: number): void {
    this.#passTimeUntil = this.#stage.clock.currentTimeMillisUnsafe() + millis
  }

  /** Goes on until nothing is to come and nothing is under way. */
  readonly run = (events: Events, odds: Odds): Effect.Effect<void, Stuck> =>
    Effect.gen({ self: this }, function* () {
      for (;;) {
        const still = yield* Effect.timeoutOption(this.#stage.attention.stillness, PATIENCE)
        if (Option.isNone(still)) return yield* Effect.fail(new Stuck(this.#describe("nothing came of")))
        const choice = this.#choose(events, odds)
        if (choice === undefined) return
        if (++this.#choices > MAXIMUM_CHOICES)
          return yield* Effect.fail(new Stuck(this.#describe("there is no end to")))
        yield* choice
      }
    })

  #describe(what: string): string {
    return `${what} ${Array.from(this.#running, ({ name, process }) => `${name} of ${process.name}`).join(", ")}`
  }

  #choose(events: Events, odds: Odds): Effect.Effect<void, Stuck> | undefined {
    const now = this.#stage.clock.currentTimeMillisUnsafe()
    if (this.#passTimeUntil > now) return this.#letTimePass(this.#passTimeUntil)
    const choices = this.#possible(events, odds)
    if (choices.length > 0) return this.#dice.weighted(choices)
    if (this.#running.size === 0) return undefined
    return Effect.fail(new Stuck(this.#describe("nobody would ever wake")))
  }

  #possible(events: Events, odds: Odds): Weighted<Effect.Effect<void, Stuck>> {
    const choices: Array<readonly [number, Effect.Effect<void, Stuck>]> = []
    for (const gate of this.#openable()) choices.push([10, this.#pass(gate, events, odds)])
    const next = this.#running.size < odds.together ? events.next() : undefined
    if (next !== undefined) choices.push([6, next])
    const wake = this.#stage.clock.nextWake
    if (wake !== undefined) choices.push([choices.length === 0 ? 1 : 2, this.#letTimePass(wake)])
    if (odds.givingUpPercent > 0) {
      for (const task of this.#running) choices.push([odds.givingUpPercent / 10, this.#giveUp(task)])
    }
    return choices
  }

  // Two calls about one subject would be one to the sandbox, which tells us only what they are about.
  #openable(): ReadonlyArray<Gate> {
    return this.#stage.gates.filter(({ subject }) => subject === undefined || !this.#stage.isCalling(subject))
  }

  #pass(gate: Gate, events: Events, odds: Odds): Effect.Effect<void> {
    return Effect.suspend(() => {
      const percent = odds.deathPercent * (APPEND.test(gate.point) ? MORE_AT_APPENDS : 1)
      if (percent > 0 && this.#dice.chance(percent)) return this.#die(gate, events)
      this.#tell(`${gate.process.name}: ${gate.point}`)
      count(this.passed, gate.point)
      this.#stage.open(gate)
      return Effect.void
    })
  }

  #die({ point, process }: Gate, events: Events): Effect.Effect<void> {
    this.#tell(`${process.name} dies ${point}`)
    count(this.died, point)
    for (const task of this.#running) if (task.process === process) this.#running.delete(task)
    return Effect.andThen(this.#stage.kill(process), events.replace(process))
  }

  #giveUp(task: Task): Effect.Effect<void> {
    return Effect.sync(() => {
      this.#tell(`${task.process.name}: whoever asked for ${task.name} gives up`)
      count(this.passed, "somebody gives up")
      task.fiber.interruptUnsafe()
    })
  }

  /** Moves time to the next instant at which somebody wakes, and not beyond `until`. */
  #letTimePass(until: number): Effect.Effect<void> {
    return Effect.sync(() => {
      const { clock, gates } = this.#stage
      const next = Math.min(until, clock.nextWake ?? until)
      const openable = new Set(this.#openable())
      const hurried = gates.find(
        (gate) => gate.point === ABOUT_TO_CALL && next > gate.since + LONGEST_HESITATION_MILLIS && openable.has(gate)
      )
      if (hurried === undefined) return clock.moveTowards(until)
      this.#tell(`${hurried.process.name}: ${hurried.point}, since time passes`)
      count(this.passed, hurried.point)
      this.#stage.open(hurried)
    })
  }
}

/** Counts one more. */
export const count = (counts: Map<string, number>, name: string, more = 1): void => {
  counts.set(name, (counts.get(name) ?? 0) + more)
}
