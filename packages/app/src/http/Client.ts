/** The typed client of the HTTP API, made from its definition. */
import { Effect, type Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient, HttpApiMiddleware } from "effect/http-api"
import { Access } from "./Access.ts"
import { Api } from "./Api.ts"

/** Which server, and the key that lets in. */
export interface ClientOptions {
  /** Where the server listens, such as `https://pointback.example`. */
  readonly url: string
  readonly key: Redacted.Redacted
}

/** A client: `client.credits.credit({ params, headers, payload })` and so on. Problems are its failures. */
export type Client = HttpApiClient.ForApi<typeof Api>

/** Makes a client over any HTTP client. It repeats nothing: the same call again, under the same key, is a repetition. */
export const make = ({ key, url }: ClientOptions): Effect.Effect<Client, never, HttpClient.HttpClient> =>
  HttpApiClient.make(Api, {
    transformClient: HttpClient.mapRequest(HttpClientRequest.prependUrl(url))
  }).pipe(
    Effect.provide(
      HttpApiMiddleware.layerClient(Access, ({ next, request }) => next(HttpClientRequest.bearerToken(request, key)))
    )
  )
