/** How the console looks: as the report page does, with what one can do besides. */
import { STYLE as PAGE } from "../../page/Style.ts"

const FRAME = `
.skip { position: absolute; left: 0.5rem; top: -4rem; z-index: 2; padding: 0.5rem 1rem; background: var(--paper); border: 2px solid var(--accent); border-radius: 6px; }
.skip:focus { top: 0.5rem; }
.bar { padding-top: 1rem; }
.brand { display: flex; flex-wrap: wrap; align-items: center; gap: 0.35rem 1.25rem; padding-bottom: 0.65rem; }
.brand strong { font-size: 1.0625rem; letter-spacing: -0.01em; }
.brand .who { margin-left: auto; color: var(--soft); font-size: 0.875rem; }
nav a { display: inline-block; padding: 0.2rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { color: var(--ink); font-weight: 650; box-shadow: 0 2px 0 var(--accent); }
main { padding-top: 1.75rem; padding-bottom: 3rem; }
main:focus, h1:focus { outline: none; }
h1:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px; }
h1 small { display: block; margin-top: 0.2rem; color: var(--soft); font-size: 1rem; font-weight: 400; letter-spacing: 0; }
section[aria-label="Key figures"] { margin: 1.5rem 0 0; }
.back { margin: 0 0 0.5rem; font-size: 0.9375rem; }
`

const FORMS = `
form.ask { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0.75rem 1rem; margin: 0 0 1.75rem; padding: 1rem 1.1rem; background: var(--wash); border: 1px solid var(--line); border-radius: 10px; }
.field { display: flex; flex-direction: column; gap: 0.2rem; min-width: 0; }
.field.grow { flex: 1 1 19rem; }
.field.short { width: 10.5rem; }
.field.long { width: 14.5rem; }
.field.check { flex-direction: row; align-items: center; gap: 0.5rem; min-height: 2.6rem; }
/* Level with the controls, which have their labels above them. */
.ask .check, .ask button.first { margin-top: 1.5rem; }
.sign-in button.first { margin-top: 0; }
label, legend { font-size: 0.875rem; font-weight: 550; }
.hint { color: var(--soft); font-size: 0.8125rem; font-weight: 400; }
input, select, textarea, button { font: inherit; color: var(--ink); max-width: 100%; }
input:not([type=checkbox]), select, textarea { min-height: 2.6rem; padding: 0.35rem 0.6rem; background: var(--paper); border: 1px solid var(--soft); border-radius: 6px; }
textarea { width: 100%; min-height: 5rem; }
input[type=checkbox] { width: 1.15rem; height: 1.15rem; accent-color: var(--accent); }
button { min-height: 2.6rem; padding: 0.35rem 1.1rem; background: var(--paper); border: 1px solid var(--soft); border-radius: 6px; cursor: pointer; }
button:hover { border-color: var(--accent); }
button.first { background: var(--accent); border-color: var(--accent); color: var(--paper); font-weight: 600; }
button.plain { min-height: 0; padding: 0.1rem 0; border: 0; background: none; color: var(--accent); text-decoration: underline; text-underline-offset: 0.15em; }
button:disabled { opacity: 0.6; cursor: default; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.6rem; margin: 1rem 0 0; }
.more { margin-top: 0.75rem; }
dialog { width: min(34rem, calc(100vw - 2rem)); padding: 1.5rem; background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 12px; }
dialog::backdrop { background: rgb(0 0 0 / 0.5); }
dialog h2 { margin-bottom: 0.5rem; }
.sign-in { max-width: 30rem; margin: 12vh auto 0; }
.sign-in form { flex-direction: column; align-items: stretch; }
`

const WORDS = `
.waiting { color: var(--soft); }
.waiting::before { content: ""; display: inline-block; width: 0.85em; height: 0.85em; margin-right: 0.5em; vertical-align: -0.08em; border: 2px solid var(--line); border-top-color: var(--accent); border-radius: 50%; animation: turn 0.9s linear infinite; }
@keyframes turn { to { transform: rotate(360deg); } }
@media (prefers-reduced-motion: reduce) { .waiting::before { animation: none; } }
.trouble { margin: 1rem 0; padding: 0.8rem 1rem; border: 1px solid var(--alarm); border-left-width: 5px; border-radius: 6px; }
.trouble p, .held p { margin: 0; }
.trouble p + p, .held p + p { margin-top: 0.35rem; }
.trouble strong { color: var(--alarm); }
.held { margin: 1.5rem 0; padding: 0.9rem 1.1rem; background: var(--wash); border: 1px solid var(--line); border-left: 5px solid var(--redeemed); border-radius: 6px; }
.held h2 { margin: 0 0 0.4rem; font-size: 1rem; }
.card { margin: 0 0 1.25rem; padding: 1rem 1.1rem; border: 1px solid var(--line); border-left: 5px solid var(--redeemed); border-radius: 8px; break-inside: avoid; }
.card h2 { margin-bottom: 0.6rem; font-size: 1.0625rem; }
.card p { margin: 0.6rem 0 0; }
.facts { display: flex; flex-wrap: wrap; gap: 0.4rem 2rem; margin: 0; }
.facts dt { color: var(--soft); font-size: 0.8125rem; }
.facts dd { margin: 0; }
pre { margin: 0.35rem 0 0; padding: 0.5rem 0.7rem; background: var(--wash); border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; font-size: 0.8125rem; }
pre code { font-size: inherit; }
.tag { display: inline-block; padding: 0 0.5rem; border: 1px solid currentColor; border-radius: 999px; font-size: 0.8125rem; white-space: nowrap; }
.tag.held-points { color: var(--alarm); font-weight: 600; }
.wrapped { display: block; min-width: 15rem; white-space: normal; }
.note + .scroll, .note + div { margin-top: 0.75rem; }
.move { --mark: var(--soft); }
.dense td a { color: inherit; text-decoration-color: var(--accent); text-decoration-thickness: 1px; }
.move.CreditRequested, .move.drawn { --mark: var(--redeemed); } .move.Redeemed { --mark: var(--redeemed); }
.move.PartiallyCredited, .move.FullyCredited, .move.restored { --mark: var(--credited); }
.move.CreditDeclined { --mark: var(--adjusted); } .move.CreditOutcomeUnknown { --mark: var(--alarm); }
@media (max-width: 40rem) {
  form.ask { padding: 0.85rem; }
  form.ask .field { flex: 1 1 100%; width: auto; }
  .ask .check, .ask button.first { width: 100%; margin-top: 0; }
  .brand .who { margin-left: 0; width: 100%; }
  nav ul { gap: 0.1rem 1rem; }
  .wrapped { min-width: 28rem; }
}
@media print {
  .skip, .bar, form.ask, button, .buttons, .status, .back { display: none; }
  pre { white-space: pre-wrap; }
  main { padding-top: 0; }
}
`

/** The style sheet. */
export const STYLE = PAGE + FRAME + FORMS + WORDS

/** A circle that closes: points that come back. */
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#0b6b74"/>' +
  '<path d="M22.5 11.5A8 8 0 1 0 24 16" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>' +
  '<path d="M24.5 6.5v6h-6" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>\n'
