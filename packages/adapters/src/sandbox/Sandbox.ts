/**
 * A stand-in for Mastercard Digital Redemptions: a real HTTP server on this machine that checks signatures and keeps
 * accounts, lots and redemptions. The client talks to it as it talks to Mastercard.
 *
 * It listens on 127.0.0.1 only. Unless a file keeps its state, it forgets everything when its scope closes.
 */
import { Instant } from "@pointback/domain"
import { Clock, Context, Duration, Effect, Equal, Layer, type Option, Redacted, Schema, type Scope } from "effect"
import { createPublicKey } from "node:crypto"
import type * as Json from "../json/Json.ts"
import * as Assumptions from "../mastercard/Assumptions.ts"
import type { FaultControl } from "./SandboxAdmin.ts"
import type { SandboxCommand } from "./SandboxBank.ts"
import { SandboxBook } from "./SandboxBook.ts"
import * as Codes from "./SandboxCodes.ts"
import { FaultPlan } from "./SandboxFaultPlan.ts"
import * as Faults from "./SandboxFaults.ts"
import { SandboxStateNotWritten } from "./SandboxJournal.ts"
import { Recent } from "./SandboxRecent.ts"
import * as ExtrasOptions from "./SandboxExtrasOptions.ts"
import type { SandboxLot } from "./SandboxLots.ts"
import { SandboxNotStarted } from "./SandboxNotStarted.ts"
import * as Routes from "./SandboxRoutes.ts"
import * as Rules from "./SandboxRules.ts"
import * as Server from "./SandboxServer.ts"
import * as StateFile from "./SandboxStateFile.ts"
import type { AccountTruth, RedemptionTruth } from "./SandboxTruth.ts"

export { SandboxNotStarted }

/** How a sandbox is set up. */
export interface SandboxOptions {
  /** The port; 0, the default, takes a free one. */
  readonly port?: number
  readonly consumerKey: Redacted.Redacted
  /** The public half of the client's key, SPKI as PEM text. */
  readonly publicKey: string
  /** `Pay With Points API` by default, as on Mastercard's page. */
  readonly programName?: string
  /** The accounts to begin with; those of one household share their lots. */
  readonly accounts?: ReadonlyArray<{
    readonly userId: string
    readonly household?: string
    readonly lots: ReadonlyArray<Omit<SandboxLot, "granted">>
  }>
  /** The present instant of the accounts; the real clock by default. Signatures always follow the real clock. */
  readonly clock?: () => Instant.Instant
  /** A clock of its own instead: it stands at this instant until it is advanced. */
  readonly standingAt?: Instant.Instant
  /** The rules that Mastercard's material leaves open. */
  readonly rules?: Rules.SandboxRulesInput
  /** A file that the state is kept in, over restarts; in memory unless set. */
  readonly state?: string
  /** The id of the first redemption or credit that is made, 5134720 by default. */
  readonly firstId?: bigint
  /** How far the timestamp of a signature may be away, five minutes by default. */
  readonly tolerance?: Duration.Duration
  readonly assumptions?: Assumptions.Assumptions
  /** OAuth 2.0 and payload encryption; by default with the consumer key as client id and the same public key. */
  readonly extras?: ExtrasOptions.SandboxExtrasOptions
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
    /** An account with its lots and their ages, by any number that it ever had; none where it is not known. */
    readonly account: (userId: string) => Effect.Effect<Option.Option<AccountTruth>>
    /** The rules that count now. */
    readonly rules: Effect.Effect<Rules.SandboxRules>
    /** Makes other rules count from now on. */
    readonly setRules: (
      rules: Rules.SandboxRulesInput
    ) => Effect.Effect<void, Rules.SandboxRulesInvalid | SandboxRefused>
    /** The present instant. */
    readonly now: Effect.Effect<Instant.Instant>
    /** Moves a clock of its own forward. Fails where it follows another clock, or where that would be back. */
    readonly advanceTo: (instant: Instant.Instant) => Effect.Effect<void, SandboxRefused>
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
export type SandboxFailure =
  | SandboxNotStarted
  | SandboxRefused
  | Faults.SandboxFaultsInvalid
  | Rules.SandboxRulesInvalid
  | StateFile.SandboxStateError

/** Starts a sandbox. It stops when the scope closes, and every connection with it. */
export const make = Effect.fnUntraced(function* (
  options: SandboxOptions
): Effect.fn.Return<Sandbox["Service"], SandboxFailure, Scope.Scope> {
  const clock = yield* Clock.Clock
  const faults: FaultControl = { plan: yield* planOf(options.faults ?? {}) }
  const book = yield* bookOf(options, clock)
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
    ...inProcess(parts),
    exchanges: Effect.sync(() => exchanges.items()),
    held: Effect.sync(() => held.size)
  })
})

