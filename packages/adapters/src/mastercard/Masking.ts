/** Keeps account and card numbers out of logs, errors and spans. */

/** The longest run of digits that stays readable: a redemption id has seven, a card number thirteen at least. */
const LONGEST_HARMLESS_DIGITS = 11

/** Last characters that stay readable, enough to tell two accounts of a person apart. */
const READABLE = 4

const LONG_NUMBER = new RegExp(`[0-9]{${LONGEST_HARMLESS_DIGITS + 1},}`, "g")

/** An account number with all but its last four characters hidden: `…6652`. */
export const maskAccount = (account: string): string =>
  account.length <= READABLE ? "…" : "…" + account.slice(-READABLE)

/** Secrets shorter than this are words that a text may have for other reasons. */
const SHORTEST_SECRET = 8

/** A text without what is secret to us: a server may quote the request that it refuses. */
export const hideSecrets = (text: string, secrets: ReadonlyArray<string> = []): string =>
  secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .reduce((hidden, secret) => hidden.replaceAll(secret, "…").replaceAll(encodeURIComponent(secret), "…"), text)

/** A text with every number that could be an account or a card masked, and with the given account masked. */
export const maskText = (text: string, account?: string): string => {
  const masked =
    account === undefined || account.length <= READABLE ? text : text.replaceAll(account, () => maskAccount(account))
  return masked.replace(LONG_NUMBER, maskAccount)
}
