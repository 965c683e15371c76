/**
 * The client of the HTTP API, without the server: no database and nothing of Node's is loaded.
 *
 * `HttpApiClient` is for programs that use Effect, `connect` for those that do not. Both come from `HttpApi`, the one
 * definition that the server and the OpenAPI document come from as well.
 */
export { Api as HttpApi } from "./http/Api.ts"
export * as HttpApiClient from "./http/Client.ts"
export { connect, ProblemError, type PromiseClient, type PromiseClientOptions } from "./http/PromiseClient.ts"
