/**
 * A stand-in for Mastercard Digital Redemptions: a real HTTP server on this machine that checks signatures and keeps
 * accounts, lots and redemptions. The client talks to it as it talks to Mastercard.
 *
 * It listens on 127.0.0.1 only and forgets everything when its scope closes.
 */
import { Instant } from "@pointback/domain"
import { Clock, Context, Duration, Effect, Layer, type Option, Redacted, Schema, type Scope } from "effect"
import { createPublicKey } from "node:crypto"
import type * as Json from "../json/Json.ts"
import * as Assumptions from "../mastercard/Assumptions.ts"
import type { FaultControl } from "./SandboxAdmin.ts"
import type { SandboxCommand } from "./SandboxBank.ts"
import { SandboxBook } from "./SandboxBook.ts"
import { FaultPlan } from "./SandboxFaultPlan.ts"
import * as Faults from "./SandboxFaults.ts"
import { Recent } from "./SandboxLog.ts"
import type { SandboxLot } from "./SandboxLots.ts"
import * as Routes from "./SandboxRoutes.ts"
import * as Server from "./SandboxServer.ts"
import type { RedemptionTruth } from "./SandboxTruth.ts"

/** How a sandbox is set up. */
export interface SandboxOptions {
  /** The port; 0, the default, takes a free one. */
  readonly port?: number
  readonly consumerKey: Redacted.Redacted
  /** The public half of the client's key, SPKI as PEM text. */
  readonly publicKey: string
  /** `Pay With Points API` by default, as on Mastercard's page. */
  readonly programName?: string
  /** The accounts to begin with. */
  readonly accounts?: ReadonlyArray<{
    readonly userId: string
    readonly lots: ReadonlyArray<Omit<SandboxLot, "granted">>
  }>
  /** The present instant of the accounts; the real clock by default. Signatures always follow the real clock. */
  readonly clock?: () => Instant.Instant
  /** The id of the first redemption or credit that is made, 5134720 by default. */
  readonly firstId?: bigint
  /** How far the timestamp of a signature may be away, five minutes by default. */
  readonly tolerance?: Duration.Duration
  readonly assumptions?: Assumptions.Assumptions
  /** How it misbehaves; not at all by default. */
  readonly faults?: Faults.SpecificationInput
  /** Entries of the log at most, the oldest are dropped first; may be infinite. 10,000 by default. */
  readonly maximumLog?: number
  /** Told of each request whose answer is held back, at once. It must not throw. */
  readonly onHold?: (hold: Server.Hold) => void
}

const DEFAULT_PROGRAM_NAME = "Pay With Points API"

// The redemption of Mastercard's own page.
const DEFAULT_FIRST_ID = 5_134_720n

const DEFAULT_TOLERANCE = Duration.minutes(5)

/** The sandbox could not be started. */
export class SandboxNotStarted extends Schema.TaggedError<SandboxNotStarted>()("SandboxNotStarted", {
  problem: Schema.String
}) {
  override get message(): string {
    return `The sandbox could not be started: ${this.problem}`
  }
}

/** Exchanges that are kept: enough to look back at a session, little enough for a sandbox that runs for days. */
const MAXIMUM_EXCHANGES = 1000

/** A running sandbox. */
export class Sandbox extends Context.Service<
  Sandbox,
  {
    /** What `POINTBACK_MASTERCARD_URL` has to be: `http://127.0.0.1:<port>/loyalty`. */
    readonly url: URL
    /** Where it is set up and looked into: `http://127.0.0.1:<port>/sandbox`. */
    readonly adminUrl: URL
    /** Carries a command out as if it had come over the wire, for set-up. Fails with the refusal in words. */
    readonly run: (command: SandboxCommand) => Effect.Effect<void, SandboxRefused>
    /** What truly happened, oldest first. */
    readonly log: Effect.Effect<ReadonlyArray<Json.JsonObject>>
    /** What truly became of every redemption. */
    readonly truth: Effect.Effect<ReadonlyArray<RedemptionTruth>>
    /** What truly became of one redemption; none where it is not known. */
    readonly truthOf: (redemptionId: string) => Effect.Effect<Option.Option<RedemptionTruth>>
    /** The last requests and answers as they went over the wire, oldest first. */
    readonly exchanges: Effect.Effect<ReadonlyArray<Server.Exchange>>
    /** Makes it misbehave otherwise from now on. Counting for `nth` and for the seed begins anew. */
    readonly setFaults: (specification: Faults.SpecificationInput) => Effect.Effect<void, Faults.SandboxFaultsInvalid>
    /** How it misbehaves. */
    readonly faults: Effect.Effect<Faults.Specification>
    /** How many requests are held for ever, their clients still waiting. */
    readonly held: Effect.Effect<number>
  }
