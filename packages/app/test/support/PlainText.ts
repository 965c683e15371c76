/**
 * Reads exported ledgers with nothing but the rules of their languages, and adds them up: an auditor's program, in small.
 * It shares no code with what writes them.
 */

/** A posting of an hledger or Beancount entry; a debit is positive, in ten-thousandths. */
export interface ReadPosting {
  /** The kind of ledger account: `lot`, `redeemed`, `issued`, … */
  readonly kind: string
  readonly account: string
  /** The lot, or the redemption, that the posting names; else empty. */
  readonly label: string
  readonly units: bigint
}

export interface ReadEntry {
  readonly date: string
  readonly tags: Readonly<Record<string, string>>
  readonly postings: ReadonlyArray<ReadPosting>
}

const units = (text: string): bigint => {
  const match = /^(-?)(\d+)(?:\.(\d{1,4}))?$/.exec(text)
  if (match === null) throw new Error(`not an amount: ${text}`)
  const magnitude = BigInt(match[2]! + (match[3] ?? "").padEnd(4, "0"))
  return match[1] === "-" ? -magnitude : magnitude
}

const HLEDGER_KINDS: Readonly<Record<string, string>> = {
  "liabilities:lots": "lot",
  "liabilities:redeemed": "redeemed",
  "expenses:issued": "issued",
  "expenses:adjustments": "adjustments",
  "revenues:expired by time": "expiredByTime",
  "revenues:expired on reversal": "expiredOnReversal"
}

/** The parts of an hledger account name of ours. */
export const hledgerAccount = (name: string): Omit<ReadPosting, "units"> => {
  const [top, second, account, label, ...rest] = name.split(":")
  const kind = HLEDGER_KINDS[`${top}:${second}`]
  if (kind === undefined || account === undefined || rest.length > 0) throw new Error(`not an account: ${name}`)
  return { kind, account: decodeURIComponent(account), label: decodeURIComponent(label ?? "") }
}

const tagsOf = (comment: string): Record<string, string> =>
  Object.fromEntries(
    comment.split(", ").map((tag) => [tag.slice(0, tag.indexOf(":")), tag.slice(tag.indexOf(":") + 1)])
  )

/** Entries of an hledger journal in the order of the file. */
export const readHledger = (text: string): ReadonlyArray<ReadEntry> => {
  const entries: Array<{ date: string; tags: Record<string, string>; postings: Array<ReadPosting> }> = []
  for (const line of text.split("\n")) {
    const first = /^(\d{4}-\d\d-\d\d) \w+ {2}; (.*)$/.exec(line)
    if (first !== null) entries.push({ date: first[1]!, tags: tagsOf(first[2]!), postings: [] })
    const posting = /^ {4}(\S.*?) {2,}(\S+) PTS$/.exec(line)
    if (posting !== null) {
      entries.at(-1)!.postings.push({ ...hledgerAccount(posting[1]!), units: units(posting[2]!) })
    }
    if (first === null && posting === null && !/^($|; |account |commodity |decimal-mark )/.test(line)) {
      throw new Error(`not understood: ${line}`)
    }
  }
  return entries
}

const BEANCOUNT_KINDS: Readonly<Record<string, string>> = {
  "Liabilities:Lots": "lot",
  "Liabilities:Redeemed": "redeemed",
  "Expenses:Issued": "issued",
  "Expenses:Adjustments": "adjustments",
  "Income:ExpiredByTime": "expiredByTime",
  "Income:ExpiredOnReversal": "expiredOnReversal"
}

const unquote = (text: string): string => text.slice(1, -1).replace(/\\(.)/g, "$1")

/** Entries of a Beancount file in the order of the file. */
export const readBeancount = (text: string): ReadonlyArray<ReadEntry> => {
  const entries: Array<{ date: string; tags: Record<string, string>; postings: Array<ReadPosting> }> = []
  for (const line of text.split("\n")) {
    const first = /^(\d{4}-\d\d-\d\d) \* "/.exec(line)
    if (first !== null) entries.push({ date: first[1]!, tags: {}, postings: [] })
    const posting = /^ {2}((?:Liabilities|Expenses|Income):\w+):A-(\S+) {2}(\S+) PTS(?: \{1 PTS, (.*)\})?$/.exec(line)
    if (posting !== null) {
      const cost = posting[4]
      const label = cost === undefined ? "" : unquote(cost.replace(/^\d{4}-\d\d-\d\d, /, ""))
      const kind = BEANCOUNT_KINDS[posting[1]!]!
      entries.at(-1)!.postings.push({ kind, account: posting[2]!, label, units: units(posting[3]!) })
    }
    const tag = /^ {2}([a-z]+): (.*)$/.exec(line)
    if (tag !== null) entries.at(-1)!.tags[tag[1]!] = tag[2]!.startsWith('"') ? unquote(tag[2]!) : tag[2]!
  }
  return entries
}

/** Sums by kind, account and label; debits less credits. What comes to nothing is left out. */
export const balances = (postings: Iterable<ReadPosting>): Map<string, bigint> => {
  const sums = new Map<string, bigint>()
  for (const { account, kind, label, units: moved } of postings) {
    const key = JSON.stringify([kind, account, label])
    sums.set(key, (sums.get(key) ?? 0n) + moved)
  }
  for (const [key, sum] of sums) if (sum === 0n) sums.delete(key)
  return sums
}
