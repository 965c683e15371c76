/** The HTTP server: the API with everything around it. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Context, Effect, Layer, Scope, Tracer } from "effect"
import { HttpMiddleware, HttpRouter, type HttpServer, type HttpServerError, HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as ByteSize from "effect/ByteSize"
import { createServer } from "node:http"
import * as AccessLayer from "./AccessLayer.ts"
import * as Answering from "./Answering.ts"
import { Api } from "./Api.ts"
import type { ApiKey } from "./ApiKeys.ts"
import * as AdministrationHandlers from "./AdministrationHandlers.ts"
import * as ConsoleRoutes from "./console/Routes.ts"
import * as CommandHandlers from "./CommandHandlers.ts"
import * as CreditHandlers from "./CreditHandlers.ts"
import * as FileHandlers from "./FileHandlers.ts"
import * as DownloadHandlers from "./DownloadHandlers.ts"
import type { Services } from "./Handling.ts"
import * as HistoryHandlers from "./HistoryHandlers.ts"
import { InFlight } from "./InFlight.ts"
import { BODY_BYTES, CLOSING_TIMEOUT, HEADER_BYTES, HEADERS_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from "./Limits.ts"
import { LongJobs } from "./LongJobs.ts"
import * as OperationHandlers from "./OperationHandlers.ts"
import * as QuestionHandlers from "./QuestionHandlers.ts"
import * as ReconciliationHandlers from "./ReconciliationHandlers.ts"
import * as ReportHandlers from "./ReportHandlers.ts"
import * as SystemHandlers from "./SystemHandlers.ts"
import * as Watched from "./Watched.ts"

/** Where the server listens, and whom it lets in. */
export interface ServerOptions {
  /** 0 for one that is free. */
  readonly port: number
  readonly host: string
  readonly keys: ReadonlyArray<ApiKey>
  /** Whether the console is served too. */
  readonly console: boolean
}

/** Characters of a part of an address: an identifier of 128 characters, each escaped. */
const PARAMETER_LENGTH = 128 * 12

const around = HttpRouter.middleware((handled) => Watched.watch(Answering.answer(handled)), { global: true })

const handlers = Layer.mergeAll(
  CommandHandlers.layer,
  CreditHandlers.layer,
  AdministrationHandlers.layer,
  FileHandlers.layer,
  QuestionHandlers.layer,
  ReportHandlers.layer,
  DownloadHandlers.layer,
  HistoryHandlers.layer,
  ReconciliationHandlers.layer,
  OperationHandlers.layer,
  SystemHandlers.layer
)

/** The routes with their handlers, for keys. What handlers ask of is there as long as the routes are. */
const routes = (keys: ReadonlyArray<ApiKey>, console: boolean) =>
  Layer.unwrap(
    Effect.map(Effect.context<Services>(), (services) =>
      Layer.mergeAll(
        HttpApiBuilder.layer(Api, { openapiPath: "/openapi.json" }),
        console ? ConsoleRoutes.layer : Layer.empty,
        around
      ).pipe(
        Layer.provide(handlers),
        Layer.provide(AccessLayer.layer(keys)),
        HttpRouter.provideRequest(Layer.succeedContext(Context.omit(Scope.Scope)(services)))
      )
    )
  )

// An address has account numbers in it, which the library's own spans would carry.
const quiet = Layer.mergeAll(
  Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true),
  Layer.succeed(HttpServerRequest.MaxBodySize, ByteSize.bytes(BODY_BYTES))
)

// Built within a span of whoever starts the server, every request would be a part of that one, and of no caller's.
const outsideSpans = <A, E, R>(server: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.effectContext(
    Effect.updateContext(
      Layer.build(server),
      (context: Context.Context<R | Scope.Scope>) =>
        Context.omit(Tracer.ParentSpan)(context) as Context.Context<R | Scope.Scope>
    )
  ) as Layer.Layer<A, E, R>

/** Listens until its scope closes: takes no more requests then, and ends those that it has. */
export const layer = ({
  console,
  host,
  keys,
  port
}: ServerOptions): Layer.Layer<
  HttpServer.HttpServer,
  HttpServerError.ServeError,
  Exclude<Services, InFlight | LongJobs>
> =>
  HttpRouter.serve(routes(keys, console), {
    routerConfig: { maxParamLength: PARAMETER_LENGTH },
    disableLogger: true,
    disableListenLog: true
  }).pipe(
    Layer.provide(quiet),
    Layer.provideMerge(
      NodeHttpServer.layer(
        () =>
          createServer({
            headersTimeout: HEADERS_TIMEOUT_MS,
            requestTimeout: REQUEST_TIMEOUT_MS,
            maxHeaderSize: HEADER_BYTES
          }),
        { port, host, gracefulShutdownTimeout: CLOSING_TIMEOUT }
      )
    ),
    // Closed after the server: what was begun is ended when nobody can begin anything more.
    Layer.provide(InFlight.layer),
    Layer.provide(LongJobs.layer),
    outsideSpans
  )
