/**
 * The life of one account so far: what its records led to. Each record is decided by the rules of the domain, as the
 * import decides it, so that a generated file is right by construction.
 *
 * A busy account has thousands of lots and redemptions, and the rules look at all that are known. So what can no longer
 * matter is forgotten (lots that have expired, redemptions that no credit comes to), and lots that are spent are put
 * aside until a credit gives points back to them.
 */
import {
  Account,
  Decide,
  type Draw,
  type Fact,
  type Ids,
  type Instant,
  Lots,
  Policy,
  type Redemption,
  Zone
} from "@pointback/domain"
import { HashMap, Option, Result } from "effect"
import type { ImportRecord } from "../import/ImportRecord.ts"
import * as ImportStep from "../import/ImportStep.ts"
import type { Dice } from "./Dice.ts"

/** A record and its place in time: its `occurredAt`, or when an expiry was booked. */
export interface Entry {
  readonly at: Instant.Instant
  readonly record: ImportRecord
  /** What the record leads to. */
  readonly facts: ReadonlyArray<Fact.Fact>
  /** Whether the record is a credit that was recorded twice, this being the second time. */
  readonly again: boolean
}

/** The account that all records of a life name. */
export interface Owner {
  readonly program: Ids.ProgramId
  readonly account: Ids.AccountNumber
}

/** One account, as time goes by. */
export class Life {
  readonly dice: Dice
  readonly owner: Owner
  private entries: Array<Entry> = []
  private account: Account.Account
  private readonly spent = new Map<Ids.LotId, Lots.Lot>()
  private clock: Instant.Instant
  private names = 0

  /** From `begin` on; no record is later than `end`. */
  constructor(dice: Dice, owner: Owner, begin: Instant.Instant, end: Instant.Instant) {
    this.dice = dice
    this.owner = owner
    this.clock = begin
    // Records come in the order of time, so nobody asks what a lot held before the latest of them.
    this.account = { ...Account.empty, lots: { ...Lots.empty, horizon: end } }
  }

  /** The instant of the next record. */
  get now(): Instant.Instant {
    return this.clock
  }

  /** Lets time go on to an instant; the past stays. */
  goOn(until: Instant.Instant): void {
    if (until > this.clock) this.clock = until
  }

  /** Records what happens now; `again` where it is what was recorded before. */
  record(record: ImportRecord, again = false): void {
    const { command } = ImportStep.step(record, Zone.UTC, this.clock)
    if (record.type === "credited") this.fetchLotsOf(record.redemption)
    const facts = Result.getOrThrowWith(
      Decide.decide(command, this.account, Policy.initial),
      (refusal) => new Error(`generated a record that the domain refuses: ${refusal.message}`)
    )
    this.account = Account.evolveAll(this.account, facts)
    for (const { event } of facts) {
      if (event._tag === "Redeemed") for (const { lotId } of event.draws) this.putAsideIfSpent(lotId)
      if (event._tag === "PointsAdjusted") this.putAsideIfSpent(event.lotId)
    }
    this.entries.push({ at: this.clock, record, facts, again })
  }

  /** What was recorded last, unless it was taken out. */
  latest(): Entry | undefined {
    return this.entries.at(-1)
  }

  /** Takes out what was recorded since the last time. */
  takeEntries(): ReadonlyArray<Entry> {
    const taken = this.entries
    this.entries = []
    return taken
  }

  /** What can be spent now, lot by lot in draw order. */
  spendable(): ReadonlyArray<Draw.LotPoints> {
    return Lots.inDrawOrder(this.account.lots)
      .map((lot) => ({ lotId: lot.lotId, points: Lots.liveAt(lot, this.clock) }))
      .filter(({ points }) => points > 0n)
  }

  /** A lot that was earned and not forgotten. */
  lot(lotId: Ids.LotId): Lots.Lot {
    return this.spent.get(lotId) ?? Option.getOrThrow(Lots.get(this.account.lots, lotId))
  }

  /** Forgets a lot, which must have expired. */
  forgetLot(lotId: Ids.LotId): void {
    this.spent.delete(lotId)
    this.setLots(HashMap.remove(this.account.lots.byId, lotId))
  }

  /** The state of a redemption that was not forgotten. */
  redemption(redemptionId: Ids.RedemptionId): Redemption.RedemptionState {
    return Account.redemption(this.account, redemptionId)
  }

  /** Forgets a redemption, which no credit must come to. */
  forgetRedemption(redemptionId: Ids.RedemptionId): void {
    this.account = { ...this.account, redemptions: HashMap.remove(this.account.redemptions, redemptionId) }
  }

  /** A name that nothing else of this account has. */
  name(kind: string): string {
    this.names += 1
    return `${kind}-${this.names}`
  }

  private putAsideIfSpent(lotId: Ids.LotId): void {
    const { byId } = this.account.lots
    const lot = Option.getOrThrow(HashMap.get(byId, lotId))
    if (lot.total > 0n) return
    this.spent.set(lotId, lot)
    this.setLots(HashMap.remove(byId, lotId))
  }

  private fetchLotsOf(redemptionId: Ids.RedemptionId): void {
    const state = this.redemption(redemptionId)
    if (state._tag === "None") return
    for (const { lotId } of state.redemption.draws) {
      const lot = this.spent.get(lotId)
      if (lot === undefined) continue
      this.spent.delete(lotId)
      this.setLots(HashMap.set(this.account.lots.byId, lotId, lot))
    }
  }

  private setLots(byId: Lots.Lots["byId"]): void {
    this.account = { ...this.account, lots: { ...this.account.lots, byId } }
  }
}
