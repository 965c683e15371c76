/** `pointback aging` */
import { Ids, Points } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { now } from "../../command/Now.ts"
import type { AgingAnswer } from "../../query/Aging.ts"
import { aging as ask } from "../../query/Aging.ts"
import { withBackend } from "../Backend.ts"
import { bar } from "../Bar.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"

export const aging = Command.make(
  "aging",
  {
    program: Flags.program,
    account: Flags.account.pipe(Flag.withDescription("The account number [the whole program]"), Flag.optional),
    asOf: Flag.String("as-of").pipe(
      Flag.withDescription("As of an instant, or of the first instant of a date [now]"),
      Flag.withMetavar("instant"),
      Flag.optional
    ),
    basis: Flag.Literals("basis", ["age", "to-expiry"]).pipe(
      Flag.withDescription("Days since they were earned, or days until they expire"),
      Flag.withDefault("age")
    ),
    lots: Flag.Boolean("lots").pipe(Flag.withDescription("List the lots as well"), Flag.withDefault(false))
  },
  Effect.fn("aging")(function* (flags) {
    const program = yield* Input.read(Ids.ProgramId, "program", flags.program)
    const account = Option.isNone(flags.account)
      ? null
      : yield* Input.read(Ids.AccountNumber, "account", flags.account.value)
    const asOf = (yield* Input.optionalMoment(program, "as-of", flags.asOf)) ?? (yield* now)
    const answer = yield* ask({ program, account, asOf, basis: flags.basis })
    yield* Output.answer(Json.aging(answer, flags.lots), () => text(answer, flags.lots))
  }, withBackend)
).pipe(Command.withDescription("Which points are held, how old they are or how soon they expire"))

const NUMERIC = new Set(["points", "lots", "accounts", "restored"])

const text = (answer: AgingAnswer, withLots: boolean): string => {
  const { account, asOf, basis, buckets, total } = answer
  const title = basis === "age" ? "days old" : "days to expiry"
  const rows = buckets.map((bucket) => [
    bucket.bucket,
    Points.toString(bucket.points),
    String(bucket.lots),
    String(bucket.accounts),
    Points.toString(bucket.restored),
    bar(bucket.points, total)
  ])
  return [
    `${Output.pointsText(total)} ${account === null ? `in program ${answer.program}` : `in account ${account}`} ` +
      `as of ${Output.instantText(asOf)}`,
    Output.table([title, "points", "lots", "accounts", "restored", ""], rows, NUMERIC),
    ...(withLots ? ["", lotTable(answer)] : [])
  ].join("\n")
}

const lotTable = ({ lots }: AgingAnswer): string =>
  Output.table(
    ["account", "lot", "points", "restored", "earned", "expires"],
    lots.map((lot) => [
      lot.number,
      lot.lotId,
      Points.toString(lot.points),
      Points.toString(lot.restored),
      Output.instantText(lot.earnedAt),
      Output.instantText(lot.expiresAt)
    ]),
    NUMERIC
  )
