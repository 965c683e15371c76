/** Applications as processes of their own, which share a database. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"
import { temporaryFolder } from "./Files.ts"
import * as Journal from "./Journal.ts"
import type { Order } from "./Order.ts"
import { CACHE } from "./Process.ts"
import type { FromWorker, Task, ToWorker } from "./WorkerProtocol.ts"

const WORKER = fileURLToPath(new URL("Worker.ts", import.meta.url))

/** A task that an application was given. */
export interface Work {
  readonly orders: ReadonlyArray<Order>
  /** What it has sent and been told by now. */
  readonly journal: () => Journal.Journal
  /** Resolves when it has answered what it began, or was killed; rejects when it ended by itself. */
  readonly ended: Promise<void>
}

/** An application that is running. */
export interface Worker {
  /** Begins to carry out orders; one task at a time. */
  readonly work: (orders: ReadonlyArray<Order>, manner: Pick<Task, "inFlight" | "pause">) => Work
  /** It begins no further order. */
  readonly stop: () => void
  /** Ends it by SIGKILL. */
  readonly kill: () => Promise<void>
}

const say = (child: ChildProcess, message: ToWorker): void => void (child.connected && child.send(message))

/** Starts applications on a database for the surrounding `describe`; those that still run after it are killed. */
export const startWorkers = (database: () => string, environment: () => Readonly<Record<string, string>>) => {
  const folder = temporaryFolder()
  const running = new Set<ChildProcess>()
  let tasks = 0
  let over = false
  afterAll(() => {
    over = true
    for (const child of running) child.kill("SIGKILL")
  })

  return async (): Promise<Worker> => {
    const child = fork(WORKER, [database()], {
      stdio: ["ignore", "inherit", "pipe", "ipc"],
      env: { ...process.env, NODE_COMPILE_CACHE: CACHE, ...environment() }
    })
    running.add(child)
    let errors = ""
    let killed = false
    const isExpected = () => killed || over
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text))
    const closed = once(child, "close").then(() => void running.delete(child))
    const said = (type: FromWorker["type"]): Promise<void> =>
      new Promise((resolve, reject) => {
        const listen = (message: FromWorker) => {
          if (message.type !== type) return
          child.off("message", listen)
          resolve()
        }
        child.on("message", listen)
        void closed.then(() => (isExpected() ? resolve() : reject(new Error(`A worker ended by itself:\n${errors}`))))
      })
    await said("ready")
    return {
      work: (orders, manner) => {
        const journal = join(folder, `task-${tasks++}.ndjson`)
        const ended = said("worked")
        say(child, { type: "work", task: { ...manner, journal, orders } })
        return { orders, journal: () => Journal.read(journal), ended }
      },
      stop: () => say(child, { type: "stop" }),
      kill: async () => {
        killed = true
        child.kill("SIGKILL")
        await closed
      }
    }
  }
}
