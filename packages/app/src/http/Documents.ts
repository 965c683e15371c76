/** What downloads ask: ledgers, tables and report pages. */
import { Ids } from "@pointback/domain"
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import { LEDGERS, TABLES } from "../export/ExportNames.ts"
import { Basis, Flag, When } from "./Shapes.ts"

const optional = Schema.optionalKey
const known = { knownAt: optional(When) }

export const LedgerQuery = {
  format: Schema.Literals(LEDGERS),
  ...known,
  numbers: optional(Flag)
}
export const TableParams = { program: Ids.ProgramId, table: Schema.Literals(TABLES) }
export const TableQuery = known
export const ReportQuery = {
  asOf: optional(When),
  from: optional(When),
  ...known,
  basis: optional(Basis)
}

/** A ledger as text, piece by piece. */
export const Ledger = HttpApiSchema.StreamUint8Array({ contentType: "text/plain; charset=utf-8" })

/** A table as CSV, piece by piece. */
export const Table = HttpApiSchema.StreamUint8Array({ contentType: "text/csv; charset=utf-8; header=present" })

/** A page that needs nothing else. */
export const Page = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/html; charset=utf-8" }))
