/** Questions whose answers are shown: whether one has come, and whether there is more of it. */
import { useCallback, useEffect, useState } from "preact/hooks"
import { ask, Trouble } from "./Server.ts"
import { useSession } from "./Session.ts"

/** What has become of a question. */
export type Asked<A> =
  | { readonly state: "waiting" }
  | { readonly state: "failed"; readonly trouble: Trouble; readonly again: () => void }
  | { readonly state: "answered"; readonly answer: A; readonly again: () => void }

const WAITING = { state: "waiting" } as const

const asTrouble = (cause: unknown): Trouble =>
  cause instanceof Trouble ? cause : new Trouble("unknown", cause instanceof Error ? cause.message : String(cause))

/** A key that is no longer known ends the session, whatever was asked with it. */
const useFailing = (): ((cause: unknown) => Trouble) => {
  const { signOut } = useSession()
  return (cause) => {
    const trouble = asTrouble(cause)
    if (trouble.status === 401) signOut("The server does not know this key any more. Sign in with another one.")
    return trouble
  }
}

/** Asks whenever the address changes; null asks nothing. */
export const useAnswer = <A>(path: string | null): Asked<A> => {
  const { key } = useSession()
  const failing = useFailing()
  const [asked, setAsked] = useState<{ readonly path: string | null; readonly now: Asked<A> }>({ path, now: WAITING })
  const [round, setRound] = useState(0)
  const again = useCallback(() => setRound((before) => before + 1), [])
  useEffect(() => {
    if (path === null) return
    const aborting = new AbortController()
    ask<A>(key, path, { signal: aborting.signal }).then(
      (answer) => setAsked({ path, now: { state: "answered", answer, again } }),
      (cause: unknown) => {
        if (!aborting.signal.aborted) setAsked({ path, now: { state: "failed", trouble: failing(cause), again } })
      }
    )
    return () => aborting.abort()
  }, [path, round, key])
  // An answer to another question is no answer.
  return asked.path === path ? asked.now : WAITING
}

/** A listing that comes page by page. */
export interface Listing<Item> {
  readonly items: ReadonlyArray<Item>
  /** Asks for the next page; undefined where there is none. */
  readonly more: (() => void) | undefined
  /** Whether the next page is on its way. */
  readonly waiting: boolean
  /** What kept the next page from coming. */
  readonly trouble: Trouble | null
}

interface Page {
  readonly next: string | null
}

interface Later<Item> {
  readonly path: string
  readonly items: ReadonlyArray<Item>
  readonly next: string | null
  readonly waiting: boolean
  readonly trouble: Trouble | null
}

/** A listing: its first page as any answer, and the pages after it where somebody asks for them. */
export const useListing = <P extends Page, Item>(
  path: string,
  itemsOf: (page: P) => ReadonlyArray<Item>
): { readonly first: Asked<P>; readonly listing: Listing<Item> } => {
  const { key } = useSession()
  const failing = useFailing()
  const first = useAnswer<P>(path)
  const [later, setLater] = useState<Later<Item> | null>(null)
  const page = first.state === "answered" ? first.answer : null
  // What is asked again begins from its first page.
  useEffect(() => setLater(null), [page])
  const shown = later?.path === path ? later : null
  const next = shown === null ? (page?.next ?? null) : shown.next
  const items = shown?.items ?? []
  const load = (cursor: string) => {
    const before = { path, items, next: cursor }
    setLater({ ...before, waiting: true, trouble: null })
    ask<P>(key, `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`).then(
      (found) =>
        setLater({ path, items: [...items, ...itemsOf(found)], next: found.next, waiting: false, trouble: null }),
      (cause: unknown) => setLater({ ...before, waiting: false, trouble: failing(cause) })
    )
  }
  return {
    first,
    listing: {
      items: page === null ? [] : [...itemsOf(page), ...items],
      more: next === null ? undefined : () => load(next),
      waiting: shown?.waiting === true,
      trouble: shown?.trouble ?? null
    }
  }
}
