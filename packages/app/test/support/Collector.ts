/** A collector of OpenTelemetry's on loopback, which keeps every byte that it was sent. */
import { createServer, type IncomingHttpHeaders, type Server } from "node:http"
import { gunzipSync } from "node:zlib"
import { afterAll, beforeAll } from "vitest"

/** A request as it arrived. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string; readonly doubleValue?: number }
}

/** A span as the JSON of OTLP has it. */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly status: { readonly code: number; readonly message?: string }
}

export interface ReceivedLog {
  readonly traceId?: string
  readonly severityText: string
  readonly body: { readonly stringValue?: string }
  readonly attributes: ReadonlyArray<Attribute>
}

/** What a collector does with what it is sent. */
export type Mood = "takes" | "fails" | "hangs"

/** A collector for the surrounding `describe`. */
export const collector = (mood: Mood = "takes") => {
  const received: Array<Received> = []
  let server: Server
  let url = ""
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) })
        if (mood === "takes") response.writeHead(200, { "content-type": "application/json" }).end("{}")
        if (mood === "fails") response.writeHead(500).end("down for maintenance")
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const bodies = (path: string): ReadonlyArray<Record<string, ReadonlyArray<never>>> =>
    received.filter((one) => one.path === path).map(({ body }) => JSON.parse(body.toString("utf8")) as never)

  return {
    url: () => url,
    received,
    /** Every byte that arrived, and the headers, as text. */
    everything: () =>
      received
        .map(({ body, headers, path }) => {
          const plain = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body
          return `${path}\n${plain.toString("utf8")}`
        })
        .join("\n"),
    spans: () =>
      bodies("/v1/traces").flatMap((body) =>
        (body["resourceSpans"] as ReadonlyArray<{ scopeSpans: ReadonlyArray<{ spans: ReadonlyArray<ReceivedSpan> }> }>)
          .flatMap(({ scopeSpans }) => scopeSpans)
          .flatMap(({ spans }) => spans)
      ),
    logs: () =>
      bodies("/v1/logs").flatMap((body) =>
        (
          body["resourceLogs"] as ReadonlyArray<{
            scopeLogs: ReadonlyArray<{ logRecords: ReadonlyArray<ReceivedLog> }>
          }>
        )
          .flatMap(({ scopeLogs }) => scopeLogs)
          .flatMap(({ logRecords }) => logRecords)
      ),
    metrics: () =>
      bodies("/v1/metrics").flatMap((body) =>
        (
          body["resourceMetrics"] as ReadonlyArray<{
            scopeMetrics: ReadonlyArray<{ metrics: ReadonlyArray<{ name: string }> }>
          }>
        )
          .flatMap(({ scopeMetrics }) => scopeMetrics)
          .flatMap(({ metrics }) => metrics)
          .map(({ name }) => name)
      ),
    resources: () =>
      bodies("/v1/traces").flatMap((body) =>
        (body["resourceSpans"] as ReadonlyArray<{ resource: { attributes: ReadonlyArray<Attribute> } }>).map(
          ({ resource }) => resource.attributes
        )
      )
  }
}

/** The value of an attribute as text. */
export const valueOf = (attributes: ReadonlyArray<Attribute>, key: string): string | undefined => {
  const found = attributes.find((attribute) => attribute.key === key)?.value
  return found === undefined ? undefined : String(found.stringValue ?? found.intValue ?? found.doubleValue)
}
