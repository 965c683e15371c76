import { randomBytes } from "node:crypto"
import type { Ids } from "@pointback/domain"
import { Effect, Redacted } from "effect"
import { afterAll } from "vitest"
import * as PostgresDatabase from "../../src/database/PostgresDatabase.ts"
import * as ProgramRoles from "../../src/program/ProgramRoles.ts"
import { asAdministrator } from "./Databases.ts"

/** A role that is held to programs, and a user who may log in and has nothing but that role. */
export interface WalledUser {
  readonly role: string
  readonly name: string
  readonly url: Redacted.Redacted
}

/** Roles belong to the server, so each test has names of its own, and leaves none behind. */
export const walledUser = async (owner: Redacted.Redacted, program: Ids.ProgramId): Promise<WalledUser> => {
  const role = `wall_${randomBytes(6).toString("hex")}`
  const name = `${role}_login`
  const administrator = Redacted.value(owner)
  const granting = ProgramRoles.grant(role, [program])
  await Effect.runPromise(Effect.provide(granting, PostgresDatabase.layer({ url: owner })))
  await asAdministrator(administrator, async (client) => {
    await client.query(`create user ${name} password '${name}'`)
    await client.query(`grant ${role} to ${name}`)
  })
  const server = new URL(administrator)
  server.pathname = "/postgres"
  // Its rights are gone with the database.
  afterAll(() => asAdministrator(server.href, (client) => client.query(`drop user ${name}; drop role ${role}`)))
  const url = Object.assign(new URL(administrator), { username: name, password: name })
  return { role, name, url: Redacted.make(url.href) }
}
