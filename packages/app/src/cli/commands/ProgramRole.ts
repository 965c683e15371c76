/** `pointback program-role` */
import { Database, ProgramRoles } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Array, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { UnknownRole } from "../../error/AppError.ts"
import { withBackend } from "../Backend.ts"
import { InvalidInput } from "../Input.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"

const role = Flag.String("role").pipe(Flag.withDescription("The role of the database"))

// The embedded database has one user, who owns it.
const requireServer = Effect.gen(function* () {
  const { dialect } = yield* Database
  if (dialect === "postgres") return
  const problem = "the embedded database has no roles that log in; a PostgreSQL server is needed"
  return yield* new InvalidInput({ flag: "database", value: "", problem })
})

const grant = Command.make(
  "grant",
  {
    role,
    program: Flag.String("program").pipe(
      Flag.withDescription("A program that it sees; may be repeated, and replaces those that it saw before"),
      Flag.atLeast(1)
    )
  },
  Effect.fn("program-role grant")(function* (flags) {
    yield* requireServer
    const programs = yield* Effect.forEach(flags.program, (program) => Input.read(Ids.ProgramId, "program", program))
    if (!Array.isReadonlyArrayNonEmpty(programs)) return
    yield* ProgramRoles.grant(flags.role, programs)
    yield* Output.answer(
      { role: flags.role, programs },
      () => `${flags.role} sees ${programs.join(", ")} and nothing else`
    )
  }, withBackend)
).pipe(Command.withDescription("Make a role that sees and writes some programs only"))

const revoke = Command.make(
  "revoke",
  { role },
  Effect.fn("program-role revoke")(function* (flags) {
    yield* requireServer
    if (!(yield* ProgramRoles.revoke(flags.role))) return yield* new UnknownRole({ role: flags.role })
    yield* Output.answer({ role: flags.role, programs: [] }, () => `${flags.role} has no rights here any more`)
  }, withBackend)
).pipe(Command.withDescription("Take its programs and all rights from such a role"))

const list = Command.make(
  "list",
  {},
  Effect.fn("program-role list")(function* () {
    yield* requireServer
    const roles = yield* ProgramRoles.list
    yield* Output.answer(
      { roles: roles.map((one) => ({ ...one, logins: one.logins.map((login) => ({ ...login })) })) },
      () => (roles.length === 0 ? "no role is held to programs" : table(roles))
    )
  }, withBackend)
).pipe(Command.withDescription("List such roles, with who logs in by them"))

export const programRole = Command.make("program-role").pipe(
  Command.withDescription("Roles of the database that see and write some programs only"),
  Command.withSubcommands([grant, revoke, list])
)

const table = (roles: ReadonlyArray<ProgramRoles.ProgramRole>): string =>
  Output.table(
    ["role", "programs", "logins"],
    roles.map(({ exists, logins, programs, role: name }) => [
      exists ? name : `${name} (not on this server)`,
      programs.join(", "),
      logins
        .map((login) => (login.seesAll ? `${login.name} (sees every program by another role)` : login.name))
        .join(", ")
    ])
  )
