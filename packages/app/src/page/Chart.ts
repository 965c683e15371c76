/**
 * Stacked bars as SVG, drawn as a part of the page: nothing measures or moves in a browser. A bar above the line and one below
 * it for each month. Lengths are drawn, numbers are said exactly in the titles.
 */
import { scaleBand, scaleLinear } from "d3-scale"
import { stack, stackOffsetDiverging } from "d3-shape"
import type { VNode } from "preact"
import { h } from "./Element.ts"

/** One kind of what is stacked; `class` gives it its colour. */
export interface Series {
  readonly name: string
  readonly class: string
}

/** One bar. */
export interface Bar {
  readonly label: string
  /** What is said of the bar as a whole. */
  readonly title: string
  /** A value for each of the series, and what is said of it. */
  readonly values: ReadonlyArray<{ readonly value: number; readonly title: string }>
}

export interface ChartContent {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly series: ReadonlyArray<Series>
  readonly bars: ReadonlyArray<Bar>
}

interface Size {
  readonly class: string
  readonly width: number
  readonly height: number
  readonly ticks: number
  /** Labels below the bars at most. */
  readonly labels: number
}

/** The same chart for wide and for narrow pages, so that its words keep their size. */
const SIZES: ReadonlyArray<Size> = [
  { class: "chart wide", width: 960, height: 320, ticks: 5, labels: 13 },
  { class: "chart narrow", width: 360, height: 260, ticks: 4, labels: 4 }
]

const MARGIN = { top: 12, right: 4, bottom: 26, left: 52 }

/** Half of the width of a month's name, which must not stand out on the right. */
const HALF_LABEL = 26

/** Bars do not become posts where there are few of them. */
const WIDEST_BAR = 56

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 })

/** A picture with a legend above it. */
export const chart = (content: ChartContent): VNode =>
  h(
    "figure",
    null,
    h(
      "ul",
      { class: "legend" },
      content.series.map(({ class: color, name }) =>
        h(
          "li",
          null,
          h(
            "svg",
            { class: "swatch", viewBox: "0 0 12 12", "aria-hidden": "true" },
            h("rect", { class: color, width: 12, height: 12, rx: 2 })
          ),
          name
        )
      )
    ),
    SIZES.map((size) => picture(content, size))
  )

const picture = ({ bars, description, id, series, title }: ChartContent, size: Size): VNode => {
  const { height, labels, ticks, width } = size
  const name = `${id}-${width}`
  const stacked = stackOf(series, bars)
  const bounds = stacked.flat(2)
  const x = scaleBand<number>()
    .domain(bars.map((_, index) => index))
    .range([MARGIN.left, width - MARGIN.right])
    .padding(0.22)
  const y = scaleLinear()
    .domain([Math.min(0, ...bounds), Math.max(0, ...bounds) || 1])
    .nice(ticks)
    .range([height - MARGIN.bottom, MARGIN.top])
  const barWidth = Math.min(x.bandwidth(), WIDEST_BAR)
  const left = (index: number) => (x(index) as number) + (x.bandwidth() - barWidth) / 2
  const every = Math.ceil(bars.length / labels)
  return h(
    "svg",
    {
      class: size.class,
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-labelledby": `${name}-title ${name}-desc`
    },
    h("title", { id: `${name}-title` }, title),
    h("desc", { id: `${name}-desc` }, description),
    y.ticks(ticks).map((tick) => gridLine(y(tick), width, compact.format(tick))),
    bars.map(({ label, title: said, values }, index) =>
      h(
        "g",
        { class: "bar" },
        h("title", null, said),
        h("rect", {
          class: "hit",
          x: at(x(index) as number),
          y: MARGIN.top,
          width: at(x.bandwidth()),
          height: height - MARGIN.top - MARGIN.bottom
        }),
        series.map(({ class: color }, kind) => {
          const [low = 0, high = 0] = stacked[kind]?.[index] ?? []
          if (low === high) return null
          const top = y(high)
          return h(
            "rect",
            { class: color, x: at(left(index)), y: at(top), width: at(barWidth), height: at(y(low) - top) },
            h("title", null, values[kind]?.title)
          )
        }),
        index % every === 0
          ? h(
              "text",
              {
                class: "label",
                x: at(Math.min((x(index) as number) + x.bandwidth() / 2, width - HALF_LABEL)),
                y: height - 8
              },
              label
            )
          : null
      )
    ),
    h("line", { class: "zero", x1: MARGIN.left, x2: width - MARGIN.right, y1: at(y(0)), y2: at(y(0)) })
  )
}

/** Where each value begins and ends: positive ones pile up from the line, negative ones hang from it. */
const stackOf = (series: ReadonlyArray<Series>, bars: ReadonlyArray<Bar>) =>
  stack<Bar, number>()
    .keys(series.map((_, kind) => kind))
    .value(({ values }, kind) => values[kind]?.value ?? 0)
    .offset(stackOffsetDiverging)([...bars])
    .map((ofKind) => ofKind.map(([low, high]): ReadonlyArray<number> => [low, high]))

const gridLine = (y: number, width: number, label: string): VNode =>
  h(
    "g",
    { class: "grid" },
    h("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: at(y), y2: at(y) }),
    h("text", { x: MARGIN.left - 8, y: at(y + 4) }, label)
  )

/** A coordinate: a hundredth of a unit is finer than any screen. */
const at = (value: number): number => Math.round(value * 100) / 100
