/** Real servers on this machine that answer wrongly, late, in part or not at all. */
import { Effect, type Scope } from "effect"
import { type AddressInfo, createServer, type Server, type Socket } from "node:net"

/** A server, and what reached it. */
export interface Misbehaving {
  readonly url: URL
  /** The requests that arrived, as text. */
  readonly requests: ReadonlyArray<string>
  /** Connections that were made. */
  readonly connections: () => number
  /** Resolves when the client has closed every connection. */
  readonly allClosed: () => Promise<void>
}

/** Listens until the scope closes. `behave` gets each connection, and the request once its head and body are there. */
export const serve = (behave: {
  readonly onConnection?: (socket: Socket) => void
  readonly onRequest?: (socket: Socket, request: string) => void
}): Effect.Effect<Misbehaving, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => listen(behave)),
      ({ close }) => Effect.promise(close)
    ),
    ({ server }) => server
  )

const listen = async (behave: Parameters<typeof serve>[0]) => {
  const sockets = new Set<Socket>()
  const requests: Array<string> = []
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on("error", () => {})
    socket.on("close", () => sockets.delete(socket))
    behave.onConnection?.(socket)
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      if (!isComplete(text)) return
      requests.push(text)
      behave.onRequest?.(socket, text)
      text = ""
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    server: {
      url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/loyalty`),
      requests,
      connections: () => connections,
      allClosed: async () => {
        await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.on("close", resolve))))
      }
    } satisfies Misbehaving,
    close: () => closeAll(server, sockets)
  }
}

const isComplete = (text: string): boolean => {
  const end = text.indexOf("\r\n\r\n")
  const length = /content-length: (\d+)/i.exec(text)?.[1] ?? "0"
  return end !== -1 && text.length - end - 4 >= Number(length)
}

const closeAll = (server: Server, sockets: Set<Socket>) => {
  for (const socket of sockets) socket.destroy()
  return new Promise<void>((resolve) => server.close(() => resolve()))
}

/** An answer in full, as it goes over the wire. */
export const answer = (status: number, body: string): string =>
  `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
