/** The HTTP server of a sandbox: reads requests, and delivers what became of them, or what a fault leaves of it. */
import { type Clock, Duration, Effect, Fiber, type Scope } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Json from "../json/Json.ts"
import { isLoopback } from "../mastercard/BaseUrl.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Codes from "./SandboxCodes.ts"
import type { CallSubject } from "./SandboxFaultPlan.ts"
import type { Fault } from "./SandboxFaults.ts"
import type { SignedRequest } from "./SandboxGateway.ts"
import { SandboxStateNotWritten } from "./SandboxJournal.ts"
import type { Delivered, Delivery } from "./SandboxMishap.ts"
import type { Admitted } from "./SandboxRoutes.ts"

/** The host that the sandbox listens on: nobody else can reach it. */
const HOST = "127.0.0.1"

/** Bytes of a request's body at most: a hundred times what any call has. */
const MAXIMUM_REQUEST_BYTES = 262_144

/** A body that is no JSON. */
const GARBAGE = "<html><body>upstream connect error</body></html>"

/** A request and its answer as they went over the wire. */
export interface Exchange {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly requestBody: string
  /** 0 where a fault kept the answer back. */
  readonly status: number
  readonly responseBody: string
}

/** A request whose answer the sandbox holds back. */
export interface Hold extends CallSubject {
  /** Undefined where the bank takes its time for a call, by its rules. */
  readonly fault: Fault | undefined
  /** Milliseconds after which the answer goes out; undefined where it never does. */
  readonly millis: number | undefined
}

/** What a server works with. */
export interface Serving {
  readonly answer: (request: SignedRequest) => Delivered | Admitted
  /** Sleeps where an answer is delayed. */
  readonly clock: Clock.Clock
  readonly keep: (exchange: Exchange) => void
  readonly onHold: (hold: Hold) => void
  /** The requests that are held for ever, by their connections. */
  readonly held: Set<object>
}

/** Listens until the scope closes, and gives the origin of its URLs. Fails with the system's words. */
export const listen = (serving: Serving, port: number): Effect.Effect<string, string, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Server, string>((resume) => {
        const server = createServer((request, response) => void serve(serving, request, response))
        server.once("error", (error) => resume(Effect.fail(error.message)))
        server.listen(port, HOST, () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    (server) => `http://${HOST}:${(server.address() as AddressInfo).port}`
  )

const serve = async (serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await readBody(request).catch(() => "lost" as const)
  if (body === "lost") return
  const delivered = body === "tooLarge" ? plain(Codes.tooLarge) : await deliveredFor(serving, request, body)
  const sent = deliver(serving, response, delivered)
  serving.keep({
    method: request.method ?? "GET",
    path: request.url ?? "/",
    requestBody: body === "tooLarge" ? "" : Buffer.from(body).toString("utf8"),
    ...sent
  })
}

const plain = (refusal: Codes.Refusal): Delivered => ({
  delivery: { _tag: "Answer", reply: Answers.refused(refusal) }
})

const deliveredFor = async (serving: Serving, request: IncomingMessage, body: Uint8Array): Promise<Delivered> => {
  const host = request.headers.host ?? HOST
  const target = `http://${host}${request.url ?? "/"}`
  // A page in a browser can make a name of its own point here; such a request names that name.
  if (!URL.canParse(target) || !isLoopback(new URL(target).hostname)) return plain(Codes.notFound)
  const signed = {
    method: request.method ?? "GET",
    url: new URL(target),
    authorization: request.headers.authorization,
    dpop: request.headersDistinct["dpop"]?.join(),
    body
  }
  try {
    const answer = serving.answer(signed)
    if ("delivery" in answer) return answer
    // Who leaves meanwhile does not stop it, as with a real bank.
    if (answer.millis > 0) {
      serving.onHold({ ...answer.subject, fault: undefined, millis: answer.millis })
      await Effect.runPromise(serving.clock.sleep(Duration.millis(answer.millis)))
    }
    return answer.perform()
  } catch (cause) {
    if (cause instanceof SandboxStateNotWritten) return plain(Codes.notKept(cause.message))
    throw cause
  }
}

type Sent = Pick<Exchange, "responseBody" | "status">

/** What is sent, with the headers beside those of every answer. */
interface Whole extends Sent {
  readonly headers?: Answers.Reply["headers"]
}

const NOTHING: Sent = { status: 0, responseBody: "" }

/** Puts a delivery on the wire and says what goes out. */
const deliver = (serving: Serving, response: ServerResponse, delivered: Delivered): Sent => {
  const { delivery } = delivered
  switch (delivery._tag) {
    case "Held":
      hold(serving, response, delivered)
      return NOTHING
    case "Dropped":
      response.destroy()
      return NOTHING
    case "Garbage":
      return send(response, { status: 200, responseBody: GARBAGE })
    default:
      return deliverReply(serving, response, delivered, delivery)
  }
}

const deliverReply = (
  serving: Serving,
  response: ServerResponse,
  delivered: Delivered,
  delivery: Extract<Delivery, { readonly reply: Answers.Reply }>
): Sent => {
  const sent = { status: delivery.reply.status, responseBody: Json.stringify(delivery.reply.body, 2) }
  switch (delivery._tag) {
    case "Answer":
      return send(response, { ...sent, headers: delivery.reply.headers })
    case "Delayed":
      later(serving, response, delivery.millis, () => send(response, { ...sent, headers: delivery.reply.headers }))
      announce(serving, delivered, delivery.millis)
      return sent
    case "Cut": {
      const bytes = Buffer.from(sent.responseBody)
      const half = bytes.subarray(0, bytes.length >> 1)
      head(response, sent).write(half, () => response.destroy())
      return { ...sent, responseBody: half.toString("utf8") }
    }
    case "Twice":
      twice(response, sent)
      return sent
  }
}

const head = (response: ServerResponse, { headers, responseBody, status }: Whole): ServerResponse =>
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(responseBody),
    ...headers
  })

const send = (response: ServerResponse, whole: Whole): Sent => {
  head(response, whole).end(whole.responseBody)
  return { status: whole.status, responseBody: whole.responseBody }
}

/** Two whole answers in one piece, so that no client can leave between them. */
const twice = (response: ServerResponse, { responseBody, status }: Sent): void => {
  const text =
    `HTTP/1.1 ${status} OK\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(responseBody)}\r\n\r\n${responseBody}`
  response.socket?.end(text + text)
}

const announce = ({ onHold }: Serving, { chosen, subject }: Delivered, millis: number | undefined): void => {
  if (chosen !== undefined && subject !== undefined) onHold({ ...subject, fault: chosen.fault, millis })
}

/** Keeps the connection open until the client leaves. */
const hold = (serving: Serving, response: ServerResponse, delivered: Delivered): void => {
  serving.held.add(response)
  response.once("close", () => serving.held.delete(response))
  announce(serving, delivered, undefined)
}

/** Does something when time has passed, unless the client is gone by then. */
const later = ({ clock }: Serving, response: ServerResponse, millis: number, what: () => void): void => {
  const sleeping = Effect.runFork(Effect.andThen(clock.sleep(Duration.millis(millis)), Effect.sync(what)))
  response.once("close", () => void Effect.runFork(Fiber.interrupt(sleeping)))
}

/** Reads to the end in any case: who stops earlier closes the connection, and the answer with it. */
const readBody = async (request: IncomingMessage): Promise<Uint8Array | "tooLarge"> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size <= MAXIMUM_REQUEST_BYTES) chunks.push(chunk)
  }
  return size > MAXIMUM_REQUEST_BYTES ? "tooLarge" : Buffer.concat(chunks)
}
