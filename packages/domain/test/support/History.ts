/**
 * Whole histories of one account, each command decided by the real rules.
 *
 * A history is generated as a list of intents: small numbers that say what kind of thing is tried and how. They are
 * interpreted against the state at hand, so that most commands are within the rules and some are just outside of them,
 * and a failing list of intents shrinks to a short one with small numbers.
 */
import { HashMap, Result } from "effect"
import fc from "fast-check"
import * as Account from "../../src/account/Account.ts"
import type { Command } from "../../src/command/Decide.ts"
import { decide } from "../../src/command/Decide.ts"
import type { Fact } from "../../src/event/Fact.ts"
import * as Ids from "../../src/identity/Ids.ts"
import * as Lots from "../../src/lot/Lots.ts"
import type { Policy } from "../../src/program/Policy.ts"
import { initial } from "../../src/program/Policy.ts"
import type { RedemptionState } from "../../src/redemption/Redemption.ts"
import * as Redemption from "../../src/redemption/Redemption.ts"
import type { Refusal } from "../../src/refusal/Refusal.ts"
import { MICROS_PER_DAY as DAY } from "../../src/time/Instant.ts"
import * as Zone from "../../src/time/Zone.ts"
import { creditId, lotId, MERCHANT, on, redemptionId } from "./Commands.ts"

/** A command, what it was decided from, and what came of it. */
export interface Step {
  readonly command: Command
  readonly policy: Policy
  readonly before: Account.Account
  readonly outcome: Result.Result<ReadonlyArray<Fact>, Refusal>
  readonly after: Account.Account
}

export interface History {
  readonly steps: ReadonlyArray<Step>
  /** All facts, in the order of the log. */
  readonly facts: ReadonlyArray<Fact>
  readonly account: Account.Account
  /** The policy in force at the end. */
  readonly policy: Policy
  /** Every policy that was in force, by its version. */
  readonly policies: ReadonlyArray<Policy>
  /** An instant that no fact occurred after. */
  readonly now: bigint
}

const KINDS = {
  earn: 6,
  redeem: 6,
  record: 6,
  request: 5,
  settle: 6,
  adjust: 3,
  sweep: 3,
  recordExpired: 1,
  alias: 1,
  setPolicy: 2,
  repeat: 2,
  outside: 7
}

type Kind = keyof typeof KINDS

interface Intent {
  readonly kind: Kind
  /** How far the clock goes on before. */
  readonly gap: number
  /** Which one of several. */
  readonly pick: number
  /** How much of what is possible, in thousandths. */
  readonly share: number
  /** Which variant. */
  readonly way: number
  /** Zero for now; else which instant of the past. */
  readonly late: number
}

const HOUR = DAY / 24n
const GAPS = [0n, 1n, 0n, HOUR, DAY, 9n * DAY, 31n * DAY]
const LIVES = [null, 0n, 1n, 5n * DAY, 33n * DAY, 100n * DAY, 100n * DAY]

/** Zones with clocks that change, at midnight too, and offsets that are no whole hours. */
export const ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"]

const START = on("2017-09-20T22:30:00Z")

const at = <A>(items: ReadonlyArray<A>, index: number): A => items[index % items.length] as A

/** Interprets intents, one after the other. */
class World {
  account = Account.empty
  policy: Policy
  now = START
  readonly steps: Array<Step> = []
  readonly facts: Array<Fact> = []
  readonly policies: Array<Policy> = []
  private names = 0

  constructor(policy: Policy) {
    this.policy = policy
    this.policies.push(policy)
  }

  get history(): History {
    const { account, facts, now, policies, policy, steps } = this
    const history: History = { account, facts, now, policies, policy, steps }
    return Object.assign(history, { [fc.toStringMethod]: () => describe(history) })
  }

  run(intent: Intent): void {
    this.now += at(GAPS, intent.gap)
    const command = PLANS[intent.kind](this, intent)
    if (command !== undefined) this.decide(command)
  }

  decide(command: Command): void {
    const before = this.account
    const outcome = decide(command, before, this.policy)
    if (Result.isSuccess(outcome)) {
      this.account = Account.evolveAll(before, outcome.success)
      this.facts.push(...outcome.success)
    }
    this.steps.push({ command, policy: this.policy, before, outcome, after: this.account })
  }

