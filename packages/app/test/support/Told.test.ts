/** The judge of the concurrency and crash tests: what it lets pass, and what it does not. */
import { assert, describe, it } from "vitest"
import type { Answer } from "./Order.ts"
import { keyOf } from "./Order.ts"
import * as Orders from "./Orders.ts"
import { Told } from "./Told.ts"

const order = Orders.earn({ program: "p", account: "a" }, "lot", "1", "2025-01-10")

const done = (replayed: boolean, outcome = "7"): Answer => ({ told: "done", replayed, open: false, outcome })
const open = (replayed: boolean): Answer => ({ told: "done", replayed, open: true, outcome: "?" })
const refused = (outcome = "no"): Answer => ({ told: "refused", tag: "UnknownLot", outcome })
const failed = (tag = "Unreachable"): Answer => ({ told: "failed", tag, detail: "" })
const lost: Answer = { told: "lost" }
const defect: Answer = { told: "defect", detail: "a bug" }

/** What the judge finds in answers to one order, `undefined` for one that never came, with so many effects stored. */
const judged = (
  answers: ReadonlyArray<Answer | undefined>,
  begun: number,
  booked: number = begun
): ReadonlyArray<string> => {
  const told = new Told()
  for (const answer of answers) told.hear(order, answer)
  return told.contradictions(new Map([[keyOf(order), { begun, booked }]]), new Set(["Unreachable"]))
}

describe("what callers were told", () => {
  it.each<[string, ReadonlyArray<Answer | undefined>, number, number?]>([
    ["done once and known from then on", [done(false), done(true), done(true)], 1],
    ["failed, then done", [failed(), done(false)], 1],
    ["unanswered, and done all the same", [undefined, done(true)], 1],
    ["lost, and done all the same", [lost, done(true)], 1],
    ["lost, and not done", [lost, done(false)], 1],
    ["unanswered and never asked for again", [undefined], 0],
    ["unanswered, done, and never asked for again", [undefined], 1],
    ["refused each time", [refused(), refused()], 0],
    ["requested, and booked later", [open(false), done(true)], 1],
    ["requested, and never heard of again", [open(false), open(true)], 1, 0]
  ])("can be true: %s", (_name, answers, begun, booked) => {
    assert.deepStrictEqual(judged(answers, begun, booked), [])
  })

  it.each<[string, ReadonlyArray<Answer | undefined>, number, number, RegExp]>([
    ["done, and not stored", [done(false)], 0, 0, /is done, and has 0 effects/],
    ["stored twice", [done(false)], 2, 2, /has 2 effects, and is booked 2 times/],
    ["booked twice", [done(false)], 1, 2, /booked 2 times/],
    ["done anew twice", [done(false), done(false)], 1, 1, /done anew 2 times/],
    ["done by nobody", [failed(), done(true)], 1, 1, /done by nobody/],
    ["different outcomes", [done(false, "7"), done(true, "8")], 1, 1, /told different things/],
    ["different refusals", [refused("no"), refused("never")], 0, 0, /told different things/],
    ["done and refused", [done(false), refused()], 1, 1, /is done and refused/],
    ["refused, and stored", [refused()], 1, 1, /was refused, and has 1 effects/],
    ["failed, and stored", [failed()], 1, 1, /failed, and has 1 effects/],
    ["told to be booked, and only requested", [done(false)], 1, 0, /is booked 0 times/],
    ["a failure that must not be", [failed("Deadlock"), done(false)], 1, 1, /failed: Deadlock/],
    ["a defect", [defect, done(false)], 1, 1, /a bug/]
  ])("cannot be true: %s", (_name, answers, begun, booked, problem) => {
    assert.match(judged(answers, begun, booked).join("\n"), problem)
  })

  it("says what is stored and was never asked for", () => {
    const found = new Told().contradictions(new Map([["earn p a lot", { begun: 1, booked: 1 }]]), new Set())
    assert.deepStrictEqual(found, ["earn p a lot: stored, and was never asked for"])
  })

  it("tells who heard nothing from who was told", () => {
    const told = new Told()
    told.hear(order, undefined)
    told.hear(order, failed())
    assert.deepStrictEqual(told.unanswered, [keyOf(order)])
    told.hear(order, done(true))
    assert.deepStrictEqual([told.unanswered, told.wasDoneUntold(keyOf(order))], [[], true])
  })
})
