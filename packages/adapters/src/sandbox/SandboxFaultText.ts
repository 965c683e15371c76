/**
 * Faults in one line, as a command line takes them: `drop-after=0.1,late-effect=0.05:30s,history-lag=30s`.
 *
 * Behind a rate may follow, after a colon, the setting that the fault has: a span of time for `delay` and
 * `late-effect`, points for the wrong answers, a status for refusals and errors.
 */
import { Result } from "effect"
import * as Faults from "./SandboxFaults.ts"
import * as ShortForm from "./SandboxShortForm.ts"

const MEMBERS: ReadonlyArray<string> = [...Faults.FAULTS, "historyLag", "seed"]

const settingOf = (fault: string, text: string): object => {
  if (fault === "delay" || fault === "lateEffect") return { after: text }
  return fault === "wrongRemaining" || fault === "wrongBalance" ? { by: text } : { status: ShortForm.numberOf(text) }
}

const assemble = (settings: ReadonlyArray<ShortForm.Setting>): unknown => {
  const rates: Record<string, object> = {}
  const others: Record<string, unknown> = {}
  for (const { member, value } of settings) {
    if (member === "historyLag") others[member] = value
    else if (member === "seed") others[member] = ShortForm.numberOf(value)
    else {
      const [rate = "", ...rest] = value.split(":")
      rates[member] = {
        rate: ShortForm.numberOf(rate),
        ...(rest.length === 0 ? {} : settingOf(member, rest.join(":")))
      }
    }
  }
  return { ...others, rates }
}

/** Reads faults: JSON where the text begins with `{`, otherwise the short form. An empty text is no faults. */
export const parse = (text: string): Result.Result<Faults.Specification, Faults.SandboxFaultsInvalid> =>
  Result.flatMap(
    Result.mapError(
      ShortForm.read(text, MEMBERS, assemble),
      (problem) => new Faults.SandboxFaultsInvalid({ problems: [problem] })
    ),
    Faults.decode
  )
