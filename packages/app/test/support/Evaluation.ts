/** How well the matcher finds what is wrong in programs of which that is known. */
import { Ids, Reconcile, type ReconciliationGroup, ReconciliationRules, SourceRecord } from "@pointback/domain"
import { Effect } from "effect"
import { accountHistory } from "../../src/generate/AccountHistory.ts"
import * as ProgramPlan from "../../src/generate/ProgramPlan.ts"
import type { Line, Sides, Truth } from "../../src/generate/Sides.ts"
import { sidesOfAccount, windowOf } from "../../src/generate/StatementFile.ts"

/** Of one type of break: how many were made, found, and found that were not made. */
export interface Score {
  made: number
  found: number
  wrong: number
}

export interface Evaluation {
  readonly scores: Map<string, Score>
  wrongLinks: number
  matches: number
  records: number
  /** Milliseconds in the matcher. */
  time: number
  /** What was not found, and what was found and not made: the first of each, for a person. */
  readonly examples: Array<string>
}

export const nothing = (): Evaluation => ({
  scores: new Map(),
  wrongLinks: 0,
  matches: 0,
  records: 0,
  time: 0,
  examples: []
})

/** Evaluates a program, account by account, and adds to what was found before. */
export const evaluate = (plan: ProgramPlan.ProgramPlan, into: Evaluation): Effect.Effect<void> =>
  Effect.gen(function* () {
    const context: ReconciliationRules.Context = {
      tolerances: ReconciliationRules.TOLERANCES,
      window: windowOf(plan, (at) => at),
      at: plan.until,
      complete: true
    }
    for (let made = 0, index = 0; made < plan.redemptions; index++) {
      const history = yield* accountHistory(plan, index, plan.redemptions - made)
      const sides = yield* sidesOfAccount(plan, index, history.entries, true)
      made += history.redemptions
      const here = sides.flatMap((side) => side.here)
      const there = sides.flatMap((side) => side.there.map(({ record }) => record))
      const account = ProgramPlan.accountNumber(plan, index)
      const start = performance.now()
      const outcome = Reconcile.reconcile({ account, here, there }, context)
      into.time += performance.now() - start
      into.records += here.length + there.length
      count(into, sides, outcome)
    }
  })

const scoreOf = ({ scores }: Evaluation, type: string): Score => {
  const score = scores.get(type) ?? { made: 0, found: 0, wrong: 0 }
  scores.set(type, score)
  return score
}

const count = (
  into: Evaluation,
  sides: ReadonlyArray<Sides>,
  { breaks, matches }: ReconciliationGroup.Outcome
): void => {
  const truths = new Map(sides.flatMap(({ truth }) => (truth === null ? [] : [[truth.redemption, truth]])))
  for (const { type } of truths.values()) scoreOf(into, type).made++
  const told = new Set<Truth>()
  for (const found of breaks) {
    const truth = truths.get(found.redemption ?? "")
    if (truth !== undefined && isAbout(found, truth) && !told.has(truth)) {
      told.add(truth)
      scoreOf(into, truth.type).found++
    } else {
      scoreOf(into, found.type).wrong++
      note(into, "not made", found.identity, truth)
    }
  }
  for (const truth of truths.values()) if (!told.has(truth)) note(into, "not found", "", truth)
  const lines = new Map(sides.map(({ here, there }) => [here[0]?.redemption ?? null, there]))
  into.matches += matches.length
  for (const { here, rule, there } of matches) {
    if (isTrue(here, there, lines.get(here.redemption) ?? [])) continue
    into.wrongLinks++
    note(
      into,
      `wrong link by ${rule}`,
      `${here.credit} ${here.redemption} to ${there.reference}`,
      truths.get(here.redemption ?? "")
    )
  }
}

const EXAMPLES = 10

const note = ({ examples }: Evaluation, what: string, identity: string, truth: Truth | undefined): void => {
  if (examples.length < EXAMPLES) examples.push(`${what}: ${identity} ${JSON.stringify(truth ?? null)}`)
}

/** Same type, and what it is about is in the evidence. */
const isAbout = (found: ReconciliationGroup.Outcome["breaks"][number], { credit, reference, type }: Truth): boolean =>
  found.type === type &&
  (found.there.some((record) => record.reference === reference) ||
    [...found.here, ...found.there].some((record) => record.credit === credit))

/** A line that is there twice, word for word, may stand for the other. */
const isTrue = (
  here: SourceRecord.SourceRecord,
  there: SourceRecord.SourceRecord,
  lines: ReadonlyArray<Line>
): boolean =>
  lines.some(
    ({ origin, record }) =>
      origin !== null &&
      (record === there || (record.reference === there.reference && SourceRecord.isSame(record, there))) &&
      origin.kind === here.kind &&
      origin.credit === here.credit
  )

/** A program of an evaluation. */
export const planOf = (seed: number, redemptions: number, breaks: number): ProgramPlan.ProgramPlan => ({
  program: Ids.ProgramId.make("evaluation"),
  seed,
  redemptions,
  breaks,
  until: ProgramPlan.DEFAULT_UNTIL
})
