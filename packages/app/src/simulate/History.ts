/** One simulated history, from its first lot to its end. What came of it is compared elsewhere. */
import { EventStore, Json, type Sandbox, type SandboxKeys } from "@pointback/adapters"
import { Ids, Instant, Points } from "@pointback/domain"
import { Cause, Context, Effect, Exit, Layer, Option, Scope, Stream } from "effect"
import type { CreditRedemption } from "../command/CreditRedemption.ts"
import { sweepExpired } from "../command/SweepExpired.ts"
import * as Dice from "../generate/Dice.ts"
import { happened, holdsOf } from "./Comparison.ts"
import { type Actor, Casting, type ProcessServices, startMastercard } from "./Cast.ts"
import { calm, count, Direction, type Events } from "./Direction.ts"
import * as Plan from "./HistoryPlan.ts"
import { setUp } from "./Setup.ts"
import { Stage } from "./Stage.ts"
import type { Answer, Ended, Telling } from "./Ended.ts"
import { Trace } from "./Trace.ts"
import type { Wiring } from "./Wiring.ts"

/** What the histories of one run share. */
export interface RunOf<Run, Data> {
  readonly wiring: Wiring<Run, Data>
  readonly services: Context.Context<Run>
  readonly keys: SandboxKeys.SandboxKeys
  /** Part of the names of programs, so that two runs on one database do not meet. */
  readonly name: string
}

/** One playing of a history; a history that fails is played again with fewer steps. */
export interface Playing {
  readonly seed: number
  /** The places of the steps that are taken; undefined for all. */
  readonly steps: ReadonlyArray<number> | undefined
  /** Tells programs of several playings apart. */
  readonly attempt: number
}

/** A history under way. */
export class History<Run, Data> {
  readonly trace: Trace
  readonly direction: Direction
  readonly program: Ids.ProgramId
  readonly accounts: ReadonlyArray<Plan.PlannedAccount>
  readonly #run: RunOf<Run, Data>
  readonly #dice: Dice.Dice
  readonly #stage: Stage
  readonly #sandbox: Sandbox["Service"]
  readonly #casting: Casting<Run, Data>
  readonly #scope: Scope.Scope
  readonly #begin: number
  readonly #actors: Array<Actor> = []
  readonly #tellings: Array<Telling> = []
  /** The places of the steps that were taken. */
  readonly taken: Array<number> = []
  /** What settling did, by its results. */
  readonly settled = new Map<string, number>()
  readonly #elsewhere = new Map<string, Array<Points.Points>>()
  readonly #steps: ReadonlyArray<number> | undefined
  #started = 0

  private constructor(parts: {
    readonly playing: Playing
    readonly run: RunOf<Run, Data>
    readonly dice: Dice.Dice
    readonly begin: number
    readonly trace: Trace
    readonly stage: Stage
    readonly sandbox: Sandbox["Service"]
    readonly casting: Casting<Run, Data>
    readonly scope: Scope.Scope
  }) {
    const { begin, casting, dice, playing, run, sandbox, scope, stage, trace } = parts
    const { attempt, seed, steps } = playing
    this.#steps = steps
    this.#run = run
    this.#dice = dice
    this.#begin = begin
    this.trace = trace
    this.#stage = stage
    this.#sandbox = sandbox
    this.#casting = casting
    this.#scope = scope
    this.program = Ids.ProgramId.make(`simulation-${run.name}-${seed}${attempt === 0 ? "" : `-${attempt}`}`)
    this.accounts = Plan.accounts(dice, seed, begin)
    this.direction = new Direction(stage, dice, trace.tell)
  }