  /** A name that no earlier one precedes in order, so that ids never stand in the order of their making. */
  name(prefix: string): string {
    this.names += 1
    return `${at([..."kgzbqtafm"], this.names)}-${prefix}${this.names}`
  }

  /** The smallest amount of the program's scale. */
  get step(): bigint {
    return 10n ** BigInt(4 - this.policy.scale)
  }

  /** A share of an amount, at least the smallest one, at most all. */
  shareOf(points: bigint, share: number): bigint {
    const units = points / this.step
    const part = (units * BigInt(share)) / 1000n
    return (part < 1n ? 1n : part) * this.step
  }

  /** Now, or an instant of the past that means something: one of a fact or of an expiry, or just beside it. */
  instant({ late, pick }: Intent): bigint {
    if (late < 4 || this.facts.length === 0) return this.now
    const { event, occurredAt } = at(this.facts, pick)
    const anchor = event._tag === "PointsEarned" && late % 2 === 0 ? (event.expiresAt ?? occurredAt) : occurredAt
    const chosen = anchor + at([0n, -1n, 1n, -DAY, DAY], late)
    return chosen < this.now ? chosen : this.now
  }

  get lots(): Array<Lots.Lot> {
    return Array.from(HashMap.values(this.account.lots.byId)).sort((a, b) => (a.lotId < b.lotId ? -1 : 1))
  }

  redemptions(...tags: ReadonlyArray<RedemptionState["_tag"]>): Array<Exclude<RedemptionState, { _tag: "None" }>> {
    return Array.from(HashMap.values(this.account.redemptions))
      .filter((state) => state._tag !== "None")
      .filter((state) => tags.includes(state._tag))
      .sort((a, b) => (a.redemption.redemptionId < b.redemption.redemptionId ? -1 : 1))
  }

  /** What can be drawn from each lot at an instant. */
  free(instant: bigint): Array<{ readonly lotId: Ids.LotId; readonly points: bigint }> {
    return this.lots
      .filter((lot) => Lots.isLive(lot, instant))
      .map((lot) => ({ lotId: lot.lotId, points: Lots.freeFrom(lot, instant) }))
      .filter(({ points }) => points > 0n)
  }
}

/** A history as a failing property shows it: a line per command, with what came of it. */
const describe = ({ steps }: History): string =>
  steps
    .map(({ command, outcome, policy }) => {
      const answer = Result.isSuccess(outcome) ? outcome.success.map(({ event }) => event) : outcome.failure
      return `\n${fc.stringify(command)}\n  under ${fc.stringify(policy)}\n  -> ${fc.stringify(answer)}`
    })
    .join("")

type Plan = (world: World, intent: Intent) => Command | undefined

const earn: Plan = (world, intent) => {
  const occurredAt = world.instant(intent)
  const life = at(LIVES, intent.way)
  const shared = world.lots
    .map((lot) => lot.expiresAt)
    .filter((expiresAt) => expiresAt !== null && expiresAt > occurredAt)
  const expiresAt =
    life === null ? null : life === 0n && shared.length > 0 ? at(shared, intent.pick) : occurredAt + life
  return {
    _tag: "Earn",
    lotId: lotId(world.name("lot")),
    points: BigInt(1 + intent.share) * world.step,
    earnedAt: occurredAt - at([0n, 0n, 1n, 10n * DAY], intent.pick),
    expiresAt: expiresAt === occurredAt ? occurredAt + 2n * DAY : expiresAt,
    occurredAt,
    source: null
  }
}

const redeem: Plan = (world, intent) => {
  const occurredAt = world.instant(intent)
  const free = world.free(occurredAt)
  const total = free.reduce((sum, { points }) => sum + points, 0n)
  if (total === 0n) return earn(world, intent)
  const named = intent.way === 1
  const draws = free
    .filter((_, i) => i === 0 || (intent.pick >> i) % 2 === 0)
    .map(({ lotId, points }) => ({ lotId, points: world.shareOf(points, intent.share) }))
    .reverse()
  return {
    _tag: "Redeem",
    redemptionId: redemptionId(world.name("r")),
    points: named ? draws.reduce((sum, { points }) => sum + points, 0n) : world.shareOf(total, intent.share),
    draws: named ? draws : undefined,
    redemptionType: intent.way === 6 ? "CASHBACK" : intent.way === 2 ? "TRAVEL" : "MERCHANDISE",
    processedBy: MERCHANT,
    occurredAt
  }
}

