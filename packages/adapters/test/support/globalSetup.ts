import { randomBytes } from "node:crypto"
import type { TestProject } from "vitest/node"
import { dropDatabasesOf } from "./Databases.ts"
import { startServer } from "./PostgresServer.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** A server where tests may create databases, and the prefix of the names of this run's databases. */
    readonly postgres: { readonly url: string; readonly prefix: string }
  }
}

/** One server for the whole run; whatever the run made on it is removed, also when tests failed. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const server = await startServer()
  const prefix = `pointback_test_${randomBytes(4).toString("hex")}_`
  project.provide("postgres", { url: server.url, prefix })
  return async () => {
    try {
      await dropDatabasesOf(server.url, prefix)
    } finally {
      await server.stop()
    }
  }
}
