/** A way to a server on which answers get lost: the server has done what it was asked, and nobody hears of it. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { afterAll, beforeAll } from "vitest"
import type { Dice } from "./Dice.ts"

/** A proxy for the surrounding `describe`. */
export interface LosingProxy {
  /** The server's URL by way of the proxy. */
  readonly url: () => string
  /** From now on this part of all answers is lost, and their connections with them; 0 in the beginning. */
  readonly lose: (probability: number) => void
  /** How many answers were lost. */
  readonly lost: () => number
}

/** Stands in front of the server of a URL. */
export const losingProxy = (server: () => string, random: Dice): LosingProxy => {
  let probability = 0
  let lost = 0
  const sockets = new Set<Socket>()
  const known = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on("error", () => undefined).on("close", () => sockets.delete(socket))
  }
  const proxy = createServer((client) => {
    const { hostname, port } = new URL(server())
    const upstream = known(connect(Number(port), hostname))
    known(client).on("close", () => upstream.destroy())
    upstream.on("close", () => client.destroy())
    client.pipe(upstream)
    upstream.on("data", (chunk) => {
      if (random.happens(probability)) {
        lost++
        client.destroy()
      } else client.write(chunk)
    })
  })
  beforeAll(() => new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve)))
  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  return {
    url: () => {
      const url = new URL(server())
      url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
      return url.href
    },
    lose: (part) => void (probability = part),
    lost: () => lost
  }
}