const outstandingLots = (world: World, { draws }: Redemption.Redemption, share: number) =>
  draws
    .filter((draw) => draw.restored < draw.points)
    .map((draw) => ({ lotId: draw.lotId, points: world.shareOf(draw.points - draw.restored, share) }))

/** What a credit names: nothing, all that remains, a part of it, or lots. */
const creditOf = (world: World, { redemption }: { readonly redemption: Redemption.Redemption }, intent: Intent) => {
  const remaining = Redemption.remaining(redemption)
  const instant = world.instant(intent)
  const common = {
    redemptionId: redemption.redemptionId,
    creditId: creditId(world.name("c")),
    occurredAt: instant < redemption.redeemedAt ? redemption.redeemedAt : instant
  }
  if (intent.way === 0) return common
  if (intent.way === 1) return { ...common, points: remaining }
  if (intent.way === 2) return { ...common, lots: outstandingLots(world, redemption, intent.share) }
  return { ...common, points: world.shareOf(remaining, intent.share) }
}

const record: Plan = (world, intent) => {
  const origin = intent.share % 2 === 0 ? "ours" : "mastercard"
  // Mastercard makes credits whatever we have in flight.
  const candidates = world.redemptions("Outstanding", ...(origin === "ours" ? [] : IN_FLIGHT))
  if (candidates.length === 0) return redeem(world, intent)
  const state = at(candidates, intent.pick)
  const credit = creditOf(world, state, intent)
  const beside = state._tag === "Outstanding" || intent.way < 3 ? credit : { ...credit, points: world.step }
  return { _tag: "RecordCredit", ...beside, origin, mastercard: null }
}

const IN_FLIGHT = ["CreditPending", "CreditUnknown"] as const

const request: Plan = (world, intent) => {
  const candidates = world.redemptions("Outstanding").filter((state) => state.redemption.redemptionType !== "CASHBACK")
  if (candidates.length === 0) return redeem(world, intent)
  return { _tag: "RequestCredit", ...creditOf(world, at(candidates, intent.pick), intent) }
}

const settle: Plan = (world, intent) => {
  const candidates = world.redemptions("CreditPending", "CreditUnknown")
  if (candidates.length === 0) return request(world, intent)
  const state = at(candidates, intent.pick)
  if (state._tag !== "CreditPending" && state._tag !== "CreditUnknown") return undefined
  const { redemptionId } = state.redemption
  const { creditId } = state.request
  const ids = { redemptionId, creditId }
  if (intent.way === 0) {
    const again = state._tag === "CreditUnknown" && intent.share % 2 === 0
    return { _tag: again ? "RepeatCredit" : "DeclineCredit", ...ids, reasons: [], occurredAt: world.now }
  }
  if (intent.way < 3 && state._tag === "CreditPending") {
    return { _tag: "MarkCreditUnknown", ...ids, cause: intent.way === 1 ? "timeout" : "crash", occurredAt: world.now }
  }
  if (intent.way < 5) return { _tag: "ConfirmCredit", ...ids, mastercard: ANSWER }
  return { _tag: "ConfirmCredit", ...ids, mastercard: null, settlement: SETTLEMENT }
}

const SETTLEMENT = { by: "history", reference: "5134721", reason: null } as const

const ANSWER = { pointBalance: "12.5", remaining: null, programName: "program", id: "1" }

const adjust: Plan = (world, intent) => {
  if (world.lots.length === 0) return earn(world, intent)
  const lot = at(world.lots, intent.pick)
  const latest = lot.expiresAt === null ? world.now : lot.expiresAt - 1n
  const instant = world.instant(intent)
  const occurredAt = instant > latest ? latest : instant < lot.openedAt ? lot.openedAt : instant
  const free = Lots.freeFrom(lot, occurredAt)
  const taken = intent.way % 2 === 0 && free > 0n ? -world.shareOf(free, intent.share) : undefined
  return {
    _tag: "Adjust",
    lotId: lot.lotId,
    points: taken ?? BigInt(1 + intent.share) * world.step,
    reason: "corrected",
    actor: null,
    occurredAt
  }
}