  /** Opens the data of a history and starts Mastercard's side; both end with the scope. */
  static readonly open = Effect.fnUntraced(function* <Run, Data>(playing: Playing, run: RunOf<Run, Data>) {
    const dice = yield* Dice.seeded(String(playing.seed))
    const begin = Plan.beginning(dice)
    const trace: Trace = new Trace(() => stage.clock.currentTimeMillisUnsafe())
    const stage: Stage = new Stage(begin, trace.tell)
    const scope = yield* Effect.scope
    const sandbox = yield* startMastercard(stage, run.keys, Plan.skew(dice))
    const data = yield* Effect.provideContext(Layer.build(Layer.fresh(run.wiring.history)), run.services)
    const services = Context.merge(run.services, data)
    const casting = new Casting(stage, run.wiring, services, sandbox.url, run.keys)
    return new History({ playing, run, dice, begin, trace, stage, sandbox, casting, scope })
  })

  /** Plays it: the accounts, everything that happens, and settling until nothing is left to settle. */
  readonly play = Effect.gen({ self: this }, function* () {
    const redemptions = yield* this.setUp
    const hazards = Plan.hazards(this.#dice, this.#dice.between(0, 2 ** 31 - 1))
    this.trace.tell(`${hazards.processes} processes; faults: ${JSON.stringify(hazards.faults)}`)
    for (let place = 0; place < hazards.processes; place++) yield* this.#cast(place)
    yield* this.#sandbox.setFaults(hazards.faults)
    const planned = Plan.steps(this.#dice, redemptions, hazards.processes)
    const steps = planned.filter((_, place) => this.#steps?.includes(place) ?? true)
    this.taken.push(...(this.#steps ?? planned.keys()))
    yield* this.direction.run(this.#events(steps), hazards)
    yield* this.calmDown
    yield* this.settleAll
  })

  private readonly setUp = Effect.suspend(() =>
    this.#stage.aside(
      Effect.flatMap(this.#casting.stores, (stores) =>
        Effect.provideContext(
          setUp(this.program, Plan.expiredLots(this.#dice), this.accounts, this.#sandbox.run),
          stores
        )
      )
    )
  )

  /** Starts the process of a place: the first one, or another in the place of one that died. */
  readonly #cast = (place: number): Effect.Effect<void> =>
    Effect.map(
      Effect.orDie(
        Scope.provide(this.#casting.start(`p${place}.${this.#started++}`, Plan.skew(this.#dice)), this.#scope)
      ),
      (actor) => {
        this.#actors[place] = actor
      }
    )

  readonly #events = (steps: Array<Plan.Step>): Events => ({
    next: () => {
      const [step] = steps
      return step === undefined ? undefined : Effect.suspend(() => this.#take(steps.shift() ?? step))
    },
    replace: (process) => this.#cast(this.#actors.findIndex((actor) => actor === process))
  })

  #take(step: Plan.Step): Effect.Effect<void> {
    switch (step._tag) {
      case "Credit":
        return this.#credit(step.process, step.credit)
      case "CreditElsewhere":
        return this.#creditElsewhere(step)
      case "Settle":
        return this.#settle(this.#actor(step.process), step.absent)
      case "SweepExpired": {
        const { program } = this
        const asOf = this.#now()
        const actor = this.#actor(step.process)
        return this.#start(actor, "sweepExpired", sweepExpired({ program, asOf }), () => undefined)
      }
      case "PassTime":
        return Effect.sync(() => {
          this.trace.tell(`${Math.round(step.millis / 1000)} s pass`)
          this.direction.passTime(step.millis)
        })
    }
  }

  #actor(place: number): Actor {
    return this.#actors[place] as Actor
  }

  #now(): Instant.Instant {
    return Instant.fromEpochMillis(this.#stage.clock.currentTimeMillisUnsafe())
  }

  #start<A, E>(
    actor: Actor,
    name: string,
    effect: Effect.Effect<A, E, ProcessServices>,
    done: (exit: Exit.Exit<A, E>) => void
  ): Effect.Effect<void> {
    this.trace.tell(`${actor.name}: ${name} begins`)
    return this.direction.begin(actor, name, Effect.provideContext(effect, actor.services), (exit) => {
      this.trace.tell(`${actor.name}: ${name} ends: ${told(exit)}`)
      done(exit)
    })
  }

  #credit(place: number, credit: Plan.PlannedCredit): Effect.Effect<void> {
    const command = this.#command(credit)
    const telling: { readonly credit: Plan.PlannedCredit; answer: Answer } = { credit, answer: { _tag: "Nothing" } }
    this.#tellings.push(telling)
    const name = `credit ${credit.creditId} of ${nameOf(credit)}`
    return this.#start(this.#actor(place), name, this.#run.wiring.protocol.credit(command, {}), (exit) => {
      telling.answer = Exit.match(exit, {
        onSuccess: (outcome): Answer => ({ _tag: "Outcome", outcome }),
        onFailure: (cause) =>
          Option.match(Cause.findErrorOption(cause), {
            onNone: (): Answer => ({ _tag: "Nothing" }),
            onSome: (error): Answer => ({ _tag: "Failure", tag: error._tag, message: error.message })
          })
      })
    })
  }

  #command({ creditId, daysAgo, lots, points, redemption }: Plan.PlannedCredit): CreditRedemption {
    const { account, redemptionId } = redemption
    // A date is part of the content, so it must be the same when the credit is asked for again.
    const occurredAt =
      daysAgo === undefined
        ? this.#now()
        : Instant.fromEpochMillis(this.#begin) - BigInt(daysAgo) * Instant.MICROS_PER_DAY
    const { program } = this
    return { program, account, redemptionId, creditId, points, lots, occurredAt, dated: daysAgo !== undefined }
  }

  #creditElsewhere({ points, redemption }: Extract<Plan.Step, { _tag: "CreditElsewhere" }>): Effect.Effect<void> {
    const { account, redemptionId, redemptionType } = redemption
    return Effect.gen({ self: this }, function* () {
      const before = yield* this.#creditsThere(redemptionId)
      const done = yield* Effect.exit(
        this.#sandbox.run({ _tag: "Credit", redemptionId, userId: account, redemptionType, points })
      )
      const after = yield* this.#creditsThere(redemptionId)
      // What was promised for earlier takes place when somebody looks, so the last one alone is this one.
      const credited = Exit.isSuccess(done) && after.length > before.length ? after.slice(-1) : []
      this.#elsewhere.set(redemptionId, [...(this.#elsewhere.get(redemptionId) ?? []), ...credited])
      this.trace.tell(
        `others credit ${redemptionId} at Mastercard: ${credited.map(Points.toString).join() || "refused"}`
      )
    })
  }

