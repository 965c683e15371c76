/** Tables of the page: with a caption, heads for columns and rows, and a place of their own to scroll in. */
import type { ComponentChildren, VNode } from "preact"
import { h } from "./Element.ts"

export interface Column {
  readonly title: string
  /** Numbers stand flush right. */
  readonly numeric?: boolean
}

/** A row; its first cell names it. */
export type Row = ReadonlyArray<ComponentChildren>

export interface TableContent {
  /** What the table is called; also what its place is called for those who do not see it. */
  readonly caption: string
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<Row>
  /** Totals. */
  readonly foot?: Row
  /** Whether the caption is shown, where no heading says the same already. */
  readonly showCaption?: boolean
  /** Whether there are many columns, which then stand closer. */
  readonly dense?: boolean
}

/** What a cell comes to that says nothing: it stands back. */
const NOTHING = /^[0.]+$/

const classOf = (numeric: boolean, content: ComponentChildren): string | undefined => {
  if (!numeric) return undefined
  return typeof content === "string" && NOTHING.test(content) ? "number nothing" : "number"
}

const cells = (columns: ReadonlyArray<Column>, row: Row): ReadonlyArray<VNode> =>
  row.map((content, index) => {
    const className = classOf(columns[index]?.numeric === true, content)
    return index === 0 ? h("th", { scope: "row", class: className }, content) : h("td", { class: className }, content)
  })

/** A table, which scrolls by itself where it is wider than the page, by keys as well. */
export const table = ({ caption, columns, dense = false, foot, rows, showCaption = false }: TableContent): VNode =>
  h(
    "div",
    { class: "scroll", role: "region", "aria-label": caption, tabIndex: 0 },
    h(
      "table",
      { class: dense ? "dense" : undefined },
      h("caption", { class: showCaption ? undefined : "unseen" }, caption),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          columns.map(({ numeric, title }) =>
            h("th", { scope: "col", class: numeric === true ? "number" : undefined }, title)
          )
        )
      ),
      h(
        "tbody",
        null,
        rows.map((row) => h("tr", null, cells(columns, row)))
      ),
      foot === undefined ? null : h("tfoot", null, h("tr", null, cells(columns, foot)))
    )
  )

/** Something that is opened where it is wanted. */
export const disclosure = (summary: string, content: ComponentChildren): VNode =>
  h("details", null, h("summary", null, summary), content)