const recordExpired: Plan = (world, intent) => {
  const expired = world.lots.filter((lot) => lot.expiresAt !== null && lot.expiresAt <= world.now)
  if (expired.length === 0) return { _tag: "SweepExpired", asOf: world.now }
  const lot = at(expired, intent.pick)
  return {
    _tag: "RecordExpired",
    lotId: lot.lotId,
    points: lot.total + (intent.way === 1 ? world.step : 0n),
    asOf: world.now
  }
}

const setPolicy: Plan = (world, { pick, share, way }) => {
  world.policy = {
    ...world.policy,
    version: world.policies.length,
    zone: Zone.Zone.make(at(ZONES, pick)),
    expiredLots: at([{ _tag: "Expire" }, { _tag: "Extend", days: 1 + (share % 60) }, { _tag: "Refuse" }], way),
    creditWindowDays: at([null, null, 20, 90], share)
  }
  world.policies.push(world.policy)
  return undefined
}

const repeat: Plan = (world, { pick }) => (world.steps.length === 0 ? undefined : at(world.steps, pick).command)

/** Commands just outside of the rules; where the state has no room for one, an unknown name. */
const outside: Plan = (world, intent) => at(OUTSIDE, intent.pick)(world, intent)

const NOWHERE = redemptionId("nowhere")

const creditOutside =
  (change: (state: Redemption.Redemption, world: World, intent: Intent) => object): Plan =>
  (world, intent) => {
    const states = world.redemptions("Outstanding", "CreditPending", "CreditUnknown", "FullyCredited")
    const request = { _tag: "RequestCredit", creditId: creditId(world.name("c")), occurredAt: world.now } as const
    if (states.length === 0) return { ...request, redemptionId: NOWHERE }
    // Partly credited ones are rare, and have more rules to break.
    const partly = states.filter(({ _tag, redemption }) => _tag === "Outstanding" && redemption.credited > 0n)
    const { redemption } = at(partly.length > 0 && intent.way > 2 ? partly : states, intent.share)
    return { ...request, redemptionId: redemption.redemptionId, ...change(redemption, world, intent) }
  }

const OUTSIDE: ReadonlyArray<Plan> = [
  creditOutside((state, { step }) => ({ points: Redemption.remaining(state) + step })),
  creditOutside((state, { step }) => ({ points: state.points + step })),
  creditOutside(() => ({ redemptionId: NOWHERE })),
  creditOutside((state) => ({ occurredAt: state.redeemedAt - 1n })),
  creditOutside((state, { step }) => ({ lots: state.draws.map((d) => ({ lotId: d.lotId, points: d.points + step })) })),
  // Lots that are back already, for fewer points than remain.
  creditOutside(({ draws }, world) => {
    const back = draws.filter(({ restored }) => restored > 0n).slice(-1)
    const lots = back.map(({ lotId, points, restored }) => ({ lotId, points: points - restored + world.step }))
    return { _tag: "RecordCredit", origin: "mastercard", mastercard: null, lots }
  }),
  creditOutside((_, { step }) => ({ lots: [{ lotId: lotId("nowhere"), points: step }] })),
  creditOutside((_, { step }) => ({ points: at([0n, -step, 10n ** 19n, step / 10n], Number(step)) })),
  // The id of a credit that gave points back, to this redemption or to another one.
  creditOutside((_, { account }, { pick }) => {
    const booked = Array.from(account.creditIds).sort()
    return booked.length === 0 ? {} : { creditId: at(booked, pick) }
  }),
  creditOutside((state, world) => ({
    _tag: "RecordCredit",
    origin: "mastercard",
    mastercard: null,
    points: world.shareOf(state.points, 500)
  })),
  creditOutside((_, world) => ({ _tag: "ConfirmCredit", creditId: creditId(world.name("c")), mastercard: null })),
  (world, intent) => {
    const command = redeem(world, { ...intent, way: 0, share: 1000 })
    return command?._tag === "Redeem" ? { ...command, points: command.points + world.step } : command
  },
  (world, intent) => {
    const command = redeem(world, { ...intent, way: 1, share: 1000 })
    if (command?._tag !== "Redeem" || command.draws === undefined) return command
    const draws = command.draws.map((draw) => ({ ...draw, points: draw.points + world.step }))
    return { ...command, draws, points: draws.reduce((sum, { points }) => sum + points, 0n) }
  },
  (world, intent) => {
    const command = adjust(world, { ...intent, way: 0, share: 1000 })
    return command?._tag === "Adjust" ? { ...command, points: command.points - world.step } : command
  },
  (world, intent) => {
    const command = adjust(world, intent)
    if (command?._tag !== "Adjust") return command
    const lot = at(world.lots, intent.pick)
    const beyond = lot.expiresAt !== null && intent.way % 2 === 0 ? lot.expiresAt : lot.openedAt - 1n
    return { ...command, occurredAt: beyond }
  },
  (world) => ({
    _tag: "RecordExpired",
    lotId: at(world.lots, 0)?.lotId ?? lotId("nowhere"),
    points: world.step,
    asOf: world.now
  })
]

