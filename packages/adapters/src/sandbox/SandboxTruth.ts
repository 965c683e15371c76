/** What is truly so on the sandbox's side, whatever its callers were told. Points are ten-thousandths. */
import { Instant } from "@pointback/domain"
import { HashMap, Option } from "effect"
import * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Lots from "./SandboxLots.ts"
import * as State from "./SandboxState.ts"

/** A redemption as the sandbox has it. */
export interface RedemptionTruth {
  readonly redemptionId: string
  /** The number that its account has now. */
  readonly userId: string
  readonly redemptionType: string
  readonly at: Instant.Instant
  readonly points: bigint
  readonly credited: bigint
  readonly remaining: bigint
  readonly draws: ReadonlyArray<Lots.Part>
  /** What all credits together gave back, per lot. */
  readonly restorations: ReadonlyArray<Lots.Part>
  /** Oldest first. */
  readonly credits: ReadonlyArray<State.SandboxCredit>
}

/** A lot as it stands at an instant. */
export interface LotTruth extends Lots.SandboxLot {
  readonly isExpired: boolean
  /** Whole days of 24 hours since it was earned. */
  readonly ageDays: number
}

/** An account as the sandbox has it. */
export interface AccountTruth {
  /** The number that it has now. */
  readonly userId: string
  /** The numbers of all accounts that share its lots, its own among them. */
  readonly household: ReadonlyArray<string>
  readonly balance: bigint
  readonly lots: ReadonlyArray<LotTruth>
}

const userIdOf = (state: State.SandboxState, key: string): string =>
  Option.match(HashMap.get(state.accounts, key), { onNone: () => key, onSome: ({ userId }) => userId })

const truthOf = (
  state: State.SandboxState,
  redemptionId: string,
  redemption: State.SandboxRedemption
): RedemptionTruth => {
  const restored = new Map<string, bigint>()
  for (const { restorations } of redemption.credits) {
    for (const { lotId, points } of restorations) restored.set(lotId, (restored.get(lotId) ?? 0n) + points)
  }
  const { account, at, credited, credits, draws, points, redemptionType } = redemption
  return {
    redemptionId,
    userId: userIdOf(state, account),
    redemptionType,
    at,
    points,
    credited,
    remaining: points - credited,
    draws,
    restorations: Array.from(restored, ([lotId, points]) => ({ lotId, points })),
    credits
  }
}

/** All redemptions. */
export const redemptions = (state: State.SandboxState): ReadonlyArray<RedemptionTruth> =>
  Array.from(state.redemptions, ([id, redemption]) => truthOf(state, id, redemption))

/** One redemption; none where it is not known. */
export const redemption = (state: State.SandboxState, redemptionId: string): Option.Option<RedemptionTruth> =>
  Option.map(HashMap.get(state.redemptions, redemptionId), (found) => truthOf(state, redemptionId, found))

/** One account by any number that it ever had; none where it is not known. */
export const account = (state: State.SandboxState, userId: string, now: Instant.Instant): Option.Option<AccountTruth> =>
  Option.map(HashMap.get(state.accounts, State.keyOf(state, userId)), (found) => {
    const lots = State.lotsOf(state, found)
    return {
      userId: found.userId,
      household: Array.from(HashMap.values(state.accounts))
        .filter(({ household }) => household === found.household)
        .map(({ userId }) => userId)
        .sort(),
      balance: Lots.balance(lots, now),
      lots: lots.map((lot) => ({
        ...lot,
        isExpired: !Lots.isLive(lot, now),
        ageDays: Number(Instant.floorDivide(now - lot.earnedAt, Instant.MICROS_PER_DAY))
      }))
    }
  })

/** A redemption as JSON. */
export const redemptionToJson = (truth: RedemptionTruth): Json.JsonObject => ({
  redemptionId: truth.redemptionId,
  userId: truth.userId,
  redemptionType: truth.redemptionType,
  at: Instant.toString(truth.at),
  points: Answers.amount(truth.points),
  credited: Answers.amount(truth.credited),
  remaining: Answers.amount(truth.remaining),
  draws: Answers.parts(truth.draws),
  restorations: Answers.parts(truth.restorations),
  credits: truth.credits.map(({ at, creditId, points, restorations }) => ({
    creditId,
    at: Instant.toString(at),
    points: Answers.amount(points),
    restorations: Answers.restorations(restorations)
  }))
})

/** An account as JSON. */
export const accountToJson = ({ balance, household, lots, userId }: AccountTruth): Json.JsonObject => ({
  userId,
  household,
  balance: Answers.amount(balance),
  lots: lots.map((lot) => ({
    lotId: lot.lotId,
    earnedAt: Instant.toString(lot.earnedAt),
    expiresAt: lot.expiresAt === undefined ? null : Instant.toString(lot.expiresAt),
    granted: Answers.amount(lot.granted),
    points: Answers.amount(lot.points),
    expired: lot.isExpired,
    ageDays: Json.number(lot.ageDays.toString())
  }))
})
