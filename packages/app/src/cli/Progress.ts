/**
 * How far a long command has come, as one line on standard error that is drawn over itself: a bar, what is done, the
 * rate, the time that is left. Only a terminal gets it, and never with `--json`: it is no part of any answer.
 */
import { Effect, type Scope } from "effect"
import { bar } from "./Bar.ts"
import { JsonFlag } from "./GlobalFlags.ts"

/** How far one phase of a command is. A phase begins with the first step of its label. */
export interface Step {
  /** What is being done, in one word: "reading". */
  readonly label: string
  readonly done: number
  /** Undefined where nobody knows how much there is: then there is no bar and no time left. */
  readonly total: number | undefined
  readonly unit: "bytes" | "records"
}

/** Tells how far a command is. As cheap as a look at the clock, so it may be told often. */
export type Report = (step: Step) => void

/** Where the line is drawn: a terminal. */
export interface Terminal {
  readonly columns: number | undefined
  readonly write: (text: string) => void
}

/** Milliseconds between two drawings: eyes need no more, and a terminal over a slow line bears no more. */
export const DRAWN_EVERY_MS = 100

/** Characters of the bar: with the words beside it, it fits into eighty columns. */
const BAR_WIDTH = 20

/** Columns of a terminal that does not say how many it has. */
const COLUMNS = 80

const silent: Report = () => undefined

/** Draws on standard error until the scope closes, and leaves nothing there; silent where nobody would see it. */
export const report: Effect.Effect<Report, never, Scope.Scope | "effect/cli/GlobalFlag/json"> = Effect.gen(
  function* () {
    const { stderr } = process
    if ((yield* JsonFlag) || !stderr.isTTY) return silent
    const drawing = drawOn(
      {
        get columns() {
          return stderr.columns
        },
        write: (text) => void stderr.write(text)
      },
      () => performance.now()
    )
    yield* Effect.addFinalizer(() => Effect.sync(drawing.clear))
    return drawing.report
  }
)

/** Draws on a terminal, by a clock of milliseconds; `clear` wipes the line. */
export const drawOn = (terminal: Terminal, clock: () => number): { report: Report; clear: () => void } => {
  let label: string | undefined
  let began = 0
  let drawn = 0
  const report = (step: Step) => {
    const now = clock()
    if (step.label !== label) {
      label = step.label
      began = now
    } else if (now - drawn < DRAWN_EVERY_MS && step.done !== step.total) return
    drawn = now
    // A line that fills the last column would wrap, and could not be drawn over.
    terminal.write(`\r${lineOf(step, now - began).slice(0, (terminal.columns ?? COLUMNS) - 1)}${ERASE_REST}`)
  }
  const clear = () => {
    if (label !== undefined) terminal.write(`\r${ERASE_REST}`)
  }
  return { report, clear }
}

/** Erases from the cursor to the end of the line. */
const ERASE_REST = "\u001b[K"

/** The line of a step, so many milliseconds after its phase began. */
export const lineOf = ({ done, label, total, unit }: Step, elapsedMs: number): string => {
  // Before there was any time, there is no rate.
  const perSecond = elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0
  const rate = perSecond > 0 ? `, ${amount(perSecond, unit)}/s` : ""
  if (total === undefined) return `${label}  ${amount(done, unit)}${unit === "records" ? " records" : ""}${rate}`
  const part = total > 0 ? Math.min(done / total, 1) : 1
  const drawnBar = bar(BigInt(Math.round(part * 1000)), 1000n, BAR_WIDTH).padEnd(BAR_WIDTH)
  const left = perSecond > 0 && done < total ? `, ${duration((total - done) / perSecond)} left` : ""
  const percent = `${Math.floor(part * 100)}%`.padStart(4)
  return `${label}  ${drawnBar} ${percent}  ${amount(done, unit)} of ${amount(total, unit)}${rate}${left}`
}

const BYTES = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"]
] as const

const amount = (value: number, unit: Step["unit"]): string => {
  if (unit === "records") return Math.round(value).toLocaleString("en")
  const [size, name] = BYTES.find(([least]) => value >= least) ?? [1, "B"]
  return `${(value / size).toFixed(size > 1e6 ? 1 : 0)} ${name}`
}

const duration = (seconds: number): string => {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.ceil(whole / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