const PLANS: Record<Kind, Plan> = {
  earn,
  redeem,
  record,
  request,
  settle,
  adjust,
  sweep: (world, intent) => ({ _tag: "SweepExpired", asOf: world.instant(intent) }),
  recordExpired,
  alias: (world) => ({
    _tag: "AliasAccount",
    alias: Ids.AccountKey.make(world.name("account")),
    occurredAt: world.now
  }),
  setPolicy,
  repeat,
  outside
}

/** Interprets intents under a first policy. */
export const interpret = (policy: Policy, intents: ReadonlyArray<Intent>): History => {
  const world = new World(policy)
  // A lot to begin with, so that even the shortest history has something to spend; granted after it was earned.
  world.run({ kind: "earn", gap: 0, pick: 3, share: 499, way: 5, late: 0 })
  for (const intent of intents) world.run(intent)
  return world.history
}

const kind: fc.Arbitrary<Kind> = fc.oneof(
  ...(Object.keys(KINDS) as Array<Kind>).map((name) => ({ weight: KINDS[name], arbitrary: fc.constant(name) }))
)

const intent: fc.Arbitrary<Intent> = fc.record({
  kind,
  gap: fc.nat({ max: GAPS.length - 1 }),
  pick: fc.nat({ max: 255 }),
  share: fc.oneof({ weight: 1, arbitrary: fc.constant(1000) }, { weight: 5, arbitrary: fc.nat({ max: 1000 }) }),
  way: fc.nat({ max: 6 }),
  late: fc.nat({ max: 8 })
})

/** The first policies of programs; `scale` never changes later. */
export const policy: fc.Arbitrary<Policy> = fc.record({
  ...Object.fromEntries(Object.entries(initial).map(([key, value]) => [key, fc.constant(value)])),
  scale: fc.nat({ max: 4 }),
  expiredLots: fc.constantFrom<Array<Policy["expiredLots"]>>(
    { _tag: "Expire" },
    { _tag: "Extend", days: 45 },
    { _tag: "Refuse" }
  ),
  zone: fc.constantFrom(...ZONES).map((name) => Zone.Zone.make(name))
}) as fc.Arbitrary<Policy>

const MAXIMUM_INTENTS = 45

/** Histories of every kind; under one policy that never changes where one is given. */
export const history = (fixed?: Policy): fc.Arbitrary<History> =>
  fc
    .tuple(
      fixed === undefined ? policy : fc.constant(fixed),
      fc.array(fixed === undefined ? intent : intent.filter(({ kind }) => kind !== "setPolicy"), {
        maxLength: MAXIMUM_INTENTS,
        size: "max"
      })
    )
    .map(([first, intents]) => interpret(first, intents))

/** A policy that sets nothing but the fate of points that return to expired lots. */
export const policyOf = (expiredLots: Policy["expiredLots"]): Policy => ({ ...initial, scale: 4, expiredLots })
