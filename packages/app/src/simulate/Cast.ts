/**
 * Who acts in a simulated history: Mastercard, played by a sandbox over HTTP, and the processes of ours, each with stores
 * and a client of its own. A process that dies is replaced by a new one over the same data.
 */
import {
  EventStore,
  Mastercard,
  MastercardConfig,
  PolicyStore,
  Sandbox,
  type SandboxFailure,
  type SandboxKeys
} from "@pointback/adapters"
import { Instant } from "@pointback/domain"
import { Clock, Context, Duration, Effect, Layer, Redacted, type Scope } from "effect"
import { gateClient, gateStore, RecordedAt, subjectOfCredit, subjectOfHistory } from "./GatedServices.ts"
import { ANSWER_LIMIT_MILLIS } from "./HistoryPlan.ts"
import type { SimulatedProcess, Stage } from "./Stage.ts"
import type { ProcessStores, Wiring } from "./Wiring.ts"

/** What use cases find in a process. */
export type ProcessServices = ProcessStores | Mastercard

/** A process with what it has. */
export interface Actor extends SimulatedProcess {
  readonly services: Context.Context<ProcessServices>
}

/** The consumer key that the sandbox knows. Not a secret: it listens on this machine alone. */
const CONSUMER_KEY = "pointback-simulate"

/** A connection to this machine that takes longer says that the machine is busy: only simulated time may run out. */
const CONNECT_LIMIT = Duration.minutes(5)

/** Starts Mastercard's side. It listens until the scope closes. */
export const startMastercard = (
  stage: Stage,
  keys: SandboxKeys.SandboxKeys,
  ahead: number
): Effect.Effect<Sandbox["Service"], SandboxFailure, Scope.Scope> =>
  Layer.build(
    Layer.fresh(
      Sandbox.layer({
        consumerKey: Redacted.make(CONSUMER_KEY),
        publicKey: keys.publicKey,
        maximumLog: Infinity,
        clock: () => Instant.fromEpochMillis(stage.clock.currentTimeMillisUnsafe() + ahead),
        onHold: ({ account, call, millis, redemption }) =>
          stage.hold(call === "credit" ? subjectOfCredit(redemption ?? "") : subjectOfHistory(account ?? ""), millis)
      })
    )
  ).pipe(
    Effect.provideService(Clock.Clock, stage.clock),
    Effect.map((context) => Context.get(context, Sandbox))
  )

/** Starts processes of a history. */
export class Casting<Run, History> {
  readonly #stage: Stage
  readonly #wiring: Wiring<Run, History>
  readonly #data: Context.Context<Run | History>
  readonly #config: MastercardConfig.MastercardConfig
  readonly #recordedAt: RecordedAt

  constructor(
    stage: Stage,
    wiring: Wiring<Run, History>,
    data: Context.Context<Run | History>,
    url: URL,
    keys: SandboxKeys.SandboxKeys
  ) {
    this.#stage = stage
    this.#wiring = wiring
    this.#data = data
    this.#config = MastercardConfig.make({
      url,
      consumerKey: Redacted.make(CONSUMER_KEY),
      signingKey: keys.signingKey,
      connectLimit: CONNECT_LIMIT,
      answerLimit: Duration.millis(ANSWER_LIMIT_MILLIS)
    })
    this.#recordedAt = new RecordedAt(() => Instant.fromEpochMillis(stage.clock.currentTimeMillisUnsafe()))
  }

  /** Starts a process whose clock is so many milliseconds ahead. */
  start(name: string, ahead: number): Effect.Effect<Actor, unknown, Scope.Scope> {
    const layer = Layer.fresh(Layer.merge(this.#wiring.stores, this.#wiring.mastercard(this.#config)))
    return Effect.map(Effect.provideContext(Layer.build(layer), this.#data), (services): Actor => {
      const process = { name, ahead, alive: true }
      return Object.assign(process, {
        services: Context.empty().pipe(
          Context.add(PolicyStore, Context.get(services, PolicyStore)),
          Context.add(
            EventStore.EventStore,
            gateStore(this.#stage, process, Context.get(services, EventStore.EventStore), this.#recordedAt)
          ),
          Context.add(Mastercard, gateClient(this.#stage, process, Context.get(services, Mastercard)))
        )
      })
    })
  }

  /** The stores without gates, to set up and to look. */
  readonly stores = Effect.suspend(() =>
    Effect.provideContext(Layer.build(Layer.fresh(this.#wiring.stores)), this.#data)
  )

  /** What is stored, as the simulated database would have dated it. */
  readonly dated = (event: EventStore.StoredEvent): EventStore.StoredEvent => this.#recordedAt.of(event)
}
