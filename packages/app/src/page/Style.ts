/** How pages look: on light and dark screens, wide and narrow, and on paper. */

/** A colour of an ordered scale: pale to deep on light pages, deep to pale on dark ones. */
const bucketColor = (index: number, count: number, dark: boolean): string => {
  const t = count <= 1 ? 0 : index / (count - 1)
  const lightness = dark ? 0.45 + 0.43 * t : 0.82 - 0.48 * t
  const chroma = 0.085 + 0.04 * Math.sin(Math.PI * t)
  const hue = 195 + 75 * t
  return `oklch(${lightness.toFixed(3)} ${chroma.toFixed(3)} ${hue.toFixed(0)})`
}

const bucketColors = (count: number, dark: boolean): string =>
  Array.from({ length: count }, (_, index) => `--bucket-${index}: ${bucketColor(index, count, dark)};`).join(" ")

const bucketClasses = (count: number): string =>
  Array.from({ length: count }, (_, index) => `.bucket-${index} { fill: var(--bucket-${index}); }`).join("\n")

/** The colours of so many buckets. */
export const bucketStyle = (count: number): string => `
:root { ${bucketColors(count, false)} }
@media screen and (prefers-color-scheme: dark) { :root { ${bucketColors(count, true)} } }
${bucketClasses(count)}
`

const COLORS = `
:root {
  --paper: #ffffff; --ink: #16202b; --soft: #53606d; --line: #d9dfe5; --wash: #f4f7f9; --accent: #0b6b74; --alarm: #b3261e;
  --earned: #1b8a6b; --credited: #2f6fb7; --adjusted: #7b8794; --redeemed: #d08a1d; --expired: #a8476f;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #10161d; --ink: #e6ebf0; --soft: #a3b0bc; --line: #2b3641; --wash: #18212a; --accent: #6cc6cf; --alarm: #ffb4ab;
    --earned: #4cc49f; --credited: #77aeea; --adjusted: #98a4b0; --redeemed: #e7ae52; --expired: #d986aa;
  }
}
`

const PAGE = `
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
body { margin: 0; background: var(--paper); color: var(--ink); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; }
h1 { margin: 0 0 1rem; font-size: 1.9rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.015em; }
h2 { margin: 0 0 1rem; font-size: 1.25rem; line-height: 1.3; font-weight: 650; letter-spacing: -0.005em; }
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.clocks { display: flex; flex-wrap: wrap; gap: 0.4rem 2rem; margin: 0 0 1.25rem; }
.clocks dt, .figures dt { color: var(--soft); font-size: 0.8125rem; }
.clocks dd { margin: 0; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0.65rem 0; list-style: none; border-block: 1px solid var(--line); font-size: 0.9375rem; }
section { margin: 2.5rem 0; scroll-margin-top: 1rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1px; margin: 0; background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.figure { padding: 0.9rem 1.1rem; background: var(--wash); }
.figure dd { margin: 0.1rem 0 0; }
.figure strong { display: block; font-size: 1.45rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.015em; }
.figure span { color: var(--soft); font-size: 0.8125rem; }
figure { margin: 0 0 0.75rem; }
.chart { display: block; width: 100%; height: auto; }
.chart text { font-size: 12px; fill: var(--soft); }
.chart .grid text { text-anchor: end; }
.chart .label { text-anchor: middle; }
.chart .grid line { stroke: var(--line); }
.chart .zero { stroke: var(--soft); }
.chart .hit { fill: transparent; }
.chart .bar:hover .hit { fill: var(--wash); }
.chart .bar rect:not(.hit) { stroke: var(--paper); stroke-width: 0.4; }
.narrow { display: none; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; margin: 0 0 0.75rem; padding: 0; list-style: none; font-size: 0.8125rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 0.4rem; }
.swatch { width: 12px; height: 12px; }
`

