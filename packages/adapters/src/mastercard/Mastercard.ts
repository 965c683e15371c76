/**
 * The client of Mastercard Digital Redemptions.
 *
 * One service for any base URL: production, Mastercard's sandbox, or ours. Every attempt is signed anew, and a failure
 * says what is known about the effect of the call.
 *
 * @see reverse-redemption; mastercard
 */
import { Context, Effect, Layer, Result, Schedule, type Scope } from "effect"
import * as Answers from "./Answers.ts"
import * as Caller from "./Caller.ts"
import * as Encryption from "./Encryption.ts"
import * as Fulfilment from "./Fulfilment.ts"
import * as History from "./History.ts"
import { maskAccount } from "./Masking.ts"
import * as MastercardConfig from "./MastercardConfig.ts"
import type { MastercardError } from "./MastercardError.ts"
import * as Outcome from "./Outcome.ts"
import type { Prepared, Route } from "./Prepared.ts"
import * as RedeemerSearch from "./RedeemerSearch.ts"
import * as Requests from "./Requests.ts"
import * as ShippingAddress from "./ShippingAddress.ts"

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
    /** `POST /redemptions`: redeems points, sized by points, by cash, or by both. Sent exactly once, like a credit. */
    readonly redeem: (request: Requests.RedeemRequest) => Effect.Effect<Answers.RedeemAnswer, MastercardError>
    /**
     * `GET /redemptions`, all pages: every redemption and credit of an account in a period, newest first. The period is
     * widened (see `Assumptions.historyMarginDays`), so entries outside of it may be among them.
     */
    readonly redemptions: (
      request: Requests.HistoryRequest
    ) => Effect.Effect<ReadonlyArray<Answers.HistoryEntry>, MastercardError>
    /** `GET /redeemers/{user_id}`: the profile and balance of an account. */
    readonly redeemer: (request: Requests.RedeemerRequest) => Effect.Effect<Answers.Redeemer, MastercardError>
    /**
     * `POST /redeemers/search`: finds an account by a bank's number (BAN, BCN), a RANAC or a RANCU; encrypted both
     * ways. Fails with `MastercardNotSent` (`notConfigured`) where the configuration has no keys for that.
     */
    readonly searchRedeemer: (
      request: RedeemerSearch.RedeemerSearch
    ) => Effect.Effect<Answers.FoundRedeemer, MastercardError>
    /** `PUT /redemptions`: says how far the fulfilment of a redemption is. Sent once. */
    readonly updateFulfilment: (
      request: Fulfilment.FulfilmentRequest
    ) => Effect.Effect<Fulfilment.FulfilmentAnswer, MastercardError>
    /** `POST /redemptions/addresses`: makes a shipping address known for a customer, a RANCU. Sent once. */
    readonly addShippingAddress: (
      request: ShippingAddress.AddShippingAddress
    ) => Effect.Effect<{ readonly shippingAddressId: string }, MastercardError>
    /**
     * `GET /redemptions/addresses`: the addresses that redemptions of a customer, a RANCU, used in the last 160 days.
     */
    readonly shippingAddresses: (
      request: ShippingAddress.ShippingAddressesRequest
    ) => Effect.Effect<ReadonlyArray<ShippingAddress.KnownShippingAddress>, MastercardError>
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

/** Builds the client. Nothing is sent, and no connection is kept; its limits are its own. */
export const make = Effect.fnUntraced(function* (
  settings: MastercardConfig.MastercardConfig
): Effect.fn.Return<Mastercard["Service"], MastercardConfig.MastercardConfigInvalid, Scope.Scope> {
  const config = yield* Effect.fromResult(MastercardConfig.validate(settings))
  const caller = yield* Caller.make(config)
  const call = checked(caller)
  const names = config.assumptions

  const credit = Effect.fn("Mastercard.credit")(function* (request: Requests.CreditRequest) {
    yield* Effect.annotateCurrentSpan({ redemptionId: request.redemptionId, account: maskAccount(request.userId) })
    return yield* call(Requests.credit(request, names), "POST /redemptions/{id}/credits", Answers.credit)
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

  return Mastercard.of({
    credit,
    redeem,
    redemptions,
    redeemer,
    ...search(config, caller),
    ...shipping(config, caller)
  })
})

/** Finding a redeemer: the body is encrypted, and the answer decrypted. */
const search = (config: MastercardConfig.MastercardConfig, caller: Caller.Caller) => {
  const names = config.assumptions
  const encryption = config.encryption === undefined ? undefined : Encryption.make(config.encryption, names)
  const call = checked(caller)
  return {
    searchRedeemer: Effect.fn("Mastercard.searchRedeemer")(function* (request: RedeemerSearch.RedeemerSearch) {
      yield* Effect.annotateCurrentSpan({ account: maskAccount(request.userId), userIdType: request.userIdType })
      const route = "POST /redeemers/search"
      if (encryption === undefined) {
        return yield* Outcome.notSent({ name: route, account: undefined }, "notConfigured", Encryption.MISSING)
      }
      const prepared = yield* encryption.encrypt(RedeemerSearch.search(request, names))
      const read = names.searchAnswerEncrypted
        ? encryption.decrypted(Answers.foundRedeemer(names))
        : Answers.foundRedeemer(names)
      return yield* repeatReading(call(prepared, route, read))
    })
  }
}

/** What becomes of the goods. */
const shipping = (config: MastercardConfig.MastercardConfig, caller: Caller.Caller) => {
  const names = config.assumptions
  const call = checked(caller)
  return {
    updateFulfilment: Effect.fn("Mastercard.updateFulfilment")(function* (request: Fulfilment.FulfilmentRequest) {
      yield* Effect.annotateCurrentSpan({ redemptionId: request.redemptionId, statusCode: request.statusCode })
      return yield* call(Fulfilment.update(request, names), "PUT /redemptions", Fulfilment.readUpdated(names))
    }),
    addShippingAddress: Effect.fn("Mastercard.addShippingAddress")(function* (
      request: ShippingAddress.AddShippingAddress
    ) {
      yield* Effect.annotateCurrentSpan({ account: maskAccount(request.userId) })
      return yield* call(ShippingAddress.add(request, names), "POST /redemptions/addresses", ShippingAddress.readAdded)
    }),
    shippingAddresses: Effect.fn("Mastercard.shippingAddresses")(function* (
      request: ShippingAddress.ShippingAddressesRequest
    ) {
      yield* Effect.annotateCurrentSpan({ account: maskAccount(request.userId) })
      return yield* repeatReading(
        call(ShippingAddress.list(request, names), "GET /redemptions/addresses", ShippingAddress.readList(names))
      )
    })
  }
}

/** Makes a call that was prepared, or says what is wrong with it. */
const checked =
  (caller: Caller.Caller) =>
  <A>(
    prepared: Result.Result<Prepared, string>,
    route: Route,
    read: Answers.Reader<A>
  ): Effect.Effect<A, MastercardError> =>
    Result.isSuccess(prepared)
      ? caller(prepared.success, read)
      : Effect.fail(Outcome.notSent({ name: route, account: undefined }, "invalidRequest", prepared.failure))

const repeatReading = <A>(reading: Effect.Effect<A, MastercardError>): Effect.Effect<A, MastercardError> =>
  Effect.retry(reading, { times: READ_REPEATS, schedule: READ_SCHEDULE, while: Outcome.isWorthRepeating })
