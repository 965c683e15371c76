/** The whole history of one account: when it joined, how busy it is, and everything that happens to it. */
import { Ids, Instant } from "@pointback/domain"
import { Effect } from "effect"
import * as Adjusting from "./Adjusting.ts"
import { Agenda, type Task } from "./Agenda.ts"
import * as Crediting from "./Crediting.ts"
import { type Dice, seeded } from "./Dice.ts"
import * as Earning from "./Earning.ts"
import { type Entry, Life } from "./Life.ts"
import * as ProgramPlan from "./ProgramPlan.ts"
import * as Redeeming from "./Redeeming.ts"

/** How often an account never redeems anything, in percent. */
const SAVERS = 12

/** Redemptions of one account at most: two or three a week for years. */
const BUSIEST = 1_000

/** Days that a history has at least: some, and more for those that redeem often. */
const LEAST_DAYS = 30
const DAYS_PER_REDEMPTION = 2

/** How often an account is still in use when the program ends, in percent. */
const STAY = 70

/** How often what expired was booked, in percent; the rest is left to the sweep of whoever imports it. */
const BOOKED = 92

/** Adjustments in a hundred lots and redemptions. */
const ADJUSTMENTS = 4

/** Of the breaks, how many are credits that were recorded twice: about as many as of every other type. */
const RECORDED_TWICE = 0.2

const SECOND = 1_000_000n

/** One account of a program. */
export interface AccountHistory {
  readonly redemptions: number
  /** Its records, in the order of its time; made up while they are read. */
  readonly entries: Iterable<Entry>
}

/**
 * The account of this number. How often it redeems follows from its seed: half of the accounts that do redeem once,
 * every fourth twice or three times, one in a hundred a hundred times or more; `most` cuts that off.
 */
export const accountHistory = (
  plan: ProgramPlan.ProgramPlan,
  index: number,
  most: number
): Effect.Effect<AccountHistory> =>
  Effect.gen(function* () {
    const dice = yield* seeded(`pointback ${plan.seed} account ${index}`)
    // Of their own, so that a program is the same with breaks and without them, but for what is recorded twice.
    const mistakes = yield* seeded(`pointback ${plan.seed} mistakes ${index}`)
    const redemptions = Math.min(redemptionsOf(dice), most)
    return { redemptions, entries: live(plan, index, redemptions, dice, mistakes) }
  })

function* live(
  plan: ProgramPlan.ProgramPlan,
  index: number,
  redemptions: number,
  dice: Dice,
  mistakes: Dice
): Generator<Entry> {
  const { joined, left } = timeOf(dice, plan, redemptions)
  const owner = { program: plan.program, account: ProgramPlan.accountNumber(plan, index) }
  const life = new Life(dice, owner, joined, plan.until)
  const agenda = new Agenda()
  fill(agenda, dice, redemptions, joined, left)
  // A day before the end: redemptions that wait for points to redeem put off what follows, by a second each.
  const until = plan.until - Instant.MICROS_PER_DAY
  let redeemed = 0
  for (let next = agenda.next(); next !== undefined; next = agenda.next()) {
    if (next.at > until) return
    life.goOn(next.at)
    if (next.task._tag === "Redeem") redeemed += 1
    const isAgain = mistakes.chance((plan.breaks ?? 0) * RECORDED_TWICE)
    perform(next.task, life, agenda, Ids.RedemptionId.make(`R${index}-${redeemed}`), isAgain)
    yield* life.takeEntries()
  }
}

const redemptionsOf = (dice: Dice): number =>
  dice.chance(SAVERS) ? 0 : Math.min(Math.floor(1 / (1 - dice.fraction())), BUSIEST)

const timeOf = (dice: Dice, plan: ProgramPlan.ProgramPlan, redemptions: number) => {
  const least = LEAST_DAYS + DAYS_PER_REDEMPTION * redemptions
  const days = ProgramPlan.PROGRAM_DAYS - 1
  const joined = dice.between(0, days - least)
  const left = dice.chance(STAY) ? days : dice.between(joined + least, days)
  const instantOf = (day: number) => ProgramPlan.start(plan) + BigInt(day) * Instant.MICROS_PER_DAY
  return { joined: instantOf(joined) + BigInt(dice.between(0, 86_399)) * SECOND, left: instantOf(left) }
}

/** Whatever happens of itself; credits and expiries follow from it. */
const fill = (agenda: Agenda, dice: Dice, redemptions: number, joined: Instant.Instant, left: Instant.Instant) => {
  const lots = redemptions === 0 ? dice.between(1, 4) : Math.ceil((redemptions * dice.between(50, 120)) / 100)
  const seconds = Number((left - joined) / SECOND)
  const anyTime = () => {
    const micros = dice.chance(10) ? BigInt(dice.between(0, 999_999)) : 0n
    return joined + BigInt(dice.between(1, seconds - 1)) * SECOND + micros
  }
  agenda.add(joined, { _tag: "Earn" })
  for (let i = 1; i < lots; i++) agenda.add(anyTime(), { _tag: "Earn" })
  for (let i = 0; i < redemptions; i++) agenda.add(anyTime(), { _tag: "Redeem" })
  for (let i = 0; i < lots + redemptions; i++) if (dice.chance(ADJUSTMENTS)) agenda.add(anyTime(), { _tag: "Adjust" })
}

const perform = (task: Task, life: Life, agenda: Agenda, redemptionId: Ids.RedemptionId, isAgain: boolean): void => {
  switch (task._tag) {
    case "Earn":
      return earn(life, agenda)
    case "Redeem":
      return redeem(life, agenda, redemptionId)
    case "Adjust":
      return Adjusting.adjust(life)
    case "Credit":
      Crediting.credit(life, task.redemptionId, task.more === 0)
      if (isAgain) Crediting.creditAgain(life, task.redemptionId)
      return planCredits(life, agenda, task.redemptionId, task.more)
    case "Expire":
      return expire(life, task)
  }
}

const earn = (life: Life, agenda: Agenda): void => {
  const lotId = Earning.earn(life)
  const { expiresAt } = life.lot(lotId)
  if (expiresAt === null) return
  // The sweep runs at night, and not every night.
  const lag = BigInt(life.dice.between(0, 3 * 86_400)) * SECOND
  agenda.add(expiresAt + lag, { _tag: "Expire", lotId, booked: life.dice.chance(BOOKED) })
}

const redeem = (life: Life, agenda: Agenda, redemptionId: Ids.RedemptionId): void => {
  if (!Redeeming.canRedeem(life)) {
    earn(life, agenda)
    life.goOn(life.now + SECOND)
  }
  const redemptionType = Redeeming.redeem(life, redemptionId)
  // Mastercard's endpoint for credits takes none of cashback.
  planCredits(life, agenda, redemptionId, redemptionType === "CASHBACK" ? 0 : Crediting.credits(life.dice))
}

const planCredits = (life: Life, agenda: Agenda, redemptionId: Ids.RedemptionId, count: number): void => {
  if (count === 0) return life.forgetRedemption(redemptionId)
  agenda.add(Crediting.nextCredit(life), { _tag: "Credit", redemptionId, more: count - 1 })
}

const expire = (life: Life, { booked, lotId }: Extract<Task, { _tag: "Expire" }>): void => {
  const { total } = life.lot(lotId)
  if (booked && total > 0n) life.record({ type: "expired", ...life.owner, lot: lotId, points: total })
  life.forgetLot(lotId)
}