/** The sandbox's own side for who runs in the same process. */
const inProcess = ({ advance, book, faults }: Routes.SandboxParts) => ({
  run: (command: SandboxCommand) => runOn(book, command),
  log: Effect.sync(() => book.log().entries),
  truth: Effect.sync(() => book.truth()),
  truthOf: (redemptionId: string) => Effect.sync(() => book.truthOf(redemptionId)),
  account: (userId: string) => Effect.sync(() => book.account(userId)),
  rules: Effect.sync(() => book.rules()),
  setRules: (input: Rules.SandboxRulesInput) =>
    Effect.flatMap(rulesOf(input), (rules) => Effect.asVoid(attempt(() => book.run({ _tag: "PutRules", rules })))),
  now: Effect.sync(() => book.now()),
  advanceTo: (instant: Instant.Instant) =>
    Effect.suspend((): Effect.Effect<void, SandboxRefused> =>
      advance === undefined || instant < book.now()
        ? Effect.fail(new SandboxRefused(advance === undefined ? Codes.noClock : Codes.clockBack))
        : attempt(() => advance(instant))
    ),
  setFaults: (specification: Faults.SpecificationInput) =>
    Effect.map(planOf(specification), (plan) => void (faults.plan = plan)),
  faults: Effect.sync(() => faults.plan.specification)
})

const attempt = <A>(change: () => A): Effect.Effect<A, SandboxRefused> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(change())
    } catch (cause) {
      return cause instanceof SandboxStateNotWritten
        ? Effect.fail(new SandboxRefused(Codes.notKept(cause.message)))
        : Effect.die(cause)
    }
  })

const runOn = (book: SandboxBook, command: SandboxCommand) =>
  Effect.flatMap(
    attempt(() => book.run(command)),
    (answer) => (answer._tag === "Refused" ? Effect.fail(new SandboxRefused(answer.refusal)) : Effect.void)
  )

const planOf = (input: Faults.SpecificationInput): Effect.Effect<FaultPlan, Faults.SandboxFaultsInvalid> =>
  Effect.map(
    Effect.suspend(() => Effect.fromResult(Faults.decode(input))),
    (specification) => new FaultPlan(specification)
  )

const rulesOf = (input: Rules.SandboxRulesInput): Effect.Effect<Rules.SandboxRules, Rules.SandboxRulesInvalid> =>
  Effect.suspend(() => Effect.fromResult(Rules.decode(input)))

/** The book as the options say, with what the state file holds, and the accounts to begin with. */
const bookOf = Effect.fnUntraced(function* (
  options: SandboxOptions,
  clock: Clock.Clock
): Effect.fn.Return<SandboxBook, SandboxFailure, Scope.Scope> {
  const firstId = options.firstId ?? DEFAULT_FIRST_ID
  const kept = options.state === undefined ? undefined : yield* StateFile.open(options.state, firstId)
  const { standingAt } = options
  const book = new SandboxBook({
    firstId: kept?.firstId ?? firstId,
    rules: Rules.defaults,
    now:
      standingAt === undefined
        ? (options.clock ?? (() => Instant.fromEpochMillis(clock.currentTimeMillisUnsafe())))
        : () => standingAt,
    maximumLog: options.maximumLog,
    past: kept?.entries,
    journal: kept?.journal
  })
  if (options.rules !== undefined) {
    const rules = yield* rulesOf(options.rules)
    if (!Equal.equals(rules, book.rules())) yield* runOn(book, { _tag: "PutRules", rules })
  }
  for (const account of options.accounts ?? []) yield* runOn(book, { _tag: "PutAccount", ...account })
  return book
})

const partsOf = Effect.fnUntraced(function* (
  options: SandboxOptions,
  book: SandboxBook,
  faults: FaultControl,
  seconds: () => number
): Effect.fn.Return<Routes.SandboxParts, SandboxNotStarted> {
  const publicKey = yield* Effect.try({
    try: () => createPublicKey(options.publicKey),
    catch: () => new SandboxNotStarted({ problem: "the public key is not SPKI as PEM text" })
  })
  return {
    book,
    faults,
    advance: options.standingAt === undefined ? undefined : (to: Instant.Instant) => book.advanceTo(to),
    gateway: {
      consumerKey: Redacted.value(options.consumerKey),
      publicKey,
      tolerance: Duration.toSeconds(options.tolerance ?? DEFAULT_TOLERANCE),
      nonces: new Map()
    },
    extras: yield* ExtrasOptions.make(options, options.extras ?? {}, publicKey),
    manner: {
      programName: options.programName ?? DEFAULT_PROGRAM_NAME,
      assumptions: options.assumptions ?? Assumptions.defaults
    },
    seconds
  }
})
