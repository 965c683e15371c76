/**
 * Evaluates the matcher on generated programs whose breaks are known, and prints what was found of each type.
 *
 *     pnpm evaluate [redemptions] [percent of breaks] [seeds]
 */
import { BREAK_TYPES } from "../../domain/src/reconciliation/Break.ts"
import { Effect } from "effect"
import { table } from "../src/cli/Output.ts"
import { evaluate, nothing, planOf } from "../test/support/Evaluation.ts"

const [redemptions = 25_000, breaks = 2, seeds = 20] = process.argv.slice(2).map(Number)

const evaluation = nothing()
for (let seed = 1; seed <= seeds; seed++)
  await Effect.runPromise(evaluate(planOf(seed, redemptions, breaks), evaluation))

const percent = (part: number, whole: number): string => (whole === 0 ? "–" : `${((part / whole) * 100).toFixed(2)} %`)

const rows = BREAK_TYPES.map((type) => {
  const { found, made, wrong } = evaluation.scores.get(type) ?? { found: 0, made: 0, wrong: 0 }
  return [type, String(made), String(found), String(wrong), percent(found, made), percent(found, found + wrong)]
})
const head = ["type", "made", "found", "not made", "recall", "precision"]
console.log(table(head, rows, new Set(head.slice(1))))
const { matches, records, time, wrongLinks } = evaluation
console.log(
  `${seeds} programs of ${redemptions} redemptions, ${breaks} % breaks: ${matches} matches, ${wrongLinks} wrong links, ` +
    `${Math.round((records / time) * 1000).toLocaleString("en")} records a second`
)
for (const example of evaluation.examples) console.log(example)
if (wrongLinks > 0) process.exitCode = 1
