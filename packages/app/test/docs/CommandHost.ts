/**
 * Runs the command line for shells, inside this process: compiling its sources anew for each command would take most of
 * the time. A program `pointback` in a folder of the shells' PATH hands over its arguments, folder and environment, and
 * prints what comes back.
 */
import { chmodSync, writeFileSync } from "node:fs"
import { createServer, type Server, type Socket } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Clock, ConfigProvider, Console, Duration, Effect, Fiber } from "effect"
import { run } from "../../src/cli/Main.ts"

/** Set in the environment of a command that goes on: how many lines it prints before the shell goes on, too. */
export const GOES_ON = "DOCS_GOES_ON_AFTER_LINES"

/** A server that did not say by then what the page shows will not. */
const PATIENCE_MS = 20_000

const CLIENT = (port: number) => `#!/usr/bin/env bash
exec 3<>/dev/tcp/127.0.0.1/${port}
{ printf '%s\\0' "$PWD" "$#" "$@"; env -0; printf '\\0'; } >&3
read -r code out err <&3
head -c "$out" <&3
head -c "$err" <&3 >&2
exit "$code"
`

interface Asked {
  readonly folder: string
  readonly args: ReadonlyArray<string>
  readonly environment: Readonly<Record<string, string>>
}

/** What a client sent, once it is whole. */
const readAsked = (bytes: Buffer): Asked | undefined => {
  const text = bytes.toString("utf8")
  if (!text.endsWith("\0\0")) return undefined
  const [folder = "", count = "0", ...rest] = text.slice(0, -2).split("\0")
  const args = rest.slice(0, Number(count))
  const environment = Object.fromEntries(
    rest.slice(Number(count)).map((entry) => {
      const equals = entry.indexOf("=")
      return [entry.slice(0, equals), entry.slice(equals + 1)] as const
    })
  )
  return { folder, args, environment }
}

interface Running {
  readonly fiber: Fiber.Fiber<number>
  readonly out: Array<string>
  readonly err: Array<string>
}

/** A clock of the host's commands and servers, which pages set forward where a reader would wait. */
class HostClock implements Clock.Clock {
  #ahead = 0

  /** Milliseconds since 1970. */
  currentTimeMillisUnsafe(): number {
    return Date.now() + this.#ahead
  }

  currentTimeNanosUnsafe(): bigint {
    return BigInt(this.currentTimeMillisUnsafe()) * 1_000_000n
  }

  monotonicTimeNanosUnsafe(): bigint {
    return process.hrtime.bigint()
  }

  readonly currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
  readonly currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
  readonly monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.promise((signal) => sleep(Duration.toMillis(duration), undefined, { signal }))
  }

  setForward(milliseconds: number): void {
    this.#ahead += milliseconds
  }

  reset(): void {
    this.#ahead = 0
  }
}

const begin = ({ args, environment, folder }: Asked, clock: HostClock): Running => {
  process.chdir(folder)
  const out: Array<string> = []
  const err: Array<string> = []
  const into =
    (lines: Array<string>) =>
    (...parts: ReadonlyArray<unknown>) =>
      void lines.push(`${parts.join(" ")}\n`)
  const captured = { ...globalThis.console, log: into(out), error: into(err), warn: into(err) }
  const fiber = run(args).pipe(
    Effect.provideService(Console.Console, captured),
    Effect.provideService(Clock.Clock, clock),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: environment })),
    Effect.runFork
  )
  return { fiber, out, err }
}

/** Any free port in place of the one that is shown, which somebody may have. */
const withFreePort = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const at = args.indexOf("--port")
  return [...(at === -1 ? args : [...args.slice(0, at), ...args.slice(at + 2)]), "--port", "0"]
}

const lineCount = (running: Running): number => [...running.out, ...running.err].join("").split("\n").length - 1

/** The host, as tests use it. */
export interface CommandHost {
  /** Makes the program `pointback` in a folder. */
  readonly install: (folder: string) => void
  /** Sets the clock of commands and servers forward, in place of waiting. */
  readonly later: (milliseconds: number) => void
  /** Ends the servers that were started, and goes back to the folder and the time where it began. */
  readonly endAll: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts a host on this machine. */
export const startCommandHost = async (): Promise<CommandHost> => {
  const home = process.cwd()
  const goingOn: Array<Running> = []
  const clock = new HostClock()

  const answer = async (asked: Asked): Promise<readonly [code: number, out: string, err: string]> => {
    const lines = asked.environment[GOES_ON]
    if (lines === undefined) {
      const running = begin(asked, clock)
      const code = await Effect.runPromise(Fiber.join(running.fiber))
      return [code, running.out.join(""), running.err.join("")]
    }
    const running = begin({ ...asked, args: withFreePort(asked.args) }, clock)
    goingOn.push(running)
    const deadline = Date.now() + PATIENCE_MS
    while (lineCount(running) < Number(lines) && Date.now() < deadline) await sleep(20)
    return [0, running.out.join(""), running.err.join("")]
  }

  const serve = (socket: Socket): void => {
    let received = Buffer.alloc(0)
    socket.on("error", () => undefined)
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk])
      const asked = readAsked(received)
      if (asked === undefined) return
      void answer(asked)
        .catch((error: unknown) => [70, "", `${String(error)}\n`] as const)
        .then(([code, out, err]) => {
          socket.end(`${code} ${Buffer.byteLength(out)} ${Buffer.byteLength(err)}\n${out}${err}`)
        })
    })
  }

  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))

  const endAll = async (): Promise<void> => {
    await Promise.all(goingOn.splice(0).map(({ fiber }) => Effect.runPromise(Fiber.interrupt(fiber))))
    process.chdir(home)
    clock.reset()
  }

  return {
    install: (folder) => {
      const file = join(folder, "pointback")
      writeFileSync(file, CLIENT(portOf(server)))
      chmodSync(file, 0o755)
    },
    later: (milliseconds) => clock.setForward(milliseconds),
    endAll,
    close: async () => {
      await endAll()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

const portOf = (server: Server): number => {
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("the host does not listen")
  return address.port
}
