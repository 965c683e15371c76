/** What the parts of an export are called. Apart, so that whoever only asks over HTTP loads nothing else. */

/** The plain-text ledgers, each one text. */
export const LEDGERS = ["hledger", "beancount"] as const
export type Ledger = (typeof LEDGERS)[number]

/** The tables of the CSV export; `accounts` has the account numbers, which are personal data. */
export const TABLES = ["journal", "lots", "events", "accounts"] as const
export type Table = (typeof TABLES)[number]
