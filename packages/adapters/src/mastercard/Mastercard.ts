/**
 * The client of Mastercard Digital Redemptions.
 *
 * One service for any base URL: production, Mastercard's sandbox, or ours. Every attempt is signed anew, and a failure
 * says what is known about the effect of the call.
 *
 * @see reverse-redemption; mastercard
 */
import { Context, Effect, Layer, Redacted, Result, Schedule } from "effect"
import * as Answers from "./Answers.ts"
import * as History from "./History.ts"
import { maskAccount } from "./Masking.ts"
import * as MastercardConfig from "./MastercardConfig.ts"
import type { MastercardError } from "./MastercardError.ts"
import * as Outcome from "./Outcome.ts"
import * as Requests from "./Requests.ts"
import * as Signing from "./Signing.ts"
import * as SigningKey from "./SigningKey.ts"
import * as Transport from "./Transport.ts"

/** Times a call that only reads is repeated at most: enough for a hiccup, too few to press a server that is down. */
export const READ_REPEATS = 2

const READ_SCHEDULE = Schedule.exponential("200 millis").pipe(Schedule.jittered)

/** Calls Mastercard. Account numbers are RANACs. */
export class Mastercard extends Context.Service<
  Mastercard,
  {
    /**
     * `POST /redemptions/{id}/credits`: gives points of a redemption back, all of them where `points` is undefined.
     *
     * Sent exactly once and never repeated: it is not idempotent. Interrupting it leaves its outcome unknown.
     */
    readonly credit: (request: Requests.CreditRequest) => Effect.Effect<Answers.CreditAnswer, MastercardError>
    /** `POST /redemptions`: redeems points. Sent exactly once, like a credit. */
    readonly redeem: (request: Requests.RedeemRequest) => Effect.Effect<Answers.RedeemAnswer, MastercardError>
    /**
     * `GET /redemptions`, all pages: every redemption and credit of an account in a period, newest first. The period is
     * widened (see `Assumptions.historyMarginDays`), so entries outside of it may be among them.
     */
    readonly redemptions: (
      request: Requests.HistoryRequest
    ) => Effect.Effect<ReadonlyArray<Answers.HistoryEntry>, MastercardError>
    /** `GET /redeemers/{user_id}`: the balance of an account. */
    readonly redeemer: (request: Requests.RedeemerRequest) => Effect.Effect<Answers.Redeemer, MastercardError>
  }
>()("@pointback/adapters/Mastercard") {
  /** The client of a configuration. Fails with `MastercardConfigInvalid`. */
  static readonly layer = (
    config: MastercardConfig.MastercardConfig
  ): Layer.Layer<Mastercard, MastercardConfig.MastercardConfigInvalid> => Layer.effect(Mastercard, make(config))

  /** The client that the environment configures, see `MastercardConfig.fromEnvironment`. */
  static readonly layerEnvironment: Layer.Layer<Mastercard, MastercardConfig.MastercardConfigInvalid> = Layer.effect(
    Mastercard,
    Effect.flatMap(MastercardConfig.fromEnvironment, (config) => make(config))
  )
}

/** Builds the client. Nothing is sent, and no connection is kept. */
export const make = Effect.fnUntraced(function* (settings: MastercardConfig.MastercardConfig) {
  const config = yield* Effect.fromResult(MastercardConfig.validate(settings))
  const call = caller(config)
  const names = config.assumptions

  const credit = Effect.fn("Mastercard.credit")(function* (request: Requests.CreditRequest) {
    yield* Effect.annotateCurrentSpan({ redemptionId: request.redemptionId, account: maskAccount(request.userId) })
    return yield* call(Requests.credit(request), "POST /redemptions/{id}/credits", Answers.credit)
  })

  const redeem = Effect.fn("Mastercard.redeem")(function* (request: Requests.RedeemRequest) {
    yield* Effect.annotateCurrentSpan({ account: maskAccount(request.userId) })
    return yield* call(Requests.redeem(request, names), "POST /redemptions", Answers.redeem(names))
  })

  const redemptions = Effect.fn("Mastercard.redemptions")(function* (request: Requests.HistoryRequest) {
    yield* Effect.annotateCurrentSpan({ account: maskAccount(request.userId) })
    const readPage = Answers.history(names)
    return yield* History.readAll((offset) =>
      repeatReading(call(Requests.history(request, offset, names), "GET /redemptions", readPage))
    )
  })

  const redeemer = Effect.fn("Mastercard.redeemer")(function* (request: Requests.RedeemerRequest) {
    yield* Effect.annotateCurrentSpan({ account: maskAccount(request.userId) })
    return yield* repeatReading(call(Requests.redeemer(request), "GET /redeemers/{user_id}", Answers.redeemer(names)))
  })

  return Mastercard.of({ credit, redeem, redemptions, redeemer })
})

const repeatReading = <A>(reading: Effect.Effect<A, MastercardError>): Effect.Effect<A, MastercardError> =>
  Effect.retry(reading, { times: READ_REPEATS, schedule: READ_SCHEDULE, while: Outcome.isWorthRepeating })

/** Makes calls of a valid configuration: signs, sends once, reads the outcome. */
const caller = (config: MastercardConfig.MastercardConfig) => {
  const send = Transport.make(config)
  const sign = Signing.make(
    config.url,
    Redacted.value(config.consumerKey),
    Result.getOrThrow(SigningKey.fromPem(Redacted.value(config.signingKey)))
  )
  return Effect.fnUntraced(function* <A>(
    prepared: Result.Result<Requests.Prepared, string>,
    name: string,
    read: Answers.Reader<A>
  ): Effect.fn.Return<A, MastercardError> {
    if (Result.isFailure(prepared)) {
      return yield* Outcome.notSent({ name, account: undefined }, "invalidRequest", prepared.failure)
    }
    const request = yield* sign(prepared.success)
    const answer = yield* Effect.mapError(send(request), (none) => Outcome.fromNoAnswer(prepared.success, none))
    return yield* Effect.fromResult(Outcome.fromAnswer(prepared.success, answer, read))
  })
}
