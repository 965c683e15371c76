/**
 * The ledger as an hledger journal. Every lot is an account of its own, with its aging status in tags; so is every
 * redemption. A debit is positive.
 *
 * @see hledger's manual, "Journal": account names end at two blanks, tag values at a comma
 */
import type { ProgramLedger } from "@pointback/adapters"
import { Instant, type Journal, Points } from "@pointback/domain"
import type { ExportHead, LedgerText } from "./LedgerText.ts"
import { COMMODITY, dateIn } from "./LedgerText.ts"

/** Whatever a name holds, it is one component of an account name, one word of a description and one value of a tag. */
export const encode = (name: string): string =>
  encodeURIComponent(name).replace(/[!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

const lotAccount = (account: string, lotId: string): string => `liabilities:lots:${encode(account)}:${encode(lotId)}`

const redeemedAccount = (account: string, redemptionId: string): string =>
  `liabilities:redeemed:${encode(account)}:${encode(redemptionId)}`

const COMMON: Readonly<Record<Exclude<Journal.LedgerAccount, "lot" | "redeemed">, string>> = {
  issued: "expenses:issued",
  adjustments: "expenses:adjustments",
  expiredByTime: "revenues:expired by time",
  expiredOnReversal: "revenues:expired on reversal"
}

const nameOf = (account: string, side: Journal.LedgerAccount, posting: ProgramLedger.LedgerPosting): string => {
  if (side === "lot") return lotAccount(account, posting.lotId)
  if (side === "redeemed") return redeemedAccount(account, posting.redemptionId as string)
  return `${COMMON[side]}:${encode(account)}`
}

const tags = (values: ReadonlyArray<readonly [string, string | null]>): string =>
  values.flatMap(([tag, value]) => (value === null ? [] : [`${tag}:${value}`])).join(", ")

const tagsOf = (entry: ProgramLedger.LedgerEntry): string =>
  tags([
    ["event", entry.eventId],
    ["occurred", Instant.toString(entry.occurredAt)],
    ["recorded", Instant.toString(entry.recordedAt)],
    ["credit", entry.creditId === null ? null : encode(entry.creditId)],
    ["policy", entry.policyVersion === null ? null : String(entry.policyVersion)],
    ["actor", entry.actor === null ? null : encode(entry.actor)]
  ])

const statusOf = ({ earnedAt, expiresAt }: ProgramLedger.LedgerPosting): string =>
  tags([
    ["earned", Instant.toString(earnedAt)],
    ["expires", expiresAt === null ? "never" : Instant.toString(expiresAt)]
  ])

const head = ({ knownAt, program, scale, zone }: ExportHead): string =>
  [
    `; Points of program ${encode(program)}, as known at ${Instant.toString(knownAt)}; dates are in ${zone}`,
    "decimal-mark .",
    `commodity 1000.${"0".repeat(scale)} ${COMMODITY}`,
    "",
    ""
  ].join("\n")

/** Accounts are declared where they come in first, so that `hledger check --strict` finds no other ones. */
class Declarations {
  private account = ""
  private known = new Set<string>()

  /** The declarations that an entry needs. */
  of({ account, postings }: ProgramLedger.LedgerEntry): string {
    if (account !== this.account) {
      this.account = account
      this.known = new Set()
    }
    return postings.flatMap((posting) => this.ofPosting(account, posting)).join("")
  }

  private ofPosting(account: string, posting: ProgramLedger.LedgerPosting): ReadonlyArray<string> {
    return [posting.debit, posting.credit].flatMap((side) => {
      const name = nameOf(account, side, posting)
      if (this.known.has(name)) return []
      this.known.add(name)
      return [`account ${name}${side === "lot" ? `  ; ${statusOf(posting)}` : ""}\n`]
    })
  }
}

/** A journal of the program. */
export const hledger = (of: ExportHead): LedgerText => {
  const declarations = new Declarations()
  return {
    head: head(of),
    numbers: ({ account, numbers }) =>
      `account liabilities:lots:${encode(account)}  ; ${tags(numbers.map((number) => ["number", encode(number)]))}\n`,
    entry: (entry) => {
      const lines = entry.postings.flatMap((posting) => {
        const amount = Points.toString(posting.points)
        return [
          `    ${nameOf(entry.account, posting.debit, posting)}  ${amount} ${COMMODITY}\n`,
          `    ${nameOf(entry.account, posting.credit, posting)}  -${amount} ${COMMODITY}\n`
        ]
      })
      const first = `${dateIn(of.zone, entry.occurredAt)} ${entry.type}  ; ${tagsOf(entry)}\n`
      return `${declarations.of(entry)}${first}${lines.join("")}\n`
    }
  }
}
