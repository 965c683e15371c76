/** Where a key is given. It is tried at once, and kept as long as the tab is open. */
import type { VNode } from "preact"
import { useEffect, useState } from "preact/hooks"
import { h } from "../page/Element.ts"
import type { OwnKey } from "./Answers.ts"
import { component } from "./Component.ts"
import * as Fields from "./Fields.ts"
import { heading, trouble, waiting } from "./Parts.ts"
import { address, ask, Trouble } from "./Server.ts"
import { forgetKey, storedKey, storeKey } from "./Session.ts"

/** Asks the server whose key it is. */
const whose = (key: string): Promise<OwnKey> => ask<OwnKey>(key, address(["key"]))

interface Props {
  /** What is said first: why somebody has to sign in again. */
  readonly why: string | null
  readonly signedIn: (key: string, own: OwnKey) => void
}

const SignInForm = ({ signedIn, why }: Props): VNode => {
  const stored = storedKey()
  const [trying, setTrying] = useState(stored !== null)
  // A key from before is looked at without a form; a form that was filled in stays, and the focus in it.
  const [looking, setLooking] = useState(stored !== null)
  const [said, setSaid] = useState<Trouble | string | null>(why)
  const sign = (key: string) => {
    setTrying(true)
    setSaid(null)
    whose(key).then(
      (own) => {
        storeKey(key)
        signedIn(key, own)
      },
      (cause: unknown) => {
        const found = cause instanceof Trouble ? cause : new Trouble("unknown", String(cause))
        if (found.status === 401) forgetKey()
        setSaid(found)
        setTrying(false)
        setLooking(false)
      }
    )
  }
  useEffect(() => {
    if (stored !== null) sign(stored)
  }, [])
  return h(
    "main",
    { class: "sign-in", id: "main", tabIndex: -1 },
    heading("Pointback console"),
    said === null ? null : typeof said === "string" ? h("p", { role: "alert", class: "alarm" }, said) : trouble(said),
    looking ? null : form(sign),
    trying ? waiting("Looking at the key") : null
  )
}

const form = (sign: (key: string) => void): VNode =>
  Fields.form(
    { label: "Sign in", title: "Sign in", submit: ({ key = "" }) => sign(key) },
    Fields.input(
      {
        name: "key",
        label: "API key",
        required: true,
        hint: "Kept in this tab until it is closed, and sent to this server alone. Whoever runs the server makes keys with pointback api-key."
      },
      "password"
    )
  )

/** The form, or that a key from before is being looked at. */
export const signIn = (props: Props): VNode => component(SignInForm, props)
