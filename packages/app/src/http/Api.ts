/** The HTTP API, as one definition: the server, the OpenAPI document and the typed client come from it. */
import { Ids } from "@pointback/domain"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import manifest from "../../package.json" with { type: "json" }
import { Access } from "./Access.ts"
import * as Breaks from "./Breaks.ts"
import * as Documents from "./Documents.ts"
import * as History from "./History.ts"
import { FILE_BYTES } from "./Limits.ts"
import * as Answers from "./Answers.ts"
import * as Reports from "./Reports.ts"
import * as Operating from "./Operating.ts"
import { type NeededScope, Needs, OfAllPrograms, type ScopeName } from "./Scopes.ts"
import * as Shapes from "./Shapes.ts"

const program = { program: Ids.ProgramId }
const account = { ...program, account: Ids.AccountNumber }
const redemption = { ...account, redemption: Ids.RedemptionId }

/** The header by which a command may name its key. */
export const Keyed = { "idempotency-key": Schema.optionalKey(Schema.String.check(Schema.isMaxLength(256))) }

// Annotations change no type of an endpoint.
const does = <E extends HttpApiEndpoint.Constraint>(endpoint: E, scope: NeededScope, summary: string): E =>
  (endpoint as unknown as HttpApiEndpoint.Top).annotate(Needs, scope).annotate(OpenApi.Summary, summary) as unknown as E

/** An endpoint about all programs at once. */
const doesForAll = <E extends HttpApiEndpoint.Constraint>(endpoint: E, scope: ScopeName, summary: string): E =>
  (does(endpoint, scope, summary) as unknown as HttpApiEndpoint.Top).annotate(OfAllPrograms, true) as unknown as E

/** An uploaded file of records, one JSON object a line. */
const Upload = HttpApiSchema.StreamUint8Array({ contentType: "application/x-ndjson", maxBytes: FILE_BYTES })

