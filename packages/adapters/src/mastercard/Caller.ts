/** Makes calls: waits for its turn, authorizes, sends once, reads the outcome. */
import { Clock, Duration, Effect, Redacted, Result, type Scope } from "effect"
import type { Reader } from "./Answers.ts"
import * as Authorizer from "./Authorizer.ts"
import type { MastercardConfig } from "./MastercardConfig.ts"
import type { MastercardError } from "./MastercardError.ts"
import * as Outcome from "./Outcome.ts"
import { isReading, type Prepared } from "./Prepared.ts"
import * as Signing from "./Signing.ts"
import * as SigningKey from "./SigningKey.ts"
import * as Telemetry from "./Telemetry.ts"
import * as Traffic from "./Traffic.ts"
import * as Transport from "./Transport.ts"

/** Makes a call. It is never repeated here, but for a proof that the gateway asked for. */
export type Caller = <A>(call: Prepared, read: Reader<A>) => Effect.Effect<A, MastercardError>

/** A caller of a configuration that is valid. Nothing is sent, and no connection is kept. */
export const make = Effect.fnUntraced(function* (
  config: MastercardConfig
): Effect.fn.Return<Caller, never, Scope.Scope> {
  const send = yield* Transport.make(config)
  const authorizer = yield* authorizerOf(config, send)
  const sign = Signing.make(config.url, authorizer)
  const traffic = yield* Traffic.make(config.traffic)

  const startMillis = Duration.toMillis(config.startLimit)

  const attempt = Effect.fnUntraced(function* (
    call: Prepared,
    deadline: number
  ): Effect.fn.Return<Transport.Answer, MastercardError> {
    const request = yield* Effect.mapError(sign(call), ({ cause, detail }) => Outcome.notSent(call, cause, detail))
    yield* Traffic.checkDeadline(call, deadline)
    const answer = yield* Effect.mapError(send(request), (none) => Outcome.fromNoAnswer(call, none))
    yield* Telemetry.noteStatus(answer.status)
    return answer
  })

  const exchange = Effect.fnUntraced(function* <A>(call: Prepared, deadline: number, read: Reader<A>) {
    const first = yield* attempt(call, deadline)
    const verdict = yield* authorizer.heed(first)
    // Turned away for want of a nonce, certainly without effect. For want of a token only what changes nothing goes
    // out again.
    const isAgain = verdict === "anotherProof" || (verdict === "anotherToken" && isReading(call.route))
    const answer = isAgain ? yield* attempt(call, deadline) : first
    if (isAgain) yield* authorizer.heed(answer)
    const secrets = authorizer.secrets()
    return yield* Effect.fromResult(Outcome.fromAnswer({ ...call, secrets }, answer, read))
  })

  return (call, read) =>
    Telemetry.observe(
      call.route,
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        traffic(call, now + startMillis, exchange(call, now + startMillis, read))
      )
    )
})

const authorizerOf = Effect.fnUntraced(function* (
  config: MastercardConfig,
  send: Transport.Transport
): Effect.fn.Return<Authorizer.Authorizer> {
  const pem = Redacted.value(config.signingKey)
  if (config.oauth2 === undefined) {
    const consumerKey = config.consumerKey === undefined ? "" : Redacted.value(config.consumerKey)
    return Authorizer.oauth1(consumerKey, Result.getOrThrow(SigningKey.fromPem(pem)))
  }
  const OAuth2 = yield* Effect.promise(() => import("./OAuth2.ts"))
  return yield* OAuth2.make(config.oauth2, Result.getOrThrow(SigningKey.fromPemForOAuth2(pem)), send)
})
