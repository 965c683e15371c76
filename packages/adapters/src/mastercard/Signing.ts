/** Turns a prepared call into the signed bytes that go out. */
import { Clock, Effect } from "effect"
import { HttpClientRequest } from "effect/http"
import { type KeyObject, randomBytes } from "node:crypto"
import * as Json from "../json/Json.ts"
import * as OAuth1 from "./OAuth1.ts"
import type { Prepared } from "./Requests.ts"

/** Bytes of randomness in a nonce: two of the same second never meet. */
const NONCE_BYTES = 16

/** Signs calls below a base URL. Each call gets a fresh nonce and timestamp, over the very bytes that are sent. */
export const make = (base: URL, consumerKey: string, key: KeyObject) =>
  Effect.fnUntraced(function* (call: Prepared): Effect.fn.Return<HttpClientRequest.HttpClientRequest> {
    const url = new URL(base.href.replace(/\/$/, "") + call.path)
    const body = new TextEncoder().encode(call.body === undefined ? "" : Json.stringify(call.body))
    const authorization = OAuth1.authorizationHeader(
      { method: call.method, url, body },
      {
        consumerKey,
        key,
        nonce: randomBytes(NONCE_BYTES).toString("hex"),
        timestamp: Math.floor((yield* Clock.currentTimeMillis) / 1000)
      }
    )
    const request = HttpClientRequest.make(call.method)(url.href, {
      headers: { accept: "application/json", "user-agent": "pointback", authorization }
    })
    return call.body === undefined ? request : HttpClientRequest.bodyUint8Array(request, body, "application/json")
  })
