/**
 * The rules of a redemption: what may be redeemed, what may be credited, and where the points go.
 *
 * @see semantics, sections 3, 4 (L1, L2, L6, L9, L12), 5 and 7
 */
import { steps } from "../command/Steps.ts"
import { HashSet, Result } from "effect"
import type { Account } from "../account/Account.ts"
import * as Checks from "../command/Checks.ts"
import type { Fact } from "../event/Fact.ts"
import { redemptionStream } from "../event/Fact.ts"
import type { CreditId, RedemptionId } from "../identity/Ids.ts"
import type { DrawState } from "../lot/Draw.ts"
import * as Drawing from "../lot/Drawing.ts"
import type { Restoration } from "../lot/Restoration.ts"
import * as Restoring from "../lot/Restoring.ts"
import * as Points from "../points/Points.ts"
import type { Policy } from "../program/Policy.ts"
import type { Refusal } from "../refusal/Refusal.ts"
import {
  AlreadyFullyCredited,
  CreditBeforeRedemption,
  CreditExists,
  CreditInFlight,
  CreditNotInFlight,
  CreditWindowClosed,
  ExceedsRedeemed,
  ExceedsRemaining,
  RedemptionExists,
  RedemptionTypeNotCreditable,
  UnknownRedemption
} from "../refusal/Refusal.ts"
import * as Zone from "../time/Zone.ts"
import type {
  ConfirmCredit,
  DeclineCredit,
  MarkCreditUnknown,
  RecordCredit,
  Redeem,
  RedemptionCommand,
  RepeatCredit,
  RequestCredit
} from "./RedemptionCommand.ts"
import type { Credited, CreditMode, RedemptionEvent } from "./RedemptionEvent.ts"
import * as Redemption from "./Redemption.ts"

type Decision = Result.Result<ReadonlyArray<Fact>, Refusal>

/** Decides a command on a redemption in its present state; account and policy matter to new decisions only. */
export const decide = (
  command: RedemptionCommand,
  state: Redemption.RedemptionState,
  account: Account,
  policy: Policy
): Decision => {
  switch (command._tag) {
    case "Redeem":
      return redeem(command, state, account, policy)
    case "RequestCredit":
      return requestCredit(command, state, account, policy)
    case "RecordCredit":
      return recordCredit(command, state, account, policy)
    case "ConfirmCredit":
      return confirmCredit(command, state)
    case "DeclineCredit":
      return declineCredit(command, state)
    case "RepeatCredit":
      return repeatCredit(command, state)
    case "MarkCreditUnknown":
      return markCreditUnknown(command, state)
  }
}

const redeem: (command: Redeem, state: Redemption.RedemptionState, account: Account, policy: Policy) => Decision =
  steps(function* (command, state, account, policy) {
    const { occurredAt, points, processedBy, redemptionId, redemptionType } = command
    yield* Checks.amount("points", points, policy)
    yield* Checks.instant("occurredAt", occurredAt)
    if (state._tag !== "None") return yield* Result.fail(new RedemptionExists({ redemptionId }))
    yield* Checks.lotPoints("draws", command.draws ?? [], policy)
    const draws =
      command.draws === undefined
        ? yield* Drawing.byPolicy(account.lots, points, occurredAt)
        : yield* Drawing.byName(account.lots, points, command.draws, occurredAt)
    return [
      fact(command, {
        _tag: "Redeemed",
        redemptionId,
        points,
        draws,
        redemptionType,
        processedBy,
        policyVersion: policy.version
      })
    ]
  })

interface Plan {
  readonly points: Points.Points
  readonly mode: CreditMode
  readonly restorations: ReadonlyArray<Restoration>
}

const requestCredit: (
  command: RequestCredit,
  state: Redemption.RedemptionState,
  account: Account,
  policy: Policy
) => Decision = steps(function* (command, state, account, policy) {
  const from = yield* creditable(command, state, account)
  const { redemptionType } = from.redemption
  if (redemptionType === "CASHBACK") return yield* Result.fail(new RedemptionTypeNotCreditable({ redemptionType }))
  const plan = yield* planCredit(command, from, policy)
  return [
    fact(command, {
      _tag: "CreditRequested",
      creditId: command.creditId,
      ...plan,
      policyVersion: policy.version
    })
  ]
})

