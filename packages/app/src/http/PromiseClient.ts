/**
 * The HTTP API for programs that do not use Effect: promises, and JSON as it goes over the wire. Amounts are decimal
 * strings, instants ISO 8601. It is made from the definition of the API, over `fetch`.
 */
import type { Brand } from "effect"
import type { HttpApi, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Api } from "./Api.ts"
import * as Problem from "./Problem.ts"

export interface PromiseClientOptions {
  /** Where the server listens, such as `https://pointback.example`. */
  readonly url: string
  /** An API key. */
  readonly key: string
  /** What sends requests; the runtime's own `fetch` by default. */
  readonly fetch?: typeof fetch
}

/** The server answered with a problem (RFC 9457). */
export class ProblemError extends Error {
  override readonly name = "ProblemError"
  readonly status: number
  /** `urn:pointback:problem:unknown-account` and so on; `about:blank` where the answer was no problem of Pointback's. */
  readonly type: string
  /** The fields of the request that cannot be taken, where it is invalid. */
  readonly errors: ReadonlyArray<Problem.Field>
  /** The tag, the message and the fields of the error. */
  readonly error: Readonly<Record<string, unknown>> | undefined

  constructor(problem: {
    readonly status: number
    readonly type: string
    readonly detail: string
    readonly errors?: ReadonlyArray<Problem.Field>
    readonly error?: Readonly<Record<string, unknown>>
  }) {
    super(problem.detail)
    this.status = problem.status
    this.type = problem.type
    this.errors = problem.errors ?? []
    this.error = problem.error
  }
}

/** What a file is uploaded as. */
type Upload = string | Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array>

/** A value as JSON has it: amounts are decimal strings, and identifiers are plain strings. */
type Wire<T> = T extends bigint
  ? string
  : T extends string
    ? T extends Brand.Brand<string>
      ? string
      : T
    : T extends ReadonlyArray<infer Item>
      ? ReadonlyArray<Wire<Item>>
      : T extends object
        ? { readonly [K in keyof T]: Wire<T[K]> }
        : T

type Asked<S> = S extends { readonly _tag: "StreamUint8Array" }
  ? Upload
  : S extends { readonly Type: infer T }
    ? Wire<T>
    : never

type Answer<S> = S extends { readonly _tag: "StreamUint8Array" }
  ? ReadableStream<Uint8Array>
  : S extends { readonly Type: infer T }
    ? Wire<T>
    : never

/** A part of a request: left out where an endpoint has none of it, optional where nothing of it is needed. */
type Part<Name extends string, S> = [Asked<S>] extends [never]
  ? unknown
  : Record<never, never> extends Asked<S>
    ? { readonly [N in Name]?: Asked<S> }
    : { readonly [N in Name]: Asked<S> }

type RequestOf<E extends HttpApiEndpoint.ConstraintRequest> = Part<"params", E["~Params"]> &
  Part<"query", E["~Query"]> &
  Part<"headers", E["~Headers"]> &
  Part<"payload", E["~Payload"]> & {
    /** Stops waiting. What was begun is ended at the server all the same; ask again under the same key. */
    readonly signal?: AbortSignal
  }

type Method<E extends HttpApiEndpoint.ConstraintRequest> =
  Record<never, never> extends RequestOf<E>
    ? (request?: RequestOf<E>) => Promise<Answer<E["~Success"]>>
    : (request: RequestOf<E>) => Promise<Answer<E["~Success"]>>

type MethodsOf<Group> =
  Group extends HttpApiGroup.HttpApiGroup<infer _Name, infer Endpoints, infer _Top>
    ? {
        readonly [
          E in Endpoints as E extends HttpApiEndpoint.ConstraintRequest ? E["identifier"] : never
        ]: E extends HttpApiEndpoint.ConstraintRequest ? Method<E> : never
      }
    : never

type GroupsOf<A> = A extends HttpApi.HttpApi<infer _Id, infer Groups> ? Groups : never

/** `client.credits.credit({ params, payload })` and so on, by the names of the OpenAPI document's operations. */
export type PromiseClient = {
  readonly [
    G in GroupsOf<typeof Api> as G extends { readonly identifier: infer Name extends string } ? Name : never
  ]: MethodsOf<G>
}

type Fields = Readonly<Record<string, string | number | undefined>>

interface AnyRequest {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Fields
  readonly headers?: Fields
  readonly payload?: unknown
  readonly signal?: AbortSignal
}

const given = (fields: Fields = {}): Array<[string, string]> =>
  Object.entries(fields).flatMap(([name, value]): Array<[string, string]> =>
    value === undefined ? [] : [[name, String(value)]]
  )

const addressOf = (url: string, { path }: HttpApiEndpoint.Top, { params = {}, query }: AnyRequest): string => {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => {
    const value = params[name]
    // An empty one, or one of dots alone, would be another address.
    if (value === undefined || /^\.{0,2}$/.test(value)) throw new TypeError(`params.${name} is needed`)
    return encodeURIComponent(value)
  })
  const asked = new URLSearchParams(given(query)).toString()
  return `${url.replace(/\/+$/, "")}${filled}${asked === "" ? "" : `?${asked}`}`
}

const isDownload = (success: object): boolean => "_tag" in success && success._tag === "StreamUint8Array"

const failure = async (response: Response): Promise<ProblemError> => {
  const text = await response.text()
  if (response.headers.get("content-type")?.startsWith(Problem.CONTENT_TYPE) === true) {
    return new ProblemError(JSON.parse(text) as Problem.Problem)
  }
  const detail = `the answer has status ${response.status} and is no problem of Pointback's`
  return new ProblemError({ type: "about:blank", status: response.status, detail })
}

const ask = async (
  { fetch: send = fetch, key, url }: PromiseClientOptions,
  endpoint: HttpApiEndpoint.Top,
  request: AnyRequest
): Promise<unknown> => {
  const { payload, signal } = request
  const isFile = typeof payload === "string" || payload instanceof Uint8Array || payload instanceof Blob
  const isStream = payload instanceof ReadableStream
  const type = isFile || isStream ? "application/x-ndjson" : "application/json"
  const response = await send(addressOf(url, endpoint, request), {
    method: endpoint.method,
    headers: {
      ...Object.fromEntries(given(request.headers)),
      ...(payload === undefined ? {} : { "content-type": type }),
      authorization: `Bearer ${key}`
    },
    ...(payload === undefined ? {} : { body: isFile || isStream ? payload : JSON.stringify(payload) }),
    ...(isStream ? { duplex: "half" } : {}),
    ...(signal === undefined ? {} : { signal })
  } as RequestInit)
  if (!response.ok) throw await failure(response)
  if (Array.from(endpoint.success).some(isDownload)) return response.body
  return response.headers.get("content-type")?.startsWith("application/json") === true
    ? response.json()
    : response.text()
}

/** Makes a client. It repeats nothing: the same call again, under the same key, is a repetition. */
export const connect = (options: PromiseClientOptions): PromiseClient =>
  Object.fromEntries(
    Object.entries(Api.groups).map(([name, group]) => [
      name,
      Object.fromEntries(
        Object.values(group.endpoints as unknown as Record<string, HttpApiEndpoint.Top>).map((endpoint) => [
          endpoint.identifier,
          (request: AnyRequest = {}) => ask(options, endpoint, request)
        ])
      )
    ])
  ) as unknown as PromiseClient
