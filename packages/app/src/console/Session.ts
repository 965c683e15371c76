/** Who is signed in: the key, and what the server says that it may do. */
import { createContext } from "preact"
import { useContext } from "preact/hooks"
import type { OwnKey, ScopeName } from "./Answers.ts"

/** Where the key is kept as long as the tab is open; it is in no other place. */
const STORED = "pointback.key"

export const storedKey = (): string | null => sessionStorage.getItem(STORED)
export const storeKey = (key: string): void => sessionStorage.setItem(STORED, key)

/** The program that was last asked about, so that nobody types it twice. */
const STORED_PROGRAM = "pointback.program"

export const storedProgram = (): string | null => sessionStorage.getItem(STORED_PROGRAM)
export const storeProgram = (program: string): void => sessionStorage.setItem(STORED_PROGRAM, program)

/** Forgets the key and what was asked with it. */
export const forgetKey = (): void => {
  sessionStorage.removeItem(STORED)
  sessionStorage.removeItem(STORED_PROGRAM)
}

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
