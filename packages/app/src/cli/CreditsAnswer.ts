/** What `pointback credits` answers: in numbers, in words, and as an exit code. */
import { maskAccount } from "@pointback/adapters"
import { Points } from "@pointback/domain"
import type { CreditsStopped } from "../bulk/Brake.ts"
import { type Status, statusOf } from "../bulk/CreditResult.ts"
import type { CreditTally, NumberedResult } from "../bulk/CreditTally.ts"
import * as CreditReport from "./CreditReport.ts"
import { ExitCode } from "./ExitCode.ts"
import * as Output from "./Output.ts"

/** Credits that are named in words where nothing was credited; JSON and the report have more. */
const NAMED_IN_WORDS = 20

/** A run over a file. */
export interface Ran {
  readonly file: string
  /** Credits of the file. */
  readonly count: number
  readonly tally: CreditTally
  readonly stopped: CreditsStopped | null
  readonly interrupted: boolean
  readonly report: string | null
}

/** An uncertain credit outweighs a refused one: it can still be mended by doing nothing but waiting. */
export const exitCode = ({ count, stopped, tally }: Ran): ExitCode => {
  const { CreditDeclined, CreditOutcomeUnknown, failed, refused, waiting } = tally.outcomes
  if (stopped !== null || tally.begun < count || tally.notSent + CreditOutcomeUnknown + failed + waiting > 0) {
    return ExitCode.unreachable
  }
  return CreditDeclined + refused > 0 ? ExitCode.refused : ExitCode.done
}

export const json = ({ count, file, interrupted, report, stopped, tally }: Ran): Output.Json => ({
  file,
  credits: count,
  notBegun: count - tally.begun,
  outcomes: tally.outcomes,
  replayed: tally.replayed,
  notSent: tally.notSent,
  points: Points.toString(tally.points),
  live: Points.toString(tally.live),
  expired: Points.toString(tally.expired),
  stopped:
    stopped === null
      ? interrupted
        ? { cause: "interrupted" }
        : null
      : { cause: stopped.cause, message: stopped.message },
  report,
  uncredited: tally.uncredited.map(CreditReport.lineOf)
})

export const text = (ran: Ran): string => {
  const { count, interrupted, report, stopped, tally } = ran
  const { FullyCredited, PartiallyCredited } = tally.outcomes
  const { uncredited } = tally
  const named = uncredited.slice(0, NAMED_IN_WORDS)
  const more = tally.begun - FullyCredited - PartiallyCredited - named.length
  const left = count - tally.begun
  return [
    `credited ${PartiallyCredited + FullyCredited} of ${Output.count(count, "credit")}: ` +
      `${Output.pointsText(tally.points)}, ${Points.toString(tally.live)} live, ${Points.toString(tally.expired)} expired` +
      (tally.replayed > 0 ? `; ${tally.replayed} known already` : ""),
    ...tableOf(ran),
    ...named.map(lineOf),
    ...(more > 0 ? [`and ${Output.count(more, "more credit")}`] : []),
    ...(report === null ? [] : [`the report is in ${report}`]),
    ...(stopped === null ? [] : [stopped.message]),
    ...(left === 0
      ? []
      : [
          `${interrupted ? "interrupted: " : ""}${Output.count(left, "credit")} not begun; the same command goes on with them`
        ]),
    ...advice(tally)
  ].join("\n")
}

const LABELS: Record<Status, string> = {
  PartiallyCredited: "credited in part",
  FullyCredited: "credited in full",
  CreditDeclined: "declined",
  CreditOutcomeUnknown: "outcome unknown",
  refused: "refused",
  waiting: "waiting",
  failed: "failed"
}

const tableOf = ({ count, tally }: Ran): ReadonlyArray<string> => {
  const rows = Object.entries(tally.outcomes)
    .filter(([, credits]) => credits > 0)
    .map(([status, credits]) => [LABELS[status as Status], String(credits)])
  if (tally.begun < count) rows.push(["not begun", String(count - tally.begun)])
  return rows.length === 0 ? [] : [Output.table(["outcome", "credits"], rows, new Set(["credits"]))]
}

const lineOf = (result: NumberedResult): string => {
  const { account, creditId, line, redemptionId } = result.credit
  const name = `line ${line}: ${creditId} of ${redemptionId}, account ${maskAccount(account)}`
  return `${name}: ${LABELS[statusOf(result)]}: ${whyOf(result)}`
}

const whyOf = (result: NumberedResult): string => {
  if (result._tag === "Failed") return result.error.message
  const { cause, reasons } = result.outcome
  return (
    cause ??
    reasons.map(({ description, reasonCode, source }) => `${source} ${reasonCode}: ${description}`.trim()).join("; ")
  )
}

const advice = ({ notSent, outcomes }: CreditTally): ReadonlyArray<string> => [
  ...(outcomes.CreditOutcomeUnknown > 0
    ? ["nobody knows yet whether unknown ones happened; their points stay held until `pointback settle` has found out"]
    : []),
  ...(outcomes.waiting + outcomes.failed > 0
    ? ["those that wait or failed are tried again when the same command is run again"]
    : []),
  ...(outcomes.CreditDeclined > 0
    ? [
        `a new attempt at a declined credit needs a new credit id${notSent > 0 ? `; ${notSent} of them were never sent` : ""}`
      ]
    : [])
]
