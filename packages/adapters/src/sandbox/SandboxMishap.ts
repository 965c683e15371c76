/** Carries a call out under a fault: what happens in the bank, and what goes over the wire. */
import { Points } from "@pointback/domain"
import { Option, Result } from "effect"
import * as Json from "../json/Json.ts"
import type { Assumptions } from "../mastercard/Assumptions.ts"
import * as Answers from "./SandboxAnswers.ts"
import type { SandboxAnswer, SandboxCommand } from "./SandboxBank.ts"
import type { SandboxBook } from "./SandboxBook.ts"
import * as Codes from "./SandboxCodes.ts"
import type { CallSubject, ChosenFault } from "./SandboxFaultPlan.ts"

/** What goes over the wire. */
export type Delivery =
  | { readonly _tag: "Answer"; readonly reply: Answers.Reply }
  /** The answer, that many milliseconds later. */
  | { readonly _tag: "Delayed"; readonly reply: Answers.Reply; readonly millis: number }
  /** The answer, twice on one connection. */
  | { readonly _tag: "Twice"; readonly reply: Answers.Reply }
  /** The answer up to the middle of its body. */
  | { readonly _tag: "Cut"; readonly reply: Answers.Reply }
  /** A body that is no JSON. */
  | { readonly _tag: "Garbage" }
  /** Nothing, on a connection that stays open. */
  | { readonly _tag: "Held" }
  /** Nothing, on a connection that is gone. */
  | { readonly _tag: "Dropped" }

/** A delivery, and the fault behind it with the call that it befell. */
export interface Delivered {
  readonly delivery: Delivery
  readonly subject?: CallSubject
  readonly chosen?: ChosenFault
}

/** Carries out a command on the bank. */
type Run = (command: SandboxCommand) => SandboxAnswer

/** Milliseconds that `delay` and `lateEffect` take unless they say: longer than a call, shorter than a test's patience. */
const DEFAULT_AFTER = 1000

/** Points that a wrong answer is off by unless it says. */
const DEFAULT_BY = Points.UNITS_PER_POINT

/** Under the fault `chosen`, where there is one. `perform` answers the call, and changes the bank only through `run`. */
export const carryOut = (
  book: SandboxBook,
  names: Assumptions,
  subject: CallSubject,
  chosen: ChosenFault | undefined,
  perform: (run: Run) => Answers.Reply
): Delivered => {
  if (chosen === undefined) return { delivery: { _tag: "Answer", reply: perform((command) => book.run(command)) } }
  let ran = false
  const delivery = deliver(names, chosen, () =>
    perform((command) => {
      const [answer, isPresent] = runUnder(book, chosen, command)
      ran ||= isPresent
      return answer
    })
  )
  // Whoever compares must find every fault in the log: also where nothing changed, and where the call only reads.
  if (!ran) book.note(subject, chosen.fault)
  return { delivery, subject, chosen }
}

/** Runs a command as often and when the fault says; the second part says whether it was now. */
const runUnder = (
  book: SandboxBook,
  { after = DEFAULT_AFTER, fault }: ChosenFault,
  command: SandboxCommand
): readonly [SandboxAnswer, boolean] => {
  if (fault === "lateEffect") {
    book.promise(command, fault, after)
    // Nobody gets to see it.
    return [{ _tag: "AccountStored", balance: 0n }, false]
  }
  const answer = book.run(command, fault)
  if (fault === "effectTwice" && answer._tag !== "Refused") book.run(command, fault)
  return [answer, true]
}

const deliver = (names: Assumptions, chosen: ChosenFault, perform: () => Answers.Reply): Delivery => {
  switch (chosen.fault) {
    case "refuse":
      return { _tag: "Answer", reply: Answers.refused(Codes.byFault(chosen)) }
    case "refuseAtGateway":
      return { _tag: "Answer", reply: Answers.refused(Codes.byFaultAtGateway(chosen)) }
    case "serverErrorBefore":
      return { _tag: "Answer", reply: Answers.refused(Codes.serverError(chosen)) }
    case "holdBefore":
      return { _tag: "Held" }
    case "dropBefore":
      return { _tag: "Dropped" }
    default:
      return deliverAfter(names, chosen, perform())
  }
}

/** What is delivered of a reply whose effect, if it has one, has happened or will. */
const deliverAfter = (names: Assumptions, chosen: ChosenFault, reply: Answers.Reply): Delivery => {
  const by = chosen.by ?? DEFAULT_BY
  switch (chosen.fault) {
    case "delay":
      return { _tag: "Delayed", reply, millis: chosen.after ?? DEFAULT_AFTER }
    case "holdAfter":
      return { _tag: "Held" }
    case "cutAnswer":
      return { _tag: "Cut", reply }
    case "serverErrorAfter":
      return { _tag: "Answer", reply: Answers.refused(Codes.serverError(chosen)) }
    case "garbage":
      return { _tag: "Garbage" }
    case "wrongRemaining":
      return { _tag: "Answer", reply: shifted(reply, "partialCreditPointBalRemain", by) }
    case "wrongBalance":
      return { _tag: "Answer", reply: shifted(reply, balanceOf(reply.body, names), by) }
    case "answerTwice":
      return { _tag: "Twice", reply }
    case "effectTwice":
      return { _tag: "Answer", reply }
    default:
      return { _tag: "Dropped" }
  }
}

/** A credit's answer has a documented name for the balance, the others' is assumed. */
const balanceOf = (body: Json.Json, names: Assumptions): string =>
  Json.isObject(body) && body["pointBalance"] !== undefined ? "pointBalance" : names.balance

/** The reply with a number that is off; the same where it has no such number. */
const shifted = (reply: Answers.Reply, member: string, by: bigint): Answers.Reply => {
  if (!Json.isObject(reply.body)) return reply
  const right = Option.flatMap(Json.decimalOf(reply.body[member], false), (text) =>
    Result.getSuccess(Points.fromString(text))
  )
  return Option.match(right, {
    onNone: () => reply,
    onSome: (points) => ({
      ...reply,
      body: { ...(reply.body as Json.JsonObject), [member]: Json.number(Points.toString(points + by)) }
    })
  })
}