>()("@pointback/adapters/Sandbox") {
  /** A sandbox that runs as long as the layer is in use. */
  static readonly layer = (options: SandboxOptions): Layer.Layer<Sandbox, SandboxFailure> =>
    Layer.effect(Sandbox, make(options))
}

/** The sandbox said no to a command of its own set-up. */
export class SandboxRefused extends Schema.TaggedError<SandboxRefused>()("SandboxRefused", {
  reasonCode: Schema.String,
  description: Schema.String
}) {
  override get message(): string {
    return `The sandbox refused: ${this.reasonCode}: ${this.description}`
  }
}

/** Why a sandbox does not start. */
export type SandboxFailure = SandboxNotStarted | SandboxRefused | Faults.SandboxFaultsInvalid

/** Starts a sandbox. It stops when the scope closes, and every connection with it. */
export const make = Effect.fnUntraced(function* (
  options: SandboxOptions
): Effect.fn.Return<Sandbox["Service"], SandboxFailure, Scope.Scope> {
  const clock = yield* Clock.Clock
  const book = new SandboxBook({
    firstId: options.firstId ?? DEFAULT_FIRST_ID,
    now: options.clock ?? (() => Instant.fromEpochMillis(clock.currentTimeMillisUnsafe())),
    maximumLog: options.maximumLog
  })
  const run = (command: SandboxCommand) =>
    Effect.suspend(() => {
      const answer = book.run(command)
      return answer._tag === "Refused" ? Effect.fail(new SandboxRefused(answer.refusal)) : Effect.void
    })
  for (const account of options.accounts ?? []) yield* run({ _tag: "PutAccount", ...account })
  const faults: FaultControl = { plan: yield* planOf(options.faults ?? {}) }
  const parts = yield* partsOf(options, book, faults, () => Math.floor(clock.currentTimeMillisUnsafe() / 1000))
  const exchanges = new Recent<Server.Exchange>(MAXIMUM_EXCHANGES)
  const held = new Set<object>()
  const serving: Server.Serving = {
    answer: (request) => Routes.answer(parts, request),
    clock,
    keep: (exchange) => exchanges.add(exchange),
    onHold: options.onHold ?? (() => {}),
    held
  }
  const origin = yield* Effect.mapError(
    Server.listen(serving, options.port ?? 0),
    (problem) => new SandboxNotStarted({ problem })
  )
  return Sandbox.of({
    url: new URL(Routes.API_PREFIX, origin),
    adminUrl: new URL(Routes.ADMIN_PREFIX, origin),
    run,
    log: Effect.sync(() => book.log().entries),
    truth: Effect.sync(() => book.truth()),
    truthOf: (redemptionId) => Effect.sync(() => book.truthOf(redemptionId)),
    exchanges: Effect.sync(() => exchanges.items()),
    setFaults: (specification) => Effect.map(planOf(specification), (plan) => void (faults.plan = plan)),
    faults: Effect.sync(() => faults.plan.specification),
    held: Effect.sync(() => held.size)
  })
})

const planOf = (input: Faults.SpecificationInput): Effect.Effect<FaultPlan, Faults.SandboxFaultsInvalid> =>
  Effect.map(
    Effect.suspend(() => Effect.fromResult(Faults.decode(input))),
    (specification) => new FaultPlan(specification)
  )

const partsOf = (
  options: SandboxOptions,
  book: SandboxBook,
  faults: FaultControl,
  seconds: () => number
): Effect.Effect<Routes.SandboxParts, SandboxNotStarted> =>
  Effect.try({
    try: () => ({
      book,
      faults,
      gateway: {
        consumerKey: Redacted.value(options.consumerKey),
        publicKey: createPublicKey(options.publicKey),
        tolerance: Duration.toSeconds(options.tolerance ?? DEFAULT_TOLERANCE),
        nonces: new Map()
      },
      manner: {
        programName: options.programName ?? DEFAULT_PROGRAM_NAME,
        assumptions: options.assumptions ?? Assumptions.defaults
      },
      seconds
    }),
    catch: () => new SandboxNotStarted({ problem: "the public key is not SPKI as PEM text" })
  })
