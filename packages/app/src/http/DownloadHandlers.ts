/** Sends ledgers, tables and pages. */
import { PolicyStore } from "@pointback/adapters"
import { type Aging, type Ids, Instant } from "@pointback/domain"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { now } from "../command/Now.ts"
import * as ExportPart from "../export/ExportPart.ts"
import type { ExportHead } from "../export/LedgerText.ts"
import { defaultFrom } from "../report/DefaultFrom.ts"
import * as AnswerHeader from "./AnswerHeader.ts"
import { Api } from "./Api.ts"
import * as Download from "./Download.ts"
import * as ErrorProblem from "./ErrorProblem.ts"
import { type Handlers, moment, question } from "./Handling.ts"
import { LongJobs } from "./LongJobs.ts"

/** The instant of knowledge that a download is about, for whoever asks for the other ones of the same. */
const KNOWN_AT = "pointback-known-at"

/** A file of this name is sent, about the program as known at the instant that was asked for. */
const download = Effect.fnUntraced(
  function* (
    program: Ids.ProgramId,
    { knownAt, name }: { readonly knownAt: string | undefined; readonly name: string },
    writing: (head: ExportHead) => Download.Writing
  ) {
    // Held until the last piece is sent: the scope is that of the request.
    yield* LongJobs.use(({ place }) => place)
    const head = yield* ExportPart.exportHead(program, (yield* moment(program, "knownAt", knownAt)) ?? null)
    yield* AnswerHeader.set(KNOWN_AT, Instant.toString(head.knownAt))
    yield* AnswerHeader.set("content-disposition", `attachment; filename="${name}"`)
    return yield* Download.body(writing(head))
  },
  Effect.mapError((error) => ErrorProblem.of(error, "query"))
)

interface PageQuery {
  readonly asOf?: string
  readonly from?: string
  readonly knownAt?: string
  readonly basis?: Aging.Basis
}

const page = Effect.fnUntraced(function* (
  program: Ids.ProgramId,
  account: Ids.AccountNumber | null,
  { basis = "age", ...query }: PageQuery
) {
  const asOf = (yield* moment(program, "asOf", query.asOf)) ?? (yield* now)
  const knownAt = (yield* moment(program, "knownAt", query.knownAt)) ?? null
  const { policy } = yield* (yield* PolicyStore).current(program)
  const from = (yield* moment(program, "from", query.from)) ?? defaultFrom(policy.zone, asOf)
  // Nothing else of the server needs what draws and renders, nor the time that loading it takes.
  const { contentPolicy, page: html } = yield* Effect.promise(() => import("../report/Page.ts"))
  const { reportData } = yield* Effect.promise(() => import("../report/ReportData.ts"))
  const data = yield* reportData({ program, account, asOf, from, knownAt, basis })
  yield* AnswerHeader.set(KNOWN_AT, Instant.toString(data.knownAt))
  yield* AnswerHeader.set("content-security-policy", `${contentPolicy(data)}; frame-ancestors 'none'`)
  return html(data)
})

/** The handlers of the group `downloads`. */
export const layer: Handlers<"downloads"> = HttpApiBuilder.group(Api, "downloads", (handlers) =>
  handlers.handleAll({
    ledger: ({ params: { program }, query: { format, knownAt, numbers } }) =>
      download(
        program,
        { knownAt, name: format === "hledger" ? "ledger.journal" : "ledger.beancount" },
        (head) => (write) => ExportPart.writeLedger(format, head, numbers === "true", { write })
      ),
    table: ({ params: { program, table }, query: { knownAt } }) =>
      download(
        program,
        { knownAt, name: `${table}.csv` },
        (head) => (write) => ExportPart.writeTable(table, head, { write })
      ),
    page: ({ params: { program }, query }) => question(page(program, null, query)),
    accountPage: ({ params: { account, program }, query }) => question(page(program, account, query))
  })
)
