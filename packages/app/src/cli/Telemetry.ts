/**
 * What `serve` tells of itself: logs as JSON lines on standard error; traces, metrics and logs over OTLP where
 * OpenTelemetry's own variables name a collector. A collector that is down or slow holds nobody up: what it does not take
 * in time is dropped.
 */
import { Config, ConfigProvider, Duration, Effect, Layer, Logger, Option, Schedule, Schema } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { Otlp, OtlpSerialization } from "effect/observability"
import manifest from "../../package.json" with { type: "json" }
import * as Gauges from "../http/Gauges.ts"
import * as SafeSpans from "./SafeSpans.ts"

/** How long a collector may take for an answer, unless `OTEL_EXPORTER_OTLP_TIMEOUT` says otherwise: OpenTelemetry's own. */
const ANSWER_LIMIT = Duration.seconds(10)

/** How often gauges of the database are looked up for a collector, unless `OTEL_METRIC_EXPORT_INTERVAL` says otherwise. */
const GAUGE_INTERVAL = Duration.seconds(60)

/** A variable of OpenTelemetry's cannot be used. Its value is not repeated: it may hold credentials. */
export class TelemetryInvalid extends Schema.TaggedError<TelemetryInvalid>()("TelemetryInvalid", {
  variable: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.variable} cannot be used: ${this.problem}`
  }
}

const SIGNALS = ["TRACES", "METRICS", "LOGS"] as const

const ENDPOINTS = ["OTEL_EXPORTER_OTLP_ENDPOINT", ...SIGNALS.map((signal) => `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`)]

const PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"

/** Whole milliseconds. */
const SPANS = [
  "OTEL_EXPORTER_OTLP_TIMEOUT",
  "OTEL_BSP_SCHEDULE_DELAY",
  "OTEL_BLRP_SCHEDULE_DELAY",
  "OTEL_METRIC_EXPORT_INTERVAL"
]

/** What OpenTelemetry says to do where a variable is not set. */
const DEFAULTS = ConfigProvider.fromUnknown({
  ...Object.fromEntries(SIGNALS.map((signal) => [`OTEL_${signal}_EXPORTER`, "otlp"])),
  OTEL_SERVICE_NAME: "pointback",
  OTEL_SERVICE_VERSION: manifest.version
})

const variable = <A>(name: string, config: Config.Config<A>, problem: string) =>
  Effect.mapError(Config.option(config), () => new TelemetryInvalid({ variable: name, problem }))

const endpoint = (name: string) =>
  Effect.flatMap(variable(name, Config.URL(name), "the URL of a collector is expected"), (url) =>
    Option.isNone(url) || /^https?:$/.test(url.value.protocol)
      ? Effect.succeed(url)
      : Effect.fail(new TelemetryInvalid({ variable: name, problem: "http:// or https:// is expected" }))
  )

const millis = (name: string) =>
  Effect.flatMap(variable(name, Config.Int(name), "whole milliseconds are expected"), (value) =>
    Option.isNone(value) || value.value > 0
      ? Effect.succeed(value)
      : Effect.fail(new TelemetryInvalid({ variable: name, problem: "more than nothing is expected" }))
  )

/** The settings, read before anything starts: the exporters would take a wrong one for a bug. */
const settings = Effect.gen(function* () {
  const endpoints = yield* Effect.forEach(ENDPOINTS, endpoint)
  yield* Effect.forEach(SPANS, millis)
  const protocol = yield* variable(
    PROTOCOL,
    Config.Literals(["http/json", "http/protobuf"], PROTOCOL),
    "http/json or http/protobuf is expected"
  )
  const answer = yield* millis("OTEL_EXPORTER_OTLP_TIMEOUT")
  const gauges = yield* millis("OTEL_METRIC_EXPORT_INTERVAL")
  const or = (value: Option.Option<number>, other: Duration.Duration) =>
    Option.match(value, { onNone: () => other, onSome: Duration.millis })
  return {
    on: endpoints.some(Option.isSome),
    protobuf: Option.contains(protocol, "http/protobuf"),
    answerLimit: or(answer, ANSWER_LIMIT),
    gaugeInterval: or(gauges, GAUGE_INTERVAL)
  }
})

// Loaded only where something is exported.
const undici = Layer.unwrap(
  Effect.promise(async () => {
    const { layerUndici } = await import("@effect/platform-node/NodeHttpClient")
    return layerUndici
  })
)

/** A client that waits for the whole answer, and not for ever. */
const client = (limit: Duration.Duration) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(
      HttpClient.HttpClient,
      HttpClient.transform((answer, request) =>
        answer.pipe(
          Effect.tap((response) => Effect.ignore(response.arrayBuffer)),
          Effect.timeoutOrElse({
            duration: limit,
            orElse: () =>
              Effect.fail(
                new HttpClientError.HttpClientError({
                  reason: new HttpClientError.TransportError({ request, description: "no answer in time" })
                })
              )
          })
        )
      )
    )
  ).pipe(Layer.provide(undici))

/** Logs on standard error, and what is exported. */
export const layer: Layer.Layer<never, TelemetryInvalid> = Layer.unwrap(
  Effect.map(settings, ({ answerLimit, on, protobuf }) => {
    const lines = Logger.layer([Logger.withConsoleError(Logger.formatJson)])
    if (!on) return lines
    const exported = Otlp.layerFromConfig({ loggerMergeWithExisting: true }).pipe(
      Layer.provide(protobuf ? OtlpSerialization.layerProtobuf : OtlpSerialization.layerJson),
      Layer.provide(client(answerLimit)),
      Layer.provide(ConfigProvider.layerAdd(DEFAULTS))
    )
    return Layer.provideMerge(SafeSpans.over(exported), lines)
  })
)

/** Looks the gauges of the database up as often as metrics are exported: nobody may read `/metrics`. */
export const gauges = Layer.effectDiscard(
  Effect.flatMap(settings, ({ gaugeInterval, on }) =>
    on ? Effect.forkScoped(Effect.repeat(Gauges.lookAtAll, Schedule.spaced(gaugeInterval))) : Effect.void
  )
)
