/** The command line as a user who has nothing but the role of applications. */
import { Redacted } from "effect"
import { assert, beforeAll, describe, it } from "vitest"
import { applicationUser } from "../../../adapters/test/support/ApplicationUser.ts"
import { earned } from "../import/Records.ts"
import { commandLine } from "../support/Cli.ts"
import { serverDatabase } from "../support/Databases.ts"
import { ndjson, temporaryFolder, writeNew } from "../support/Files.ts"

const OF = "--program program --account 220094110178641288073796026652"

const COMMANDS = [
  "program set program --scale 2 --expired-lots extend:30",
  `earn ${OF} --lot A --points 100 --earned-at 2025-01-10 --expires-at 2026-01-10`,
  `earn ${OF} --lot B --points 100 --earned-at 2025-03-10`,
  `redeem ${OF} --redemption R1 --points 150 --processed-by E078562 --type TRAVEL --at 2025-12-01`,
  `credit ${OF} --redemption R1 --credit-id c1 --points 70 --at 2026-01-05 --local`,
  `adjust ${OF} --lot B --points 5 --reason gift --key k1 --at 2026-01-21`,
  "expire --program program --as-of 2026-12-31",
  `aging ${OF} --as-of 2026-02-01 --basis age`,
  "aging --program program --as-of 2026-02-01 --basis to-expiry",
  "verify"
]

describe("a user with the role of applications", () => {
  const owner = serverDatabase()
  const folder = temporaryFolder()
  let url = ""
  beforeAll(async () => {
    url = Redacted.value(await applicationUser(Redacted.make(owner())))
  })
  const type = commandLine(() => url)

  it.each(COMMANDS)("can run %s", async (line) => {
    const { code, err } = await type(line)
    assert.strictEqual(code, 0, err)
  })

  it("can import, and erase an account", async () => {
    const file = writeNew(folder, ndjson([earned("1234567890", "X", "5")]))
    const imported = await type(["import", file])
    assert.strictEqual(imported.code, 0, imported.err)
    const erased = await type(`erase --program program --account 1234567890 --actor me --reason asked`)
    assert.strictEqual(erased.code, 0, erased.err)
    const verified = await type("verify")
    assert.strictEqual(verified.code, 0, verified.out)
  })
})
