/** Ways of crediting and settling that look right and are not. The simulation must find each of them out. */
import { Mastercard, MastercardRefused } from "@pointback/adapters"
import { Duration, Effect, Layer } from "effect"
import { type CreditRedemption, recordCredit } from "../../src/command/CreditRedemption.ts"
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

const call = ({ account, points, redemptionId }: CreditRedemption) =>
  Effect.flatMap(Mastercard, (client) =>
    client.credit({ redemptionId, userId: account, redemptionType: "MERCHANDISE", processedBy: "E078562", points })
  )

const withCredit = (credit: Wiring.Protocol["credit"]): typeof Wiring.memory => ({
  ...Wiring.memory,
  protocol: { ...Wiring.protocol, credit }
})

/** Books the credit and then asks for it. */
const appendBeforeCall = withCredit((credit, caller) =>
  Effect.tap(recordCredit(credit, caller), () => Effect.ignore(call(credit)))
)

/** Asks for the credit without a hold and then books it. */
const appendAfterCall = withCredit((credit, caller) =>
  Effect.andThen(Effect.ignore(call(credit)), recordCredit(credit, caller))
)

/** Believes a listing at once. */
const settleTooEarly: typeof Wiring.memory = {
  ...Wiring.memory,
  protocol: {
    ...Wiring.protocol,
    settle: (program) =>
      settleCredits(
        { program, olderThan: Duration.zero },
        { longestProcessing: Duration.zero, longestLag: Duration.zero, clockSkew: Duration.zero }
      )
  }
}

export const broken = {
  retryAfterTimeout,
  releaseOnServerError,
  releaseOnLostConnection,
  appendBeforeCall,
  appendAfterCall,
  settleTooEarly
}
