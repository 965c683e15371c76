/** Sums over the journal's postings. */
import type { Fact } from "../../src/event/Fact.ts"
import type { LedgerAccount, Posting } from "../../src/ledger/Journal.ts"
import { entry } from "../../src/ledger/Journal.ts"
import { add } from "./Model.ts"

/** The balance of every ledger account, per lot and redemption: credits less debits. */
export const balances = (facts: ReadonlyArray<Fact>): Map<string, bigint> =>
  balancesBy(facts, (account, { lotId, redemptionId }) => `${account} ${lotId} ${redemptionId}`)

/** The balance of every ledger account. */
export const totals = (facts: ReadonlyArray<Fact>): Map<string, bigint> => balancesBy(facts, (account) => account)

/** What each lot's own ledger account holds. */
export const lotBalances = (facts: ReadonlyArray<Fact>): Map<string, bigint> =>
  balancesBy(facts, (account, { lotId }) => (account === "lot" ? lotId : ""))

const balancesBy = (facts: ReadonlyArray<Fact>, key: (account: LedgerAccount, posting: Posting) => string) => {
  const sums = new Map<string, bigint>()
  for (const posting of facts.flatMap(entry)) {
    add(sums, key(posting.debit, posting), -posting.points)
    add(sums, key(posting.credit, posting), posting.points)
  }
  return sums
}
