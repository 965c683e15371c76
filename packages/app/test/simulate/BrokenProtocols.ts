/** Ways of crediting and settling that look right and are not. The simulation must find each of them out. */
import { EventStore, Mastercard, MastercardRefused } from "@pointback/adapters"
import { Account } from "@pointback/domain"
import { Duration, Effect, Layer } from "effect"
import { type CreditRedemption, creditRedemption, recordCredit } from "../../src/command/CreditRedemption.ts"
import * as AppError from "../../src/error/AppError.ts"
import { settleCredits } from "../../src/settle/SettleCredits.ts"
import * as Wiring from "../../src/simulate/Wiring.ts"

type Client = Mastercard["Service"]

/** Our wiring in memory with a client that does something else. */
const withClient = (change: (client: Client) => Client): typeof Wiring.memory => ({
  ...Wiring.memory,
  mastercard: (config) =>
    Layer.effect(Mastercard, Effect.map(Mastercard, change)).pipe(Layer.provide(Mastercard.layer(config)))
})

/** Sends a credit again whose outcome is unknown. */
const retryAfterTimeout = withClient((client) => ({
  ...client,
  credit: (request) =>
    Effect.retry(client.credit(request), { times: 1, while: (error) => error._tag === "MastercardOutcomeUnknown" })
}))

/** Takes a server's error for a refusal. */
const releaseOnServerError = withClient((client) => ({
  ...client,
  credit: (request) =>
    Effect.mapError(client.credit(request), (error) =>
      error._tag === "MastercardOutcomeUnknown" && error.cause === "serverError"
        ? new MastercardRefused({ call: error.call, status: 500, reasons: error.reasons, body: undefined })
        : error
    )
}))

/** Takes a lost connection for one that never was. */
const releaseOnLostConnection = withClient((client) => ({
  ...client,
  credit: (request) =>
    Effect.mapError(client.credit(request), (error) =>
      error._tag === "MastercardOutcomeUnknown" && error.cause === "connectionLost"
        ? new MastercardRefused({ call: error.call, status: 500, reasons: error.reasons, body: undefined })
        : error
    )
}))

const call = Effect.fnUntraced(function* ({ account, occurredAt, points, program, redemptionId }: CreditRedemption) {
  const store = yield* EventStore.EventStore
  const question = { program, account, lots: [], horizon: occurredAt, redemptions: [redemptionId], keys: [] }
  const situation = Account.redemption((yield* store.load(question)).state, redemptionId)
  const redemptionType = situation._tag === "None" ? "TRAVEL" : situation.redemption.redemptionType
  const client = yield* Mastercard
  return yield* client.credit({ redemptionId, userId: account, redemptionType, processedBy: "E078562", points })
})

const withCredit = (credit: Wiring.Protocol["credit"]): typeof Wiring.memory => ({
  ...Wiring.memory,
  protocol: { ...Wiring.protocol, credit }
})

/** Books the credit and then asks for it. */
const appendBeforeCall = withCredit((credit, caller) =>
  Effect.tap(recordCredit(credit, caller), () => Effect.ignore(call(credit)))
)

/** Asks for the credit and then books it; where it was not given, somebody may ask again. */
const appendAfterCall = withCredit((credit, caller) =>
  call(credit).pipe(
    Effect.mapError(() => new AppError.AccountBusy({ attempts: 1 })),
    Effect.andThen(recordCredit(credit, caller))
  )
)

/** Believes a listing at once. */
const settleTooEarly: typeof Wiring.memory = {
  ...Wiring.memory,
  protocol: {
    ...Wiring.protocol,
    settle: (program, absent) =>
      settleCredits(
        { program, absent, olderThan: Duration.zero },
        { ...Wiring.LIMITS, longestProcessing: Duration.zero, longestLag: Duration.zero }
      )
  }
}

/** Tells whoever asks that nothing was credited, where nobody knows. */
const tellDeclined = withCredit((credit, caller) =>
  Effect.map(creditRedemption(credit, caller), (outcome) =>
    outcome.outcome === "CreditOutcomeUnknown" ? { ...outcome, outcome: "CreditDeclined" } : outcome
  )
)

/** Leaves everything open. */
const neverSettle: typeof Wiring.memory = {
  ...Wiring.memory,
  protocol: { ...Wiring.protocol, settle: () => Effect.succeed({ young: 0, credits: [] }) }
}

export const broken = {
  retryAfterTimeout,
  releaseOnServerError,
  releaseOnLostConnection,
  appendBeforeCall,
  appendAfterCall,
  settleTooEarly,
  tellDeclined,
  neverSettle
}