/** What records something. */
export class Commands extends HttpApiGroup.make("commands")
  .add(
    does(
      HttpApiEndpoint.post("earn", "/accounts/:account/lots", {
        params: account,
        headers: Keyed,
        payload: Shapes.Earn,
        success: Shapes.Earning
      }),
      "write",
      "Record points that were earned, as a lot of their own; the lot is the key"
    ),
    does(
      HttpApiEndpoint.post("adjust", "/accounts/:account/adjustments", {
        params: account,
        headers: Keyed,
        payload: Shapes.Adjust,
        success: Shapes.Adjusted
      }),
      "write",
      "Add points to a lot, or take some from it; `key`, or `Idempotency-Key`, is the key"
    ),
    does(
      HttpApiEndpoint.post("redeem", "/accounts/:account/redemptions", {
        params: account,
        headers: Keyed,
        payload: Shapes.Redeem,
        success: Shapes.Redeemed
      }),
      "write",
      "Record a redemption; the redemption is the key"
    ),
    does(
      HttpApiEndpoint.post("alias", "/accounts/:account/aliases", {
        params: account,
        payload: Shapes.Alias,
        success: Shapes.Aliased
      }),
      "write",
      "Record that an account's number was replaced"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "What records something. A repetition under the same key changes nothing.") {}

/** What whoever answers for a program does. */
export class Administration extends HttpApiGroup.make("administration")
  .add(
    does(
      HttpApiEndpoint.post("expire", "/expiry", { params: program, payload: Shapes.Expire, success: Shapes.Swept }),
      "admin",
      "Book the points of lots that have expired"
    ),
    does(
      HttpApiEndpoint.post("erase", "/accounts/:account/erasure", {
        params: account,
        payload: Shapes.Erase,
        success: Shapes.Erased
      }),
      "admin",
      "Forget an account number for good; the history stays, anonymous"
    ),
    does(
      HttpApiEndpoint.post("setPolicy", "/policy", {
        params: program,
        payload: Shapes.PolicyChange,
        success: Shapes.Program
      }),
      "admin",
      "Write a version of the program's policy; what is not given stays as it is"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "What whoever answers for a program does.") {}

/** Credits, and what becomes of those of which nobody knows whether they happened. */
export class Credits extends HttpApiGroup.make("credits")
  .add(
    does(
      HttpApiEndpoint.post("credit", "/accounts/:account/redemptions/:redemption/credits", {
        params: redemption,
        headers: Keyed,
        payload: Shapes.Credit,
        success: [Shapes.Credited, Shapes.CreditUnknown]
      }),
      "write",
      "Give points of a redemption back, in full or in part; the credit id is the key"
    ),
    does(
      HttpApiEndpoint.get("inFlight", "/credits/in-flight", {
        params: program,
        query: Shapes.Paged,
        success: Answers.InFlight
      }),
      "read",
      "Credits of which nobody knows yet what became"
    ),
    does(
      HttpApiEndpoint.post("settle", "/settlement", {
        params: program,
        payload: Shapes.Settle,
        success: Shapes.Settled
      }),
      "decide",
      "Find out at Mastercard what became of credits in flight"
    ),
    does(
      HttpApiEndpoint.post("decide", "/accounts/:account/credits/:credit/decision", {
        params: { ...account, credit: Ids.CreditId },
        payload: Shapes.Decide,
        success: [Shapes.Credited, Shapes.CreditReleased]
      }),
      "decide",
      "Say what became of a credit that settling could not be certain of"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "Credits, and what settles those with an unknown outcome.") {}

/** Files of records. */
export class Files extends HttpApiGroup.make("files")
  .add(
    does(
      HttpApiEndpoint.post("importHistory", "/import", { params: program, payload: Upload, success: Answers.Imported }),
      "admin",
      "Import a history, account by account; unreadable lines import nothing"
    ),
    does(
      HttpApiEndpoint.post("creditMany", "/credits", {
        params: program,
        query: { inFlight: Shapes.InFlightCount, local: Schema.optionalKey(Shapes.Flag) },
        payload: Upload,
        success: Answers.ManyCredited
      }),
      "write",
      "Give points of many redemptions back, as the lines say; what became of each is answered"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "Files of records: NDJSON, one object a line.") {}

/** Questions. They change nothing. */
export class Questions extends HttpApiGroup.make("questions")
  .add(
    does(
      HttpApiEndpoint.get("policy", "/policy", { params: program, success: Shapes.Program }),
      "read",
      "The program's present policy"
    ),
    does(
      HttpApiEndpoint.get("aging", "/aging", {
        params: program,
        query: Answers.AgingQuery,
        success: Answers.Aging
      }),
      "read",
      "Which points the program holds, how old they are or how soon they expire"
    ),
    does(
      HttpApiEndpoint.get("accountAging", "/accounts/:account/aging", {
        params: account,
        query: Answers.AgingQuery,
        success: Answers.Aging
      }),
      "read",
      "Which points the account holds"
    ),
    does(
      HttpApiEndpoint.get("lots", "/lots", {
        params: program,
        query: { ...Answers.LotsQuery, ...Shapes.Paged },
        success: Answers.Lots
      }),
      "read",
      "Lots that hold points, by account, then in draw order, page by page"
    ),
    does(
      HttpApiEndpoint.get("verify", "/verification", { params: program, success: Answers.Verification }),
      "admin",
      "Check the log's hashes, and hold the ledger and the read models against the events"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "Questions. They change nothing.") {}

/** Questions about the past, on both clocks: the tables that finance works with. */
export class ReportsGroup extends HttpApiGroup.make("reports")
  .add(
    does(
      HttpApiEndpoint.get("statement", "/accounts/:account/statement", {
        params: account,
        query: Reports.StatementQuery,
        success: Reports.Statement
      }),
      "read",
      "What the account held, what happened to it, and what it holds"
    ),
    does(
      HttpApiEndpoint.get("rollForward", "/roll-forward", {
        params: program,
        query: Reports.RollForwardQuery,
        success: Reports.RollForward
      }),
      "read",
      "How the points outstanding moved from month to month"
    ),
    does(
      HttpApiEndpoint.get("rollForwardCell", "/roll-forward/events", {
        params: program,
        query: Reports.CellQuery,
        success: Reports.Cell
      }),
      "read",
      "The events of one cell of the roll-forward; they add up to it"
    ),
    does(
      HttpApiEndpoint.get("triangle", "/triangle", {
        params: program,
        query: Reports.TriangleQuery,
        success: Reports.Triangle
      }),
      "read",
      "What became of the points of each month, month after month"
    ),
    does(
      HttpApiEndpoint.get("schedule", "/schedule", {
        params: program,
        query: Reports.ScheduleQuery,
        success: Reports.Schedule
      }),
      "read",
      "What expires when"
    ),
    does(
      HttpApiEndpoint.get("restatement", "/restatement", {
        params: program,
        query: Reports.RestatementQuery,
        success: Reports.Restatement
      }),
      "read",
      "What was learned later about an instant: which numbers moved, and by which events"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "Questions about the past, on both clocks.") {}

/** Ledgers, tables and pages, for programs and people that are not ours. */
export class Downloads extends HttpApiGroup.make("downloads")
  .add(
    does(
      HttpApiEndpoint.get("ledger", "/export/ledger", {
        params: program,
        query: Documents.LedgerQuery,
        success: Documents.Ledger
      }),
      "admin",
      "The program's whole ledger as text, for hledger or Beancount"
    ),
    does(
      HttpApiEndpoint.get("table", "/export/tables/:table", {
        params: Documents.TableParams,
        query: Documents.TableQuery,
        success: Documents.Table
      }),
      "admin",
      "A table of the program's whole ledger as CSV: `journal`, `lots`, `events`, or `accounts` with their numbers"
    ),
    does(
      HttpApiEndpoint.get("page", "/report", {
        params: program,
        query: Documents.ReportQuery,
        success: Documents.Page
      }),
      "read",
      "A page that shows the program, for people to read"
    ),
    does(
      HttpApiEndpoint.get("accountPage", "/accounts/:account/report", {
        params: account,
        query: Documents.ReportQuery,
        success: Documents.Page
      }),
      "read",
      "A page that shows the account, for people to read"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "Ledgers, tables and pages. They are about an instant of knowledge that is safe.") {}

/** What happened to one account, with both clocks of each fact. */
export class Histories extends HttpApiGroup.make("histories")
  .add(
    does(
      HttpApiEndpoint.get("series", "/accounts/:account/history", {
        params: account,
        query: History.SeriesQuery,
        success: History.Series
      }),
      "read",
      "What the account held, how old it was and how much of it was restored, over time"
    ),
    does(
      HttpApiEndpoint.get("lot", "/accounts/:account/lots/:lot", {
        params: { ...account, lot: Ids.LotId },
        query: History.TimelineQuery,
        success: History.Lot
      }),
      "read",
      "The timeline of a lot: earned, drawn, restored, adjusted, expired"
    ),
    does(
      HttpApiEndpoint.get("redemptions", "/accounts/:account/redemptions", {
        params: account,
        query: History.RedemptionsQuery,
        success: History.Redemptions
      }),
      "read",
      "The account's redemptions as they are now, the latest first, page by page"
    ),
    does(
      HttpApiEndpoint.get("redemption", "/accounts/:account/redemptions/:redemption", {
        params: redemption,
        query: History.TimelineQuery,
        success: History.Redemption
      }),
      "read",
      "The timeline of a redemption: its draws, its credits and what became of each"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "What happened to one account, with both clocks of each fact.") {}

/** Reconciliations, and the breaks that they found. */
export class Reconciliations extends HttpApiGroup.make("reconciliations")
  .add(
    does(
      HttpApiEndpoint.get("runs", "/reconciliations", {
        params: program,
        query: Shapes.Paged,
        success: Breaks.Runs
      }),
      "read",
      "Runs of reconciliations, the last one first, page by page"
    ),
    does(
      HttpApiEndpoint.get("breakGroups", "/breaks/groups", {
        params: program,
        query: Breaks.GroupsQuery,
        success: Breaks.Groups
      }),
      "read",
      "How many breaks there are, and of how many points, by type, age or account"
    ),
    does(
      HttpApiEndpoint.get("breaks", "/breaks", { params: program, query: Breaks.Query, success: Breaks.Page }),
      "read",
      "What reconciliations found, open ones unless all are asked for, page by page"
    ),
    does(
      HttpApiEndpoint.get("oneBreak", "/breaks/:break", { params: Breaks.Params, success: Breaks.WithHistory }),
      "read",
      "One break, with its history"
    ),
    does(
      HttpApiEndpoint.post("acceptBreak", "/breaks/:break/acceptance", {
        params: Breaks.Params,
        payload: Breaks.Accept,
        success: Breaks.Accepted
      }),
      "decide",
      "Take an open break for settled, by name and reason"
    ),
    does(
      HttpApiEndpoint.post("reconcileStatement", "/reconciliations/statement", {
        params: program,
        query: Breaks.RunQuery,
        payload: Upload,
        success: Breaks.Reconciled
      }),
      "decide",
      "Hold the program against a statement, and list what differs"
    ),
    does(
      HttpApiEndpoint.post("reconcileMastercard", "/reconciliations/mastercard", {
        params: program,
        payload: Breaks.Run,
        success: Breaks.Reconciled
      }),
      "decide",
      "Hold the program against Mastercard, account by account, and list what differs"
    )
  )
  .middleware(Access)
  .prefix("/v1/programs/:program")
  .annotate(OpenApi.Description, "Reconciliations, and the breaks that they found.") {}

/** What whoever answers for the whole database does: it is about all programs, and the key must be for all of them. */
export class Operations extends HttpApiGroup.make("operations")
  .add(
    doesForAll(
      HttpApiEndpoint.get("heads", "/heads", { success: Operating.Heads }),
      "admin",
      "The heads of the log, to be kept elsewhere and verified against"
    ),
    doesForAll(
      HttpApiEndpoint.post("verifyLog", "/verification", {
        payload: Operating.Verify,
        success: Operating.LogVerification
      }),
      "admin",
      "Check all programs, and that the log still has the heads that are handed in"
    ),
    doesForAll(
      HttpApiEndpoint.post("rebuild", "/rebuild", { payload: Operating.Rebuild, success: Operating.Rebuilt }),
      "admin",
      "Make the ledger and the read models anew from the events, or compare them alone"
    )
  )
  .middleware(Access)
  .prefix("/v1")
  .annotate(OpenApi.Description, "The whole database, all programs at once.") {}

/** What whoever runs the server asks of it. */
export class System extends HttpApiGroup.make("system").add(
  HttpApiEndpoint.get("health", "/health", { success: Answers.Health }).annotate(
    OpenApi.Summary,
    "Whether the process answers; it asks nobody else"
  ),
  HttpApiEndpoint.get("ready", "/ready", { success: [Answers.Health, Answers.NotReady] }).annotate(
    OpenApi.Summary,
    "Whether the database answers with the schema that this version works with"
  )
) {}

/** What a key may do, told to whoever holds it. */
export class Keys extends HttpApiGroup.make("keys")
  .add(
    does(
      HttpApiEndpoint.get("ownKey", "/v1/key", { success: Answers.OwnKey }),
      "any",
      "What this key is called, what it may do, and for which programs"
    )
  )
  .middleware(Access) {}

/** What is watched. */
export class Watching extends HttpApiGroup.make("watching")
  .add(
    does(
      HttpApiEndpoint.get("metrics", "/metrics", { success: Answers.Exposition }),
      "metrics",
      "Metrics in Prometheus' text format"
    )
  )
  .middleware(Access) {}

/** The whole API. */
export class Api extends HttpApi.make("pointback")
  .add(Commands)
  .add(Credits)
  .add(Administration)
  .add(Files)
  .add(Questions)
  .add(ReportsGroup)
  .add(Downloads)
  .add(Histories)
  .add(Reconciliations)
  .add(Operations)
  .add(System)
  .add(Keys)
  .add(Watching)
  .annotate(HttpApi.PayloadParseOptions, { errors: "all", onExcessProperty: "error" })
  .annotate(HttpApi.QueryParseOptions, { errors: "all", onExcessProperty: "error" })
  .annotateMerge(
    OpenApi.annotations({
      title: "Pointback",
      version: manifest.version,
      description: "Gives redeemed loyalty points back correctly. Amounts are decimal strings, instants ISO 8601.",
      license: { name: "MIT", identifier: "MIT" }
    })
  ) {}
