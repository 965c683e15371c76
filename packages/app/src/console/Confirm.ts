/** Asks once more before something is recorded by a person's name, and for the reason, which is kept for ever. */
import { createElement, type ComponentChildren, type VNode } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import { h, isolated } from "../page/Element.ts"
import type { Done } from "./Doing.ts"
import { trouble, waiting } from "./Parts.ts"
import { useSession } from "./Session.ts"

interface Props {
  readonly title: string
  /** What will be recorded, and what follows from it. */
  readonly text: ComponentChildren
  /** What the button says that does it. */
  readonly action: string
  readonly done: Done<unknown>
  readonly confirm: (reason: string) => void
  readonly close: () => void
}

const form = ({ action, close, confirm, done }: Props, missing: boolean, miss: () => void): VNode =>
  h(
    "form",
    {
      onSubmit: (event: SubmitEvent) => {
        event.preventDefault()
        const reason = new FormData(event.currentTarget as HTMLFormElement).get("reason")
        if (typeof reason !== "string" || reason.trim() === "") miss()
        else confirm(reason.trim())
      }
    },
    h(
      "div",
      { class: "field" },
      h("label", { for: "field-reason" }, "Reason"),
      h("textarea", { id: "field-reason", name: "reason", maxLength: 500, "aria-describedby": "hint-reason" }),
      h("span", { class: "hint", id: "hint-reason" }, "Kept for ever, with the key’s name. No personal data.")
    ),
    missing ? h("p", { role: "alert", class: "alarm" }, "A reason is needed.") : null,
    done.state === "failed" ? trouble(done.trouble) : null,
    done.state === "waiting" ? waiting("Recording") : null,
    h(
      "div",
      { class: "buttons" },
      h("button", { class: "first", type: "submit", disabled: done.state === "waiting" }, action),
      h("button", { type: "button", onClick: close }, "Cancel")
    )
  )

const Dialog = (props: Props): VNode => {
  const { close, text, title } = props
  const { own } = useSession()
  const [missing, setMissing] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  // The browser's own dialog keeps the focus in it, closes on Escape, and gives the focus back.
  useEffect(() => {
    dialog.current?.showModal()
    return () => dialog.current?.close()
  }, [])
  return createElement(
    "dialog",
    { ref: dialog, onClose: close, "aria-labelledby": "dialog-title" },
    h("h2", { id: "dialog-title" }, title),
    h("p", null, text),
    h("p", { class: "hint" }, "It will be recorded by ", isolated(own.name), "."),
    form(props, missing, () => setMissing(true))
  ) as VNode
}

export const confirmation = (props: Props): VNode => createElement(Dialog, props) as VNode
