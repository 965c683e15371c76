/** What the parts of a page have in common. */
import type { ComponentChildren, VNode } from "preact"
import { h } from "./Element.ts"

/** A part of the page with its heading. */
export const section = (id: string, title: string, ...content: ReadonlyArray<ComponentChildren>): VNode =>
  h("section", { "aria-labelledby": id }, h("h2", { id }, title), content)

/** A remark below what it is about. */
export const note = (...content: ReadonlyArray<ComponentChildren>): VNode => h("p", { class: "note" }, content)
