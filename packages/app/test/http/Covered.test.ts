/** Every command of the command line has its addresses, or a reason for having none. */
import { OpenApi } from "effect/http-api"
import { describe, expect, it } from "vitest"
import { Api } from "../../src/http/Api.ts"
import { commandLine } from "../support/Cli.ts"

/** The operations that do what a command does, or why none does. */
const COVERED: Readonly<Record<string, ReadonlyArray<string> | string>> = {
  demo: "tells a story on a database of its own, for whoever tries the library out",
  migrate: "upgrades the schema that the server itself depends on; an operator does it before its processes start",
  "program set": ["administration.setPolicy"],
  "program-role grant": "puts up walls in the database, which its owner does by a login of his own",
  "program-role revoke": "takes walls down, as above",
  "program-role list": "shows roles of the database, as above",
  earn: ["commands.earn"],
  adjust: ["commands.adjust"],
  alias: ["commands.alias"],
  redeem: ["commands.redeem"],
  credit: ["credits.credit"],
  credits: ["files.creditMany"],
  settle: ["credits.settle", "credits.decide"],
  expire: ["administration.expire"],
  import: ["files.importHistory"],
  generate: "writes a program that never was to a folder of whoever tries the library out",
  aging: ["questions.aging", "questions.accountAging", "questions.lots"],
  history: ["histories.series", "histories.lot", "histories.redemption"],
  redemptions: ["histories.redemptions"],
  export: ["downloads.ledger", "downloads.table"],
  report: ["downloads.page", "downloads.accountPage"],
  "roll-forward": ["reports.rollForward", "reports.rollForwardCell"],
  triangle: ["reports.triangle"],
  schedule: ["reports.schedule"],
  statement: ["reports.statement"],
  restatement: ["reports.restatement"],
  verify: ["questions.verify", "operations.verifyLog"],
  reconcile: ["reconciliations.reconcileStatement", "reconciliations.reconcileMastercard"],
  breaks: ["reconciliations.breaks", "reconciliations.oneBreak", "reconciliations.breakGroups"],
  "breaks accept": ["reconciliations.acceptBreak"],
  rebuild: ["operations.rebuild"],
  heads: ["operations.heads"],
  erase: ["administration.erase"],
  sandbox: "is a server of its own, for tests",
  simulate: "plays histories on databases of its own, for tests",
  serve: "is what answers",
  "api-key": "makes the keys that let anybody in; whoever may write the file of keys may make one"
}

/** Operations that are more than the command line has, and why. */
const BESIDES: Readonly<Record<string, string>> = {
  "credits.inFlight": "the command line names them when it settles",
  "keys.ownKey": "the command line knows no keys",
  "questions.policy": "the command line prints it when it sets one",
  "reconciliations.runs": "on the command line whoever began a run has its id",
  "system.health": "about the server",
  "system.ready": "about the server",
  "watching.metrics": "about the server"
}

/** The commands below a command, by what its help lists. */
const below = async (command: string): Promise<ReadonlyArray<string>> => {
  const type = commandLine(() => "nowhere")
  const { code, out } = await type([...command.split(" "), "--help"].filter((word) => word !== ""))
  expect(code).toBe(0)
  const [, list = ""] = out.split("SUBCOMMANDS\n")
  return Array.from(list.matchAll(/^ {2}([a-z][a-z-]*) {2,}/gm), ([, name]) => `${command} ${name}`.trim())
}

const LISTED = Object.values(
  (OpenApi.fromApi(Api) as unknown as { paths: Record<string, Record<string, { operationId: string }>> }).paths
).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))

/** Commands that only hold others together. */
const HOLDERS = new Set(["program", "program-role"])

describe("the command line and the HTTP API", () => {
  it("every command has its operations, or a reason for having none", async () => {
    const first = await below("")
    const second = (await Promise.all(first.map(below))).flat()
    const commands = [...first, ...second].filter((command) => !HOLDERS.has(command))
    expect(commands.length).toBeGreaterThan(30)
    expect(commands.toSorted()).toEqual(Object.keys(COVERED).toSorted())
  })

  it("every operation does what a command does, or is named with a reason", () => {
    const covering = Object.values(COVERED).flatMap((by) => (typeof by === "string" ? [] : by))
    expect([...covering, ...Object.keys(BESIDES)].toSorted()).toEqual(LISTED.toSorted())
  })
})
