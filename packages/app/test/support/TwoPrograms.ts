/** A database with two programs, each with a row in every table, and a user for each who is behind a wall. */
import { Ids } from "@pointback/domain"
import { Redacted } from "effect"
import { assert, beforeAll } from "vitest"
import { asAdministrator } from "../../../adapters/test/support/Databases.ts"
import { type WalledUser, walledUser } from "../../../adapters/test/support/WalledUser.ts"
import { commandLine, type Line, type Ran } from "./Cli.ts"
import { serverDatabase } from "./Databases.ts"
import { temporaryFolder, writeNew } from "./Files.ts"

export const OWN = Ids.ProgramId.make("rewards")
export const OTHER = Ids.ProgramId.make("travel")

export const ACCOUNT = "220094110178641288073796026652"

const statement = (program: string): string =>
  [
    { kind: "statement", program, from: "2025-12-01T00:00:00Z", to: "2026-02-01T00:00:00Z" },
    {
      kind: "redemption",
      account: ACCOUNT,
      redemption: "R9",
      points: "5",
      at: "2026-01-25T00:00:00Z",
      reference: "m4"
    },
    {}
  ]
    .map((line) => JSON.stringify(line))
    .join("\n")

/** What fills a program; each line is tried by the owner and, for his own program, by who is behind the wall. */
export const commandsOf = (program: string): ReadonlyArray<string> => {
  const of = `--program ${program} --account ${ACCOUNT}`
  return [
    `program set ${program} --expired-lots extend:30`,
    `earn ${of} --lot A --points 100 --earned-at 2025-01-10 --expires-at 2026-01-10`,
    `earn ${of} --lot B --points 100 --earned-at 2025-03-10`,
    `redeem ${of} --redemption R1 --points 150 --processed-by E078562 --type TRAVEL --at 2025-12-01`,
    `credit ${of} --redemption R1 --credit-id c1 --points 70 --at 2026-01-05 --local`,
    `adjust ${of} --lot B --points 5 --reason gift --key k1 --at 2026-01-21`,
    `alias ${of} --new-account 330094110178641288073796026652`,
    `earn --program ${program} --account 4400941101 --lot A --points 5 --earned-at 2025-01-10`,
    `erase --program ${program} --account 4400941101 --actor me --reason asked`,
    `expire --program ${program} --as-of 2026-12-31`
  ]
}

/** Reconciles a program in a run of its name; breaks are left, so it ends with 4. */
export const reconcile = (folder: string, program: string): string =>
  `reconcile --program ${program} --statement ${writeNew(folder, statement(program))} --run run-${program} --at 2026-02-01`

export interface TwoPrograms {
  /** Types a command line as the owner, as who is behind the wall of `OWN`, or of `OTHER`. */
  readonly typeAs: (user: "owner" | "own" | "other") => (line: Line) => Promise<Ran>
  readonly owner: () => Redacted.Redacted
  readonly own: () => WalledUser
  readonly other: () => WalledUser
  readonly folder: string
}

/** For the surrounding file or `describe`. */
export const twoPrograms = (): TwoPrograms => {
  const database = serverDatabase()
  const folder = temporaryFolder()
  const users: { own?: WalledUser; other?: WalledUser } = {}
  const owner = () => Redacted.make(database())
  const urlOf = { owner, own: () => users.own!.url, other: () => users.other!.url }
  const typeAs: TwoPrograms["typeAs"] = (user) => commandLine(() => Redacted.value(urlOf[user]()))
  beforeAll(async () => {
    for (const program of [OWN, OTHER]) {
      for (const line of commandsOf(program)) {
        const { code, err } = await typeAs("owner")(line)
        assert.strictEqual(code, 0, `${line}: ${err}`)
      }
      const { code, err } = await typeAs("owner")(reconcile(folder, program))
      assert.strictEqual(code, 4, err)
    }
    users.own = await walledUser(owner(), OWN)
    users.other = await walledUser(owner(), OTHER)
    for (const { role, url } of [users.own, users.other]) {
      await asAdministrator(Redacted.value(url), (client) =>
        client.query("insert into pointback.subscriptions (name, positions) values ($1, '{0,0,0,0,0,0,0,0}')", [
          `of ${role}`
        ])
      )
    }
  })
  return { typeAs, owner, own: () => users.own!, other: () => users.other!, folder }
}
