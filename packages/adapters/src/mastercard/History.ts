/**
 * Reads a paged listing that may grow at its head while it is read.
 *
 * Settling an unknown credit asks whether something is *not* in the history, so a listing that may have gaps is no
 * answer: it is complete, or it fails.
 *
 * @see semantics, section 7 step 4
 */
import { Effect } from "effect"
import type { HistoryEntry } from "./Answers.ts"
import { type MastercardError, MastercardOutcomeUnknown } from "./MastercardError.ts"

/** Pages of one listing at most: ten thousand entries of one account mean that the paging does not work. */
const MAXIMUM_PAGES = 200

/** Times a listing is begun at most while entries are added to it. */
const MAXIMUM_ATTEMPTS = 3

type Page = ReadonlyArray<HistoryEntry>
type ReadPage = (offset: number) => Effect.Effect<Page, MastercardError>

/**
 * Reads pages until an empty one, newest entries first. Where there was more than one page, the first is read again:
 * had it changed, entries would have moved from page to page, and the listing begins anew.
 *
 * Fails with `MastercardOutcomeUnknown` where the listing repeats itself, has more than 200 pages or keeps changing.
 */
export const readAll = Effect.fnUntraced(function* (read: ReadPage): Effect.fn.Return<Page, MastercardError> {
  for (let attempt = 0; attempt < MAXIMUM_ATTEMPTS; attempt++) {
    const pages = yield* readPages(read)
    const [first = []] = pages
    if (pages.length < 2 || isSame(first, yield* read(0))) return pages.flat()
  }
  return yield* unreadable("the history kept changing while it was read")
})

const readPages = Effect.fnUntraced(function* (read: ReadPage): Effect.fn.Return<ReadonlyArray<Page>, MastercardError> {
  const pages: Array<Page> = []
  let offset = 0
  while (pages.length < MAXIMUM_PAGES) {
    const page = yield* read(offset)
    if (page.length === 0) return pages
    const last = pages.at(-1)
    if (last !== undefined && isSame(last, page)) {
      return yield* unreadable("the same page came twice; check the paging parameters in Assumptions")
    }
    pages.push(page)
    offset += page.length
  }
  return yield* unreadable(`the history has more than ${MAXIMUM_PAGES} pages; ask for a shorter period`)
})

const isSame = (a: Page, b: Page): boolean => JSON.stringify(a) === JSON.stringify(b)

const unreadable = (detail: string): MastercardOutcomeUnknown =>
  new MastercardOutcomeUnknown({
    call: "GET /redemptions",
    cause: "unreadableAnswer",
    status: undefined,
    reasons: [],
    detail
  })