const recordCredit: (
  command: RecordCredit,
  state: Redemption.RedemptionState,
  account: Account,
  policy: Policy
) => Decision = steps(function* (command, state, account, policy) {
  const from = yield* creditable(command, state, account)
  // Mastercard's clock may be behind ours.
  const { redeemedAt } = from.redemption
  const dated = command.occurredAt < redeemedAt ? { ...command, occurredAt: redeemedAt } : command
  const plan = yield* planCredit(dated, from, policy)
  return [fact(dated, credited(from.redemption, command, plan, policy.version))]
})

const confirmCredit = (command: ConfirmCredit, state: Redemption.RedemptionState): Decision =>
  whileInFlight(command, state, ({ redemption, request }) => [
    fact(
      { redemptionId: command.redemptionId, occurredAt: request.requestedAt },
      credited(redemption, command, request, request.policyVersion)
    )
  ])

const declineCredit = (command: DeclineCredit, state: Redemption.RedemptionState): Decision =>
  Result.flatMap(Checks.instant("occurredAt", command.occurredAt), () =>
    whileInFlight(command, state, () => [
      fact(command, { _tag: "CreditDeclined", creditId: command.creditId, reasons: command.reasons })
    ])
  )

const repeatCredit = (command: RepeatCredit, state: Redemption.RedemptionState): Decision =>
  Result.flatMap(Checks.instant("occurredAt", command.occurredAt), () => {
    const { creditId, redemptionId } = command
    // One that was just asked for again may still happen: somebody else came first.
    if (state._tag === "CreditPending" && state.request.creditId === creditId) {
      return Result.fail(new CreditInFlight({ redemptionId, creditId }))
    }
    return whileInFlight(command, state, ({ request }) => {
      const { mode, points, policyVersion, requestedAt, restorations } = request
      return [
        fact(command, { _tag: "CreditDeclined", creditId, reasons: command.reasons }),
        fact(
          { redemptionId, occurredAt: requestedAt },
          { _tag: "CreditRequested", creditId, points, mode, restorations, policyVersion }
        )
      ]
    })
  })

// What is known to be unknown for this cause is not written again, however often somebody looks (law L8).
const markCreditUnknown = (command: MarkCreditUnknown, state: Redemption.RedemptionState): Decision =>
  Result.flatMap(Checks.instant("occurredAt", command.occurredAt), () =>
    whileInFlight(command, state, (known) =>
      known._tag === "CreditUnknown" && known.cause === command.cause ? [] : [fact(command, outcomeUnknown(command))]
    )
  )

const outcomeUnknown = ({ cause, creditId, mastercard }: MarkCreditUnknown): RedemptionEvent => {
  const event = { _tag: "CreditOutcomeUnknown", creditId, cause } as const
  return mastercard === undefined ? event : { ...event, mastercard }
}

const credited = (
  redemption: Redemption.Redemption,
  { creditId, mastercard, settlement }: RecordCredit | ConfirmCredit,
  { mode, points, restorations }: Plan,
  policyVersion: number
): Credited => {
  const remaining = Redemption.remaining(redemption) - points
  const _tag = remaining === 0n ? "FullyCredited" : "PartiallyCredited"
  const event = { _tag, creditId, points, mode, restorations, remaining, policyVersion, mastercard } as const
  return settlement === undefined ? event : { ...event, settlement }
}

/** What a credit can be planned from. */
interface Creditable {
  readonly redemption: Redemption.Redemption
  /** Without what a credit in flight holds. */
  readonly draws: ReadonlyArray<DrawState>
  /** The credit in flight, which holds what remains beyond `available`. */
  readonly inFlight: CreditId | null
  readonly available: Points.Points
  /** Whether the policy binds it, which is so for our own credits and not for Mastercard's. */
  readonly bound: boolean
}

/**
 * What a credit is planned from, where nothing stands in its way. What Mastercard did is a fact: it is booked beside a
 * credit of ours in flight, whose points it cannot have, and whatever its clock says.
 */
