/** What callers were told of each key, in whatever process, and whether it can be true. */
import type { Answer, KeyedOrder, Order } from "./Order.ts"
import { keyOf } from "./Order.ts"
import type { Effects } from "./Effects.ts"
import type { Work } from "./Workers.ts"

/** Everything that was told of one key. */
export interface Heard {
  readonly order: KeyedOrder
  /** In the order of their arrival within one process. */
  readonly answers: Array<Answer>
  /** How often it was sent and nothing came back. */
  lost: number
}

/** What was told, by key. */
export class Told {
  readonly heard = new Map<string, Heard>()
  /** Answers of orders without a key. */
  readonly keyless: Array<Answer> = []

  /** Adds what an application sent and was told. */
  add({ journal, orders }: Work): void {
    const { answers, sent } = journal()
    for (const place of sent) this.hear(orders[place]!, answers.get(place))
  }

  /** Adds an order that was sent, and its answer if there was one. */
  hear(order: Order, answer: Answer | undefined): void {
    if (order.kind === "sweep") {
      if (answer !== undefined) this.keyless.push(answer)
      return
    }
    const key = keyOf(order)
    const heard = this.heard.get(key) ?? { order, answers: [], lost: 0 }
    this.heard.set(key, heard)
    if (answer === undefined || answer.told === "lost") heard.lost++
    else heard.answers.push(answer)
  }

  /** Adds what was told elsewhere. */
  merge(other: Told): void {
    this.keyless.push(...other.keyless)
    for (const [key, { answers, lost, order }] of other.heard) {
      const heard = this.heard.get(key)
      if (heard === undefined) this.heard.set(key, { order, answers: [...answers], lost })
      else {
        heard.answers.push(...answers)
        heard.lost += lost
      }
    }
  }

  /** Keys of which nobody was told what became of them. */
  get unanswered(): ReadonlyArray<string> {
    return Array.from(this.heard).flatMap(([key, { answers, lost }]) =>
      lost > 0 && answers.every(({ told }) => told === "failed") ? [key] : []
    )
  }

  /** Whether a key was done before anybody who was told so asked for it. */
  wasDoneUntold(key: string): boolean {
    const done = this.heard.get(key)?.answers.filter(isDone) ?? []
    return done.length > 0 && done.every(({ replayed }) => replayed)
  }

  /** Every order that was sent, once. */
  get orders(): ReadonlyArray<KeyedOrder> {
    return Array.from(this.heard.values(), ({ order }) => order)
  }

  /** Every answer that arrived. */
  get answers(): ReadonlyArray<Answer> {
    return [...this.keyless, ...Array.from(this.heard.values(), ({ answers }) => answers).flat()]
  }

  /** How many answers say that they failed for this reason. */
  failures(tag: string): number {
    return this.answers.filter((answer) => answer.told === "failed" && answer.tag === tag).length
  }

  /** The outcomes of orders of a kind that are done, each once. */
  outcomes<Outcome>(kind: KeyedOrder["kind"]): ReadonlyArray<Outcome> {
    return Array.from(this.heard.values()).flatMap(({ answers, order }) => {
      const done = order.kind === kind ? answers.find(isDone) : undefined
      return done === undefined ? [] : [JSON.parse(done.outcome) as Outcome]
    })
  }

  /**
   * Everything that cannot be true of what was told, given what is stored: each key has one effect or none, and
   * whoever asked for it was told so. Failures are those that may be told in these circumstances.
   */
  contradictions(stored: ReadonlyMap<string, Effects>, failures: ReadonlySet<string>): ReadonlyArray<string> {
    return [
      ...unexpected(this.answers, failures),
      ...Array.from(this.heard).flatMap(([key, heard]) =>
        ofKey(heard, stored.get(key) ?? { begun: 0, booked: 0 }).map((problem) => `${key}: ${problem}`)
      ),
      ...Array.from(stored.keys(), (key) =>
        this.heard.has(key) ? [] : [`${key}: stored, and was never asked for`]
      ).flat()
    ]
  }
}

type Done = Extract<Answer, { told: "done" }>
type Refused = Extract<Answer, { told: "refused" }>

const isDone = (answer: Answer): answer is Done => answer.told === "done"
const isRefused = (answer: Answer): answer is Refused => answer.told === "refused"

const unexpected = (answers: ReadonlyArray<Answer>, failures: ReadonlySet<string>): ReadonlyArray<string> =>
  answers.flatMap((answer) => {
    if (answer.told === "defect") return [answer.detail]
    return answer.told === "failed" && !failures.has(answer.tag) ? [`failed: ${answer.tag} ${answer.detail}`] : []
  })

const ofKey = ({ answers, lost }: Heard, { begun, booked }: Effects): ReadonlyArray<string> => {
  const done = answers.filter(isDone)
  const refused = answers.filter(isRefused)
  const fresh = done.filter(({ replayed }) => !replayed).length
  const outcomes = new Set(done.filter(({ open }) => !open).map(({ outcome }) => outcome))
  const refusals = new Set(refused.map(({ outcome }) => outcome))
  const text = () => JSON.stringify(answers)
  return [
    ...(outcomes.size > 1 || refusals.size > 1 ? [`its callers were told different things: ${text()}`] : []),
    ...(done.length > 0 && refused.length > 0 ? [`is done and refused: ${text()}`] : []),
    ...(fresh > 1 ? [`was done anew ${fresh} times: ${text()}`] : []),
    // Where no answer was lost, somebody was told that it was they who did it.
    ...(done.length > 0 && fresh === 0 && lost === 0 ? [`was done by nobody: ${text()}`] : []),
    ...(done.length > 0 && begun !== 1 ? [`is done, and has ${begun} effects`] : []),
    ...(done.length === 0 && refused.length > 0 && begun !== 0 ? [`was refused, and has ${begun} effects`] : []),
    ...(done.length === 0 && lost === 0 && begun !== 0 ? [`failed, and has ${begun} effects: ${text()}`] : []),
    ...(booked > 1 || begun > 1 ? [`has ${begun} effects, and is booked ${booked} times`] : []),
    ...(outcomes.size > 0 && booked !== 1 ? [`was told to be booked, and is booked ${booked} times`] : [])
  ]
}
