/**
 * Other event stores for TypeScript on PostgreSQL, each with one event to each of many streams at once, as their own
 * documentation says to append. They are not dependencies of ours: `pnpm bench` installs them beside the benchmark.
 */
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import type { Side } from "./Measure.ts"

/** Another store: makes its tables, and answers a side of `writers` that each append `each` events one by one. */
export interface Other {
  readonly name: string
  readonly appends: (writers: number, each: number) => Side
  readonly close: () => Promise<void>
}

const require = createRequire(new URL("./others/package.json", import.meta.url))

const resolve = (name: string): string => require.resolve(name)
const load = async (name: string): Promise<unknown> => import(pathToFileURL(resolve(name)).href)

const EMMETT = "@event-driven-io/emmett-postgresql"

const PAYLOAD = { creditId: "credit-1", points: "1", mode: "partial", remaining: "499", policyVersion: 0 }

const side =
  (prefix: string, append: (stream: string, version: number) => Promise<unknown>) =>
  (writers: number, each: number): Side => {
    let round = 0
    return async () => {
      const name = `${prefix}-${writers}-${round++}`
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let version = 1; version <= each; version++) await append(`${name}-${writer}`, version)
        })
      )
      return writers * each
    }
  }

interface Castore {
  readonly PostgresEventStorageAdapter: {
    new (options: { connectionString: string }): {
      pushEvent: (event: object, context: { eventStoreId: string }) => Promise<unknown>
      // It offers no other way to close its connections.
      _sql: { end: () => Promise<void> }
    }
    createEventTable: (options: object) => Promise<unknown>
  }
}

const castore = async (url: string): Promise<Other> => {
  const { PostgresEventStorageAdapter } = (await load("@castore/event-storage-adapter-postgres")) as Castore
  await PostgresEventStorageAdapter.createEventTable({
    connectionString: url,
    aggregateId: { type: "VARCHAR", length: 100 }
  })
  const store = new PostgresEventStorageAdapter({ connectionString: url })
  const append = (aggregateId: string, version: number) =>
    store.pushEvent(
      { aggregateId, version, type: "PartiallyCredited", payload: PAYLOAD },
      { eventStoreId: "redemptions" }
    )
  return { name: "castore", appends: side("castore", append), close: () => store._sql.end() }
}

interface Emmett {
  readonly getPostgreSQLEventStore: (url: string) => {
    readonly appendToStream: (stream: string, events: ReadonlyArray<object>, options: object) => Promise<unknown>
    readonly schema: { readonly migrate: () => Promise<unknown> }
    readonly close: () => Promise<void>
  }
}

const emmett = async (url: string): Promise<Other> => {
  const { getPostgreSQLEventStore } = (await load(EMMETT)) as Emmett
  const store = getPostgreSQLEventStore(url)
  await store.schema.migrate()
  const append = (stream: string, version: number) =>
    store.appendToStream(stream, [{ type: "PartiallyCredited", data: PAYLOAD }], {
      expectedStreamVersion: version === 1 ? "STREAM_DOES_NOT_EXIST" : BigInt(version - 1)
    })
  return { name: "emmett", appends: side("emmett", append), close: () => store.close() }
}

/** The other stores on a database of their own; none where they are not installed. */
export const open = async (url: string): Promise<ReadonlyArray<Other>> => {
  try {
    resolve(EMMETT)
  } catch {
    console.error("other event stores are not installed: `pnpm bench` does it; measuring without them")
    return []
  }
  return [await castore(url), await emmett(url)]
}