const creditable = (
  command: RequestCredit | RecordCredit,
  state: Redemption.RedemptionState,
  { creditIds }: Account
): Result.Result<Creditable, Refusal> => {
  const { creditId, occurredAt, redemptionId } = command
  if (state._tag === "None") return Result.fail(new UnknownRedemption({ redemptionId }))
  if (state._tag === "FullyCredited") return Result.fail(new AlreadyFullyCredited({ redemptionId }))
  const { redemption } = state
  const inFlight = holder(state)
  const bound = command._tag === "RequestCredit" || command.origin === "ours"
  if (inFlight !== null && (bound || inFlight === creditId)) {
    return Result.fail(new CreditInFlight({ redemptionId, creditId: inFlight }))
  }
  if (HashSet.has(creditIds, creditId)) return Result.fail(new CreditExists({ redemptionId, creditId }))
  const { redeemedAt } = redemption
  if (bound && occurredAt < redeemedAt) {
    return Result.fail(new CreditBeforeRedemption({ redemptionId, redeemedAt, at: occurredAt }))
  }
  return Result.succeed({
    redemption,
    draws: Redemption.drawsBesidesHeld(state),
    inFlight,
    available: Redemption.remaining(redemption) - Redemption.pending(state),
    bound
  })
}

const holder = (state: Redemption.RedemptionState): CreditId | null =>
  state._tag === "CreditPending" || state._tag === "CreditUnknown" ? state.request.creditId : null

const planCredit: (
  command: RequestCredit | RecordCredit,
  from: Creditable,
  policy: Policy
) => Result.Result<Plan, Refusal> = steps(function* (command, from, policy) {
  const { creditId, lots, occurredAt } = command
  const { available, bound, draws, redemption } = from
  // Mastercard's amounts may be finer than ours.
  const digits = bound ? policy : { ...policy, scale: Points.MAXIMUM_SCALE }
  yield* Checks.instant("occurredAt", occurredAt)
  yield* Checks.lotPoints("lots", lots ?? [], digits)
  const asked = command.points ?? (lots === undefined ? undefined : Points.sum(lots.map((lot) => lot.points)))
  // What remains needs no check of its scale: it is the difference of amounts that had one.
  if (asked !== undefined) yield* Checks.amount("points", asked, digits)
  const points = asked ?? available
  yield* amountToCredit(points, from)
  if (bound) yield* withinWindow(command, redemption, policy)
  const restorations = yield* Restoring.restore({
    draws,
    points,
    named: lots,
    creditId,
    at: occurredAt,
    policy,
    mayRefuse: bound
  })
  return { points, mode: asked === undefined ? "full" : "partial", restorations }
})

const amountToCredit = (
  points: Points.Points,
  { available, inFlight, redemption }: Creditable
): Result.Result<void, Refusal> => {
  const { points: redeemed, redemptionId } = redemption
  const remaining = Redemption.remaining(redemption)
  if (points > redeemed) return Result.fail(new ExceedsRedeemed({ redemptionId, points, redeemed }))
  if (points > remaining) return Result.fail(new ExceedsRemaining({ redemptionId, points, remaining }))
  // Both cannot be true: once it is known what became of the one in flight, this one fits or exceeds what remains.
  if (inFlight !== null && (points > available || points === 0n)) {
    return Result.fail(new CreditInFlight({ redemptionId, creditId: inFlight }))
  }
  return Result.succeed(undefined)
}

const withinWindow = (
  { occurredAt, redemptionId }: RequestCredit | RecordCredit,
  redemption: Redemption.Redemption,
  policy: Policy
): Result.Result<void, CreditWindowClosed> => {
  if (policy.creditWindowDays === null) return Result.succeed(undefined)
  const closedAt = Zone.addDays(policy.zone, redemption.redeemedAt, policy.creditWindowDays)
  return occurredAt < closedAt
    ? Result.succeed(undefined)
    : Result.fail(new CreditWindowClosed({ redemptionId, closedAt, at: occurredAt }))
}

type InFlight = Extract<Redemption.RedemptionState, { _tag: "CreditPending" | "CreditUnknown" }>

const whileInFlight = (
  { creditId, redemptionId }: { readonly creditId: CreditId; readonly redemptionId: RedemptionId },
  state: Redemption.RedemptionState,
  facts: (state: InFlight) => ReadonlyArray<Fact>
): Decision => {
  if (state._tag === "None") return Result.fail(new UnknownRedemption({ redemptionId }))
  if (!Redemption.inFlight(state, creditId)) return Result.fail(new CreditNotInFlight({ redemptionId, creditId }))
  return Result.succeed(facts(state))
}

const fact = (
  { occurredAt, redemptionId }: { readonly redemptionId: RedemptionId; readonly occurredAt: Fact["occurredAt"] },
  event: RedemptionEvent
): Fact => ({ stream: redemptionStream(redemptionId), occurredAt, event })
