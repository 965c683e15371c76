/** The middleware that lets a request in, as clients and server know it. */
import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { Problems } from "./Problem.ts"
import type { ScopeName } from "./Scopes.ts"

/** Who asks, and what its key may do. */
export interface Caller {
  /** The name of the key: the actor of what it records. */
  readonly name: string
  readonly scopes: ReadonlyArray<ScopeName>
  /** The programs that it is for; `["*"]` for all. */
  readonly programs: ReadonlyArray<string>
}

/** The key of the present request. */
export class CurrentCaller extends Context.Service<CurrentCaller, Caller>()("@pointback/app/http/CurrentCaller") {}

/** Lets requests in by their key, within its scopes, programs and rate. Every problem of every endpoint is declared here. */
export class Access extends HttpApiMiddleware.Service<Access, { provides: CurrentCaller; requires: never }>()(
  "@pointback/app/http/Access",
  { requiredForClient: true, security: { key: HttpApiSecurity.bearer }, error: Problems }
) {}
