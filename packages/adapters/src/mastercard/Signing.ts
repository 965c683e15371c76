/** Turns a prepared call into the authorized bytes that go out. */
import { Effect } from "effect"
import { HttpClientRequest } from "effect/http"
import * as Json from "../json/Json.ts"
import type { Authorizer, NotAuthorized } from "./Authorizer.ts"
import type { Prepared } from "./Prepared.ts"

/** Authorizes calls below a base URL. To be made anew for each attempt, over the very bytes that are sent. */
export const make = (base: URL, authorizer: Authorizer) =>
  Effect.fnUntraced(function* (call: Prepared): Effect.fn.Return<HttpClientRequest.HttpClientRequest, NotAuthorized> {
    const url = new URL(base.href.replace(/\/$/, "") + call.path)
    const body = new TextEncoder().encode(call.body === undefined ? "" : Json.stringify(call.body))
    const authorization = yield* authorizer.headers({ method: call.method, url, body })
    const request = HttpClientRequest.make(call.method)(url.href, {
      headers: { accept: "application/json", "user-agent": "pointback", ...authorization }
    })
    return call.body === undefined ? request : HttpClientRequest.bodyUint8Array(request, body, "application/json")
  })
