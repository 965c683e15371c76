/** What the views have in common. */
import type { ComponentChildren, VNode } from "preact"
import { useEffect } from "preact/hooks"
import { h } from "../page/Element.ts"
import * as Texts from "../page/Texts.ts"
import type { Asked, Listing } from "./Asking.ts"
import type { Trouble } from "./Server.ts"
import { useSession } from "./Session.ts"
import * as Words from "./Words.ts"

/** What went wrong, in words, with what to do; announced as it comes. */
export const trouble = (found: Trouble, again?: () => void): VNode => {
  const { remedy, what } = Words.said(found)
  return h(
    "div",
    { class: "trouble", role: "alert" },
    h("p", null, h("strong", null, what), " ", remedy),
    found.status === 0 ? null : h("p", { class: "hint" }, `The server says: ${found.message}.`),
    found.retryAfter === null ? null : h("p", { class: "hint" }, `Try again after ${found.retryAfter} seconds.`),
    found.request === null ? null : h("p", { class: "hint" }, "Request ", h("code", null, found.request)),
    again === undefined || !Words.isPassing(found)
      ? null
      : h("p", null, h("button", { type: "button", onClick: again }, "Try again"))
  )
}

/** That something is on its way. */
export const waiting = (what: string): VNode => h("p", { class: "waiting" }, `${what} …`)

/** Says a text to those who do not see the page, whenever it becomes another one; null says nothing. */
export const useSaid = (text: string | null): void => {
  const { say } = useSession()
  useEffect(() => {
    if (text !== null) say(text)
  }, [text])
}

/** An answer once it is there; until then that it is awaited, or why it did not come. */
export const answered = <A>(asked: Asked<A>, what: string, show: (answer: A) => ComponentChildren): VNode => {
  switch (asked.state) {
    case "waiting":
      return waiting(what)
    case "failed":
      return trouble(asked.trouble, asked.again)
    case "answered":
      return h("div", null, show(asked.answer))
  }
}

/** The way to the next page of a listing, which ends with what kept it from coming. */
export const more = <Item>(listing: Listing<Item>, what: string): VNode | null => {
  if (listing.waiting) return waiting(`Loading more ${what}`)
  if (listing.more === undefined) return listing.trouble === null ? null : trouble(listing.trouble)
  return h(
    "div",
    { class: "more" },
    listing.trouble === null ? null : trouble(listing.trouble),
    h("button", { type: "button", onClick: listing.more }, `Show more ${what}`)
  )
}

/** What a view is called; the focus goes there when somebody comes to it. */
export const heading = (title: string, about?: ComponentChildren): VNode =>
  h("h1", { id: "title", tabIndex: -1 }, title, about === undefined ? null : h("small", null, about))

export const link = (href: string, text: ComponentChildren): VNode => h("a", { href }, text)

/** An instant as it is read and as it is understood by programs. */
export const time = (iso: string): VNode => h("time", { dateTime: Texts.machineInstant(iso) }, Texts.instant(iso))

/** Facts with their names. */
export const facts = (list: ReadonlyArray<readonly [name: string, fact: ComponentChildren]>): VNode =>
  h(
    "dl",
    { class: "facts" },
    list.map(([name, fact]) => h("div", null, h("dt", null, name), h("dd", null, fact)))
  )

/** A number that is asked for first. */
export const figure = (title: string, value: string, detail: ComponentChildren): VNode =>
  h("div", { class: "figure" }, h("dt", null, title), h("dd", null, h("strong", null, value), h("span", null, detail)))

export const figures = (...list: ReadonlyArray<VNode>): VNode =>
  h("section", { "aria-label": "Key figures" }, h("dl", { class: "figures" }, list))

/** A command to type. */
export const command = (text: string): VNode => h("pre", { tabIndex: 0 }, h("code", null, text))

/** Goes on from the heading, where what one was at is gone: after this frame, in which a dialog gives the focus back. */
export const focusHeading = (): void => void requestAnimationFrame(() => document.getElementById("title")?.focus())

/** A text as a shell takes it, whatever is in it. */
export const quoted = (text: string): string =>
  /^[\w.:@%+=,/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** By what an answer was made. */
export const clocks = ({ asOf, knownAt }: { readonly asOf?: string; readonly knownAt: string | null }): VNode =>
  h(
    "p",
    { class: "note" },
    asOf === undefined ? "" : ["As of ", time(asOf), ". "],
    knownAt === null
      ? "Counts all that is recorded by now, so what is recorded later can change it."
      : ["As known at ", time(knownAt), ": asked again, it is the same for ever."]
  )
