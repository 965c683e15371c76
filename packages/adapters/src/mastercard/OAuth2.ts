/**
 * OAuth 2.0 as FAPI 2.0 has it: client credentials, a signed assertion in place of a password, a token that is bound to
 * a key of ours.
 *
 * @see mastercard, OAuth 2.0; RFC 6749, RFC 7523, RFC 9449
 */
import { Cache, Clock, Duration, Effect, Exit, Redacted, Result, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import { SignJWT } from "jose"
import { type KeyObject, randomUUID } from "node:crypto"
import * as Json from "../json/Json.ts"
import type { Authorizer, NotAuthorized } from "./Authorizer.ts"
import { decoder } from "./Decoding.ts"
import * as DPoP from "./DPoP.ts"
import { hideSecrets } from "./Masking.ts"
import * as Outcome from "./Outcome.ts"
import * as Reason from "./Reason.ts"
import type * as Transport from "./Transport.ts"

/** Who asks for tokens, and where. */
export interface OAuth2Settings {
  readonly clientId: Redacted.Redacted
  /** Which of our public keys Mastercard checks assertions with. */
  readonly keyId: string
  /** Such as `https://sandbox.api.mastercard.com/oauth/token`. */
  readonly tokenUrl: URL
  /** Who gives tokens out, as assertions address it: `https://sandbox.api.mastercard.com`. */
  readonly issuer: string
  /** What the token is to be good for; empty for all that the client may. */
  readonly scopes: ReadonlyArray<string>
}

/** Seconds that an assertion is good for: it is used at once. */
const ASSERTION_LIFETIME = 60

/** A token is not used any more this long before it ends: a request takes its time, and clocks differ. */
const TOKEN_MARGIN = Duration.seconds(30)

/** Seconds that a token may be good for at most, as we believe it: a day. */
const MAXIMUM_LIFETIME = 86_400

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

interface Token {
  readonly value: Redacted.Redacted
  readonly lifetime: Duration.Duration
}

/**
 * Authorizes with a token that is asked for when it is needed, kept until shortly before it ends, and asked for once
 * however many calls wait for it. A failure to get one is not kept.
 */
export const make = Effect.fnUntraced(function* (
  settings: OAuth2Settings,
  key: KeyObject,
  send: Transport.Transport
): Effect.fn.Return<Authorizer> {
  const prove = yield* DPoP.makeProver
  // The token endpoint and the API each have nonces of their own.
  let last: Redacted.Redacted | undefined
  const nonces: { token: string | undefined; api: string | undefined } = { token: undefined, api: undefined }
  const tokens = yield* Cache.makeWith<"token", Token, NotAuthorized>(
    () =>
      requestToken({
        settings,
        key,
        send,
        prove,
        nonce: () => nonces.token,
        keepNonce: (nonce) => (nonces.token = nonce)
      }),
    {
      capacity: 1,
      timeToLive: (exit) => (Exit.isSuccess(exit) ? usableFor(exit.value.lifetime) : Duration.zero)
    }
  )
  return {
    headers: Effect.fnUntraced(function* ({ method, url }) {
      last = (yield* Cache.get(tokens, "token")).value
      const token = Redacted.value(last)
      const now = yield* seconds
      return {
        authorization: `DPoP ${token}`,
        dpop: yield* prove({ method, url, now, nonce: nonces.api, token })
      }
    }),
    heed: (answer) => {
      nonces.api = DPoP.nonceOf(answer) ?? nonces.api
      if (DPoP.isNonceChallenge(answer)) return Effect.succeed("anotherProof")
      // A token that was taken back before its end: whoever comes next asks for a new one.
      return answer.status === 401 && DPoP.errorOf(answer) === "invalid_token"
        ? Effect.as(Cache.invalidate(tokens, "token"), "anotherToken")
        : Effect.succeed("settled")
    },
    secrets: () => [Redacted.value(settings.clientId), ...(last === undefined ? [] : [Redacted.value(last)])]
  }
})

const usableFor = (lifetime: Duration.Duration): Duration.Duration =>
  Duration.max(Duration.subtract(lifetime, TOKEN_MARGIN), Duration.times(lifetime, 0.5))

const seconds = Effect.map(Clock.currentTimeMillis, (millis) => Math.floor(millis / 1000))

interface Asking {
  readonly settings: OAuth2Settings
  readonly key: KeyObject
  readonly send: Transport.Transport
  readonly prove: DPoP.Prover
  readonly nonce: () => string | undefined
  readonly keepNonce: (nonce: string | undefined) => void
}

/** Asks for a token, a second time where the first answer only asks for a nonce. */
const requestToken = Effect.fnUntraced(function* (asking: Asking): Effect.fn.Return<Token, NotAuthorized> {
  const first = yield* ask(asking)
  const answer = DPoP.isNonceChallenge(first) ? yield* ask(asking) : first
  return yield* Effect.fromResult(readToken(answer, Redacted.value(asking.settings.clientId)))
})

const ask = Effect.fnUntraced(function* (asking: Asking): Effect.fn.Return<Transport.Answer, NotAuthorized> {
  const { key, prove, send, settings } = asking
  const now = yield* seconds
  const clientId = Redacted.value(settings.clientId)
  const parameters = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: yield* Effect.promise(() => assertion(settings, clientId, key, now)),
    ...(settings.scopes.length === 0 ? {} : { scope: settings.scopes.join(" ") })
  })
  const dpop = yield* prove({
    method: "POST",
    url: settings.tokenUrl,
    now,
    nonce: asking.nonce(),
    token: undefined
  })
  const request = HttpClientRequest.make("POST")(settings.tokenUrl.href, {
    headers: { accept: "application/json", "user-agent": "pointback", dpop }
  }).pipe(HttpClientRequest.bodyText(parameters.toString(), "application/x-www-form-urlencoded"))
  const answer = yield* Effect.mapError(send(request), (none) => unavailable(Outcome.codeOf(none.error)))
  asking.keepNonce(DPoP.nonceOf(answer) ?? asking.nonce())
  return answer
})

