/**
 * The ledger as a Beancount file. Lots are Beancount's own: points held at a cost of one point each, with the date on
 * which they were earned and the lot's name as the label; redemptions likewise. Booking is strict, so Beancount itself
 * refuses a draw or a credit that takes more from a lot or a redemption than is in it.
 *
 * @see Beancount's language syntax, "Costs and Prices" and "Reducing Positions"
 */
import type { ProgramLedger } from "@pointback/adapters"
import { Instant, type Journal, Points } from "@pointback/domain"
import type { ExportHead, LedgerText } from "./LedgerText.ts"
import { COMMODITY, dateIn } from "./LedgerText.ts"

/** A text in quotes. */
export const quote = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`

/**
 * An account key as a component of an account name, which has letters, digits and dashes alone; keys are made of them,
 * and what is none of them is written as its code between two Z.
 */
export const component = (account: string): string =>
  `A-${account.replace(/[^0-9a-zA-Y-]/gu, (char) => `Z${(char.codePointAt(0) as number).toString(16)}Z`)}`

const NAMES: Readonly<Record<Journal.LedgerAccount, string>> = {
  issued: "Expenses:Issued",
  adjustments: "Expenses:Adjustments",
  lot: "Liabilities:Lots",
  redeemed: "Liabilities:Redeemed",
  expiredByTime: "Income:ExpiredByTime",
  expiredOnReversal: "Income:ExpiredOnReversal"
}

const nameOf = (account: string, side: Journal.LedgerAccount): string => `${NAMES[side]}:${component(account)}`

const metadata = (values: ReadonlyArray<readonly [string, string | null]>): string =>
  values.flatMap(([key, value]) => (value === null ? [] : [`  ${key}: ${value}\n`])).join("")

const metadataOf = (entry: ProgramLedger.LedgerEntry): string =>
  metadata([
    ["event", quote(entry.eventId)],
    ["occurred", quote(Instant.toString(entry.occurredAt))],
    ["recorded", quote(Instant.toString(entry.recordedAt))],
    ["credit", entry.creditId === null ? null : quote(entry.creditId)],
    ["policy", entry.policyVersion === null ? null : String(entry.policyVersion)],
    ["actor", entry.actor === null ? null : quote(entry.actor)]
  ])

interface Leg {
  readonly side: Journal.LedgerAccount
  readonly sign: "" | "-"
  readonly posting: ProgramLedger.LedgerPosting
}

const legsOf = (posting: ProgramLedger.LedgerPosting): ReadonlyArray<Leg> => [
  { side: posting.debit, sign: "", posting },
  { side: posting.credit, sign: "-", posting }
]

/** The cost that says which lot, or which redemption: its whole status where points come in, its name where they go. */
const costOf = ({ zone }: ExportHead, { posting, side, sign }: Leg, date: string): string => {
  if (side === "lot") return ` {1 ${COMMODITY}, ${dateIn(zone, posting.earnedAt)}, ${quote(posting.lotId)}}`
  if (side !== "redeemed") return ""
  const label = quote(posting.redemptionId as string)
  return sign === "-" ? ` {1 ${COMMODITY}, ${date}, ${label}}` : ` {1 ${COMMODITY}, ${label}}`
}

const legText = (of: ExportHead, account: string, leg: Leg, date: string): string => {
  const amount = `${leg.sign}${Points.toString(leg.posting.points)} ${COMMODITY}`
  const line = `  ${nameOf(account, leg.side)}  ${amount}${costOf(of, leg, date)}\n`
  if (leg.side !== "lot" || leg.sign === "") return line
  const { expiresAt } = leg.posting
  return `${line}    expires: ${quote(expiresAt === null ? "never" : Instant.toString(expiresAt))}\n`
}

const head = ({ knownAt, program, zone }: ExportHead): string =>
  [
    `; Dates are in ${zone}.`,
    `option "title" ${quote(`Points of program ${program}, as known at ${Instant.toString(knownAt)}`)}`,
    `option "operating_currency" "${COMMODITY}"`,
    'option "booking_method" "STRICT"',
    "",
    ""
  ].join("\n")

// The first entry of an account is its earliest.
const opened = (account: string, date: string): string =>
  (Object.keys(NAMES) as Array<Journal.LedgerAccount>)
    .map((side) => `${date} open ${nameOf(account, side)} ${COMMODITY}\n`)
    .join("")

/**
 * A ledger of the program. Within one transaction Beancount cannot take from a lot what the same transaction put there,
 * so what a credit restores and expires at once is a second transaction with the same link.
 */
export const beancount = (of: ExportHead): LedgerText => {
  let account = ""
  return {
    head: head(of),
    numbers: ({ account: key, numbers }) =>
      numbers
        .map(
          (number) =>
            `${dateIn(of.zone, of.knownAt)} custom "account number" ${quote(component(key))} ${quote(number)}\n`
        )
        .join(""),
    entry: (entry) => {
      const date = dateIn(of.zone, entry.occurredAt)
      const open = entry.account === account ? "" : `${opened(entry.account, date)}\n`
      account = entry.account
      const later = entry.postings.filter(({ credit }) => credit === "expiredOnReversal")
      const first = entry.postings.filter(({ credit }) => credit !== "expiredOnReversal")
      const link = later.length > 0 && first.length > 0 ? ` ^${entry.eventId}` : ""
      const transaction = (postings: ReadonlyArray<ProgramLedger.LedgerPosting>) =>
        postings.length === 0
          ? ""
          : `${date} * ${quote(entry.type)}${link}\n${metadataOf(entry)}` +
            `${postings
              .flatMap(legsOf)
              .map((leg) => legText(of, entry.account, leg, date))
              .join("")}\n`
      return `${open}${transaction(first)}${transaction(later)}`
    }
  }
}
