/** Elements of pages. Text and attributes are escaped where they are written, whatever they hold. */
import { type ComponentChildren, createElement, type VNode } from "preact"

/** An attribute; where a page runs in a browser, also what listens to an event (`onClick`). */
type Attribute = string | number | boolean | undefined | ((event: never) => void)

/** An element with its attributes, by the names that they have in HTML and SVG, and what is in it. */
export const h = (
  name: string,
  attributes: Readonly<Record<string, Attribute>> | null,
  ...content: ReadonlyArray<ComponentChildren>
): VNode => createElement(name, attributes, ...content) as VNode

/** A style sheet of our own; nothing in it is escaped. */
export const styleSheet = (css: string): VNode =>
  createElement("style", { dangerouslySetInnerHTML: { __html: css } }) as VNode

/** A name that somebody else chose: whatever directions its letters have, the text around it keeps its own. */
export const isolated = (text: string): VNode => h("bdi", null, text)
