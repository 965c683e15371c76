/** Who is signed in: the key, and what the server says that it may do. */
import { createContext } from "preact"
import { useContext } from "preact/hooks"
import type { OwnKey, ScopeName } from "./Answers.ts"

/** The key is kept as long as the tab is open, and in no other place. */
const STORED = "pointback.key"

export const storedKey = (): string | null => sessionStorage.getItem(STORED)
export const storeKey = (key: string): void => sessionStorage.setItem(STORED, key)
export const forgetKey = (): void => sessionStorage.removeItem(STORED)

export interface Session {
  readonly key: string
  readonly own: OwnKey
  /** Forgets the key; `why` is shown to whoever signs in next. */
  readonly signOut: (why?: string) => void
  /** Says something to those who do not see the page. */
  readonly say: (text: string) => void
}

const Current = createContext<Session | null>(null)

/** Gives the session to all that is shown. */
export const SessionProvider = Current.Provider

/** The session; there is one wherever a view is shown. */
export const useSession = (): Session => useContext(Current) as Session

/** Whether the key may do what needs the scope. */
export const may = ({ own }: Session, scope: ScopeName): boolean => own.scopes.includes(scope)
