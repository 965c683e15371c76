/** Methods whose answers come one by one: many credits. */
import type { EventStore, Mastercard } from "@pointback/adapters"
import { Effect, Result, Schema, Stream } from "effect"
import { type CreditManyOptions, creditMany, recordMany } from "../bulk/CreditMany.ts"
import { MAXIMUM_IN_FLIGHT } from "../bulk/InFlight.ts"
import type { BatchedCredit, CreditResult } from "../bulk/CreditResult.ts"
import * as Answers from "./Answers.ts"
import type { ManyMethod } from "./Engine.ts"
import { InvalidInput } from "./Errors.ts"
import type * as Inputs from "./Inputs.ts"
import { optionalInstant, reader, type Services } from "./Method.ts"
import { Credit, creditCommand } from "./Methods.ts"

const readCredit = reader(Credit)

const readOptions = reader(
  Schema.Struct({
    inFlight: Schema.optional(
      Schema.Int.check(
        Schema.isBetween(
          { minimum: 1, maximum: MAXIMUM_IN_FLIGHT },
          { message: `must be a whole number from 1 to ${MAXIMUM_IN_FLIGHT}` }
        )
      )
    )
  }),
  "options"
)

type Numbered = BatchedCredit & { readonly index: number }

const atIndex = (index: number, { problems }: InvalidInput): InvalidInput => {
  const named = problems.map(({ field, problem }) => ({ field: `${index}.${field}`, problem }))
  return new InvalidInput({ field: named[0]?.field ?? String(index), problems: named })
}

const creditsOf = (inputs: AsyncIterable<unknown> | Iterable<unknown>) =>
  Stream.fromAsyncIterable(inputsOf(inputs), (cause) => cause).pipe(
    Stream.zipWithIndex,
    Stream.mapEffect(([input, index]) =>
      Effect.gen(function* () {
        const read = Result.mapError(readCredit(input), (invalid) => atIndex(index, invalid))
        const credit = yield* Effect.fromResult(read)
        const occurredAt = yield* optionalInstant(credit.program, credit.occurredAt)
        return { ...creditCommand(credit), occurredAt, index }
      })
    )
  )

async function* inputsOf(inputs: AsyncIterable<unknown> | Iterable<unknown>) {
  const isIterable =
    typeof inputs === "object" && inputs !== null && (Symbol.asyncIterator in inputs || Symbol.iterator in inputs)
  if (!isIterable) {
    const problems = [{ field: "credits", problem: "an array, or anything else that can be iterated, is expected" }]
    throw new InvalidInput({ field: "credits", problems })
  }
  yield* inputs
}

const many = (
  callsMastercard: boolean,
  useCase: (
    credits: Stream.Stream<Numbered, unknown, Services>,
    options: CreditManyOptions
  ) => Stream.Stream<CreditResult<Numbered>, unknown, Services | EventStore.EventStore | Mastercard>
): ManyMethod<Inputs.Credit, Answers.CreditOfMany> => ({
  callsMastercard,
  options: ["inFlight"],
  perform: (inputs, options, caller, signal) =>
    Stream.unwrap(
      Effect.map(Effect.fromResult(readOptions(options)), ({ inFlight }) =>
        Stream.map(useCase(creditsOf(inputs), { inFlight, caller, signal }), Answers.creditOfMany)
      )
    )
})

export const credits = many(true, creditMany)

export const recordedCredits = many(false, recordMany)
