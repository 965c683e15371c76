/** Serves the console: a route for each of its files. It needs no key; what it shows comes from the API, which does. */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Watched from "../Watched.ts"
import { type ConsoleFile, read } from "./Files.ts"
import { page, POLICY } from "./Page.ts"

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // It may be kept, and is asked for again each time: a server that was upgraded serves no mixture for long.
  "cache-control": "no-cache"
}

/** Whether the browser has the file already. */
const has = (etag: string, asked: string | undefined): boolean =>
  asked?.split(",").some((one) => one.trim().replace(/^W\//, "") === etag) === true

const answer = ({ body, contentType, etag }: ConsoleFile) =>
  Effect.gen(function* () {
    yield* Watched.isAt("/console")
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const told = { ...HEADERS, etag }
    return has(etag, headers["if-none-match"])
      ? HttpServerResponse.empty({ status: 304, headers: told })
      : HttpServerResponse.text(body, { contentType, headers: told })
  })

const toFolder = Effect.as(
  Watched.isAt("/console"),
  HttpServerResponse.empty({ status: 308, headers: { location: "console/" } })
)

// To the router `/console` and `/console/` are one. The page's own addresses begin from the folder.
const beginning = (file: ConsoleFile) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url }) => (/\/(\?|$)/.test(url) ? answer(file) : toFolder))

/** The routes; the files are read when they are made. */
export const layer = Layer.unwrap(
  Effect.sync(() => {
    const files = read()
    return HttpRouter.addAll([
      HttpRouter.route("GET", "/console", beginning(page(files))),
      ...files.map((file) => HttpRouter.route("GET", `/console/${file.path}`, answer(file)))
    ])
  })
)
