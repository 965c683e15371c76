/** Something that records: asked for once, and what came of it. */
import { useState } from "preact/hooks"
import { ask, Trouble } from "./Server.ts"
import { useSession } from "./Session.ts"

export type Done<A> =
  | { readonly state: "not begun" }
  | { readonly state: "waiting" }
  | { readonly state: "failed"; readonly trouble: Trouble }
  | { readonly state: "done"; readonly answer: A }

/** A command: what has become of it, and how it is begun. A second call while one is under way does nothing. */
export const useCommand = <A>(
  path: string,
  then: (answer: A) => void = () => undefined
): { readonly done: Done<A>; readonly begin: (body: object) => void; readonly forget: () => void } => {
  const { key } = useSession()
  const [done, setDone] = useState<Done<A>>({ state: "not begun" })
  const begin = (body: object) => {
    if (done.state === "waiting") return
    setDone({ state: "waiting" })
    ask<A>(key, path, { body }).then(
      (answer) => {
        setDone({ state: "done", answer })
        then(answer)
      },
      (cause: unknown) => {
        const trouble = cause instanceof Trouble ? cause : new Trouble("unknown", String(cause))
        setDone({ state: "failed", trouble })
      }
    )
  }
  return { done, begin, forget: () => setDone({ state: "not begun" }) }
}