/** RSA signs with PS256, P-256 with ES256: no other algorithm is allowed by FAPI 2.0 for such keys. */
const assertion = (settings: OAuth2Settings, clientId: string, key: KeyObject, now: number): Promise<string> =>
  new SignJWT()
    .setProtectedHeader({ alg: key.asymmetricKeyType === "rsa" ? "PS256" : "ES256", kid: settings.keyId, typ: "JWT" })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(settings.issuer)
    .setJti(randomUUID())
    .setIssuedAt(now)
    .setExpirationTime(now + ASSERTION_LIFETIME)
    .sign(key)

const TokenBody = Schema.Struct({
  // It goes into a header.
  access_token: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9\-._~+/]+=*$/), Schema.isMaxLength(16_384)),
  token_type: Schema.String.check(Schema.isPattern(/^dpop$/i)),
  expires_in: Json.DecimalFromAnything.check(Schema.isPattern(/^[1-9][0-9]{0,9}$/))
})

const decodeToken = decoder(TokenBody)

const readToken = (answer: Transport.Answer, clientId: string): Result.Result<Token, NotAuthorized> => {
  const { body, flaw, status } = answer
  if (status >= 400 && status < 500) {
    return Result.fail({ cause: "tokenRefused", detail: `${status} ${describeError(answer, clientId)}` })
  }
  if (status < 200 || status >= 300) return Result.fail(unavailable(`status ${status}`))
  if (flaw !== undefined) return Result.fail(unavailable("the answer is cut off"))
  // What cannot be read may be a token in part: nothing of it is shown.
  const decoded = Result.flatMap(
    Result.mapError(Json.parse(body), () => "no JSON"),
    decodeToken
  )
  return Result.mapBoth(decoded, {
    onFailure: unavailable,
    onSuccess: ({ access_token, expires_in }) => ({
      value: Redacted.make(access_token, { label: "access token" }),
      lifetime: Duration.seconds(Math.min(Number(expires_in), MAXIMUM_LIFETIME))
    })
  })
}

const unavailable = (detail: string): NotAuthorized => ({ cause: "tokenUnavailable", detail })

// A server may quote the assertion that it refuses.
const JWT = /[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g

const describeError = (answer: Transport.Answer, clientId: string): string => {
  const json = Json.parse(answer.body)
  const body = Result.isSuccess(json) && Json.isObject(json.success) ? json.success : {}
  const description = body["error_description"]
  return [DPoP.errorOf(answer), typeof description === "string" ? description : undefined]
    .filter((part) => part !== undefined)
    .map((part) => Reason.tame(hideSecrets(part.replace(JWT, "…"), [clientId])))
    .join(": ")
}
