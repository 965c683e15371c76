/** `pointback redemptions` */
import type { EventStore } from "@pointback/adapters"
import { Ids, Points } from "@pointback/domain"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { redemptions as ask } from "../../query/Redemptions.ts"
import { withBackend } from "../Backend.ts"
import { csv, exact } from "../Csv.ts"
import * as Flags from "../Flags.ts"
import * as HistoryJson from "../HistoryJson.ts"
import * as Input from "../Input.ts"
import * as Output from "../Output.ts"
import * as Report from "../Report.ts"

/** Redemptions unless another number is asked for: as many as somebody reads. */
const DEFAULT_LIMIT = 100

/** Redemptions at most: what one answer holds in memory. */
const MAXIMUM_LIMIT = 100_000

export const redemptions = Command.make(
  "redemptions",
  {
    program: Flags.program,
    account: Flags.account,
    limit: Flag.Int("limit").pipe(
      Flag.withDescription(`At most so many, the latest first [${DEFAULT_LIMIT}]`),
      Flag.withDefault(DEFAULT_LIMIT)
    ),
    format: Report.format
  },
  Effect.fn("redemptions")(function* (flags) {
    const { limit } = flags
    if (limit < 1 || limit > MAXIMUM_LIMIT) {
      const problem = `1 to ${MAXIMUM_LIMIT} is expected`
      return yield* new Input.InvalidInput({ flag: "limit", value: String(limit), problem })
    }
    const program = yield* Input.knownProgram(flags.program)
    const account = yield* Input.read(Ids.AccountNumber, "account", flags.account)
    // One more than is shown tells whether there are more.
    const found = yield* ask({ program, account, after: null, limit: limit + 1 })
    const shown = found.slice(0, limit)
    yield* Report.answer(flags.format, {
      json: () => ({ program, account, redemptions: shown.map(HistoryJson.summary), more: found.length > limit }),
      text: () => text(shown, found.length > limit),
      csv: () => toCsv(shown)
    })
  }, withBackend)
).pipe(Command.withDescription("List an account's redemptions as they are now, the latest first"))

const STATES: Readonly<Record<EventStore.RedemptionSummary["state"], string>> = {
  Outstanding: "outstanding",
  CreditPending: "credit in flight",
  CreditUnknown: "credit unknown",
  FullyCredited: "fully credited"
}

const HEAD = ["redemption", "redeemed", "type", "points", "credited", "remaining", "in flight", "state"]

const text = (found: ReadonlyArray<EventStore.RedemptionSummary>, more: boolean): string => {
  if (found.length === 0) return "no redemptions"
  const rows = found.map((one) => [
    one.redemptionId,
    Output.instantText(one.redeemedAt),
    one.redemptionType,
    Points.toString(one.points),
    Points.toString(one.credited),
    Points.toString(one.points - one.credited),
    one.pendingCredit === null ? "" : `${Points.toString(one.pending)} as ${one.pendingCredit}`,
    STATES[one.state]
  ])
  const table = Output.table(HEAD, rows, new Set(["points", "credited", "remaining"]))
  return more ? `${table}\nthere are earlier ones; --limit shows more` : table
}

const toCsv = (found: ReadonlyArray<EventStore.RedemptionSummary>): string =>
  csv(
    [
      "redemption",
      "redeemedAt",
      "type",
      "processedBy",
      "points",
      "credited",
      "remaining",
      "inFlight",
      "credit",
      "state"
    ],
    found
      .map(HistoryJson.summary)
      .map((one) => [
        one.redemption,
        exact(one.redeemedAt),
        exact(one.type),
        one.processedBy,
        exact(one.points),
        exact(one.credited),
        exact(one.remaining),
        exact(one.inFlight),
        one.credit,
        exact(one.state)
      ])
  )