  #creditsThere(redemptionId: string): Effect.Effect<ReadonlyArray<Points.Points>> {
    return Effect.map(this.#sandbox.truthOf(redemptionId), (truth) =>
      Option.match(truth, { onNone: () => [], onSome: ({ credits }) => credits.map(({ points }) => points) })
    )
  }

  #settle(actor: Actor, absent: "release" | "repeat"): Effect.Effect<void> {
    return this.#start(actor, "settle", this.#run.wiring.protocol.settle(this.program, absent), (exit) => {
      if (Exit.isFailure(exit)) return
      for (const { creditId, reason, result } of exit.value.credits) {
        this.trace.tell(`${actor.name}: settling ${creditId}: ${result} ${reason ?? ""}`)
        count(this.settled, reason === null ? result : `${result} ${reason}`)
      }
    })
  }

  /** Mastercard behaves from now on, and everything that is under way there comes to its end. */
  private readonly calmDown = Effect.gen({ self: this }, function* () {
    yield* this.#sandbox.setFaults({})
    this.trace.tell("Mastercard behaves from now on, and its limits pass")
    this.direction.passTime(2 * Plan.CERTAIN_AFTER_MILLIS)
    yield* this.direction.run(NOTHING_MORE, calm)
  })

  private readonly settleAll = Effect.gen({ self: this }, function* () {
    yield* this.#cast(0)
    for (let round = 0; round < SETTLING_ROUNDS; round++) {
      yield* this.#settle(this.#actor(0), "release")
      yield* this.direction.run(NOTHING_MORE, calm)
    }
  })

  /** A person, who has asked Mastercard, decides what was left open. Answers how many credits that were. */
  readonly decide = Effect.fnUntraced({ self: this }, function* (this: History<Run, Data>, ended: Ended) {
    const holds = holdsOf(ended)
    for (const hold of holds) {
      const { account, creditId } = hold
      const decision = happened(ended, hold) ? "confirm" : "release"
      const credit = { program: this.program, account, creditId, actor: PERSON, reason: "Mastercard says so" }
      const name = `a person's decision to ${decision} ${creditId}`
      yield* this.#start(
        this.#actor(0),
        name,
        this.#run.wiring.protocol.decide({ ...credit, decision }),
        () => undefined
      )
      yield* this.direction.run(NOTHING_MORE, calm)
    }
    return holds.length
  })

  /** How it ended. */
  readonly end: Effect.Effect<Ended, unknown, Scope.Scope> = Effect.gen({ self: this }, function* () {
    const stores = yield* this.#casting.stores
    const events = new Map<Ids.AccountNumber, ReadonlyArray<EventStore.StoredEvent>>()
    for (const { account } of this.accounts) {
      const store = Context.get(stores, EventStore.EventStore)
      const ref = yield* store.find(this.program, account)
      const stored = ref === null ? [] : yield* Stream.runCollect(store.readAccount(ref))
      events.set(account, stored.map(this.#casting.dated))
    }
    const truth = yield* this.#sandbox.truth
    const elsewhere = new Map(this.#elsewhere)
    for (const [redemptionId, points] of effectsTwice(yield* this.#sandbox.log)) {
      elsewhere.set(redemptionId, [...(elsewhere.get(redemptionId) ?? []), ...points])
    }
    return { accounts: this.accounts, events, truth, elsewhere, tellings: this.#tellings }
  })

  /** How often each fault befell a call. */
  readonly faults: Effect.Effect<ReadonlyMap<string, number>> = Effect.suspend(() =>
    Effect.map(this.#sandbox.log, (entries) => {
      const faults = new Map<string, number>()
      for (const { fault } of entries) if (typeof fault === "string") count(faults, fault)
      return faults
    })
  )
}

const NOTHING_MORE: Events = { next: () => undefined, replace: () => Effect.void }

const PERSON = Ids.Actor.make("somebody who asked Mastercard")

/** Settling once is enough; twice shows that it changes nothing more. */
const SETTLING_ROUNDS = 2

/** Credits that Mastercard made a second time, all by itself: nobody of ours asked for them. */
const effectsTwice = (log: ReadonlyArray<Json.JsonObject>): ReadonlyMap<string, ReadonlyArray<Points.Points>> => {
  const twice = new Map<string, Array<Points.Points>>()
  let isFirst = false
  for (const { fault, kind, points, redemptionId } of log) {
    const isSecond: boolean = isFirst && fault === "effectTwice"
    isFirst = !isSecond && fault === "effectTwice" && kind === "credited"
    if (!isSecond || kind !== "credited" || typeof redemptionId !== "string") continue
    const amount = Points.fromStringUnsafe(Option.getOrThrow(Json.decimalOf(points, false)))
    twice.set(redemptionId, [...(twice.get(redemptionId) ?? []), amount])
  }
  return twice
}

const nameOf = ({ lots, points, redemption }: Plan.PlannedCredit): string => {
  const named = lots?.map((lot) => `${Points.toString(lot.points)} to ${lot.lotId}`).join(" and ")
  return `${named ?? (points === undefined ? "all" : Points.toString(points))} of ${redemption.redemptionId}`
}

const told = <A, E>(exit: Exit.Exit<A, E>): string =>
  Exit.match(exit, {
    onSuccess: (value) =>
      typeof value === "object" && value !== null && "outcome" in value ? String(value.outcome) : "done",
    onFailure: (cause) =>
      Option.match(Cause.findErrorOption(cause), {
        onNone: () => "nobody waits any more",
        onSome: (error) =>
          typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : "failed"
      })
  })