const PARTS = `
rect.earned { fill: var(--earned); } rect.credited { fill: var(--credited); } rect.adjusted { fill: var(--adjusted); }
rect.redeemed { fill: var(--redeemed); } rect.expired { fill: var(--expired); }
details { margin: 0.5rem 0 0; }
summary { width: fit-content; cursor: pointer; color: var(--accent); font-size: 0.9375rem; }
details .scroll { margin-top: 0.5rem; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.875rem; overflow-wrap: normal; }
caption { padding: 0 0 0.5rem; text-align: left; color: var(--soft); font-size: 0.875rem; }
th, td { padding: 0.42rem 0.75rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 0.25rem; }
th:last-child, td:last-child { padding-right: 0.25rem; }
thead th { color: var(--soft); font-weight: 500; font-size: 0.8125rem; line-height: 1.3; vertical-align: bottom; border-bottom-color: var(--soft); }
tbody th { font-weight: 500; }
tbody td, tbody th { white-space: nowrap; }
tbody tr:hover, tbody tr:hover th { background: var(--wash); }
.scroll th:first-child { position: sticky; left: 0; background: var(--paper); }
.scroll tbody tr:hover th:first-child { background: var(--wash); }
tfoot th, tfoot td { font-weight: 650; white-space: nowrap; border-top: 1px solid var(--soft); border-bottom: 0; }
.number { text-align: right; }
thead th.number { min-width: 4.5rem; }
section[aria-labelledby="schedule"] table { max-width: 48rem; }
td.nothing { color: var(--soft); }
.dense { font-size: 0.8125rem; }
.dense th, .dense td { padding-inline: 0.45rem; }
.dense thead th { max-width: 6.5rem; }
.part { display: block; width: 6rem; min-width: 4rem; height: 8px; }
.part rect { fill: var(--accent); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 2rem 2.5rem; }
.note { margin: 0.75rem 0 0; color: var(--soft); font-size: 0.875rem; }
.alarm { margin: 0.75rem 0 0; padding: 0.6rem 0.9rem; border: 1px solid var(--alarm); border-radius: 6px; color: var(--alarm); font-weight: 600; }
.timeline { margin: 0; padding: 0; list-style: none; }
.move { position: relative; padding: 0 0 0.9rem 1.6rem; border-left: 2px solid var(--line); margin-left: 6px; break-inside: avoid; }
.move:first-child { border-image: linear-gradient(to bottom, transparent 0.6rem, var(--line) 0.6rem) 1; }
.move:last-child { border-left-color: transparent; }
.move::before { content: ""; position: absolute; left: -7px; top: 0.4rem; width: 12px; height: 12px; border-radius: 50%; background: var(--mark); box-shadow: 0 0 0 3px var(--paper); }
.move.earned { --mark: var(--earned); } .move.credited { --mark: var(--credited); } .move.adjusted { --mark: var(--adjusted); }
.move.redeemed { --mark: var(--redeemed); } .move.expired { --mark: var(--expired); }
.move p, .move ul { margin: 0; }
.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.9rem; }
.head time { min-width: 9.5rem; color: var(--soft); font-size: 0.875rem; }
.head .amount { font-weight: 650; }
.head .balance { margin-left: auto; color: var(--soft); font-size: 0.875rem; }
.named { font-size: 0.875rem; }
.moved { display: flex; flex-wrap: wrap; gap: 0 1.25rem; padding: 0; list-style: none; font-size: 0.875rem; }
.told { color: var(--soft); font-size: 0.8125rem; }
code { font: inherit; font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.75rem; }
footer { padding-bottom: 2.5rem; color: var(--soft); font-size: 0.8125rem; }
footer p { margin: 0 0 0.4rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
footer p + p { padding-top: 0; border-top: 0; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; border: 0; }
`

const MEDIA = `
@media (max-width: 40rem) {
  header, main, footer { padding-inline: 1rem; }
  header { padding-top: 1.5rem; }
  h1 { font-size: 1.45rem; }
  section { margin: 2rem 0; }
  .figures { grid-template-columns: repeat(2, 1fr); }
  .figure:first-child:nth-last-child(odd) { grid-column: 1 / -1; }
  .figure { padding: 0.7rem 0.85rem; }
  .figure strong { font-size: 1.2rem; }
  .wide { display: none; }
  .narrow { display: block; }
  .head time { min-width: 100%; }
  .part { width: 3rem; min-width: 3rem; }
  th, td { padding-inline: 0.5rem; }
}
@media print {
  @page { size: A4; margin: 14mm 12mm; }
  html { font-size: 10.5px; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  header, main, footer { max-width: none; padding-inline: 0; }
  header { padding-top: 0; }
  nav, summary, details { display: none; }
  .scroll { overflow: visible; }
  .scroll th:first-child { position: static; }
  .wide { display: block; }
  .narrow { display: none; }
  section { margin: 1.75rem 0; }
  h2 { break-after: avoid; }
  thead { display: table-header-group; }
  tr, figure, .figures { break-inside: avoid; }
  th, td { padding: 0.3rem 0.5rem; }
}
`

/** The style of every page, but for the colours of buckets. */
export const STYLE = COLORS + PAGE + PARTS + MEDIA
