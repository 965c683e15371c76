/** `pointback report` */
import { PolicyStore } from "@pointback/adapters"
import { Ids, type Instant } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { now } from "../../command/Now.ts"
import { defaultFrom } from "../../report/DefaultFrom.ts"
import type { Written } from "../../report/WriteReport.ts"
import { withBackend } from "../Backend.ts"
import * as Clocks from "../Clocks.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as OutFlag from "../OutFlag.ts"
import * as Output from "../Output.ts"

export const report = Command.make(
  "report",
  {
    program: Flags.program,
    account: Flags.accountOrAll,
    out: OutFlag.out.pipe(Flag.withDescription("The page that is written"), Flag.withMetavar("file")),
    asOf: Clocks.asOf,
    from: Flag.String("from").pipe(
      Flag.withDescription("Where its months begin [a year before]"),
      Flag.withMetavar("instant"),
      Flag.optional
    ),
    knownAt: OutFlag.knownAt,
    basis: Flag.Literals("basis", ["age", "to-expiry"]).pipe(
      Flag.withDescription("What the chart's buckets count: days since points were earned, or until they expire"),
      Flag.withDefault("age")
    ),
    force: OutFlag.force
  },
  Effect.fn("report")(function* (flags) {
    const program = yield* Input.read(Ids.ProgramId, "program", flags.program)
    const account = Option.isNone(flags.account)
      ? null
      : yield* Input.read(Ids.AccountNumber, "account", flags.account.value)
    const out = yield* OutFlag.path(flags.out)
    const asOf = (yield* Input.optionalMoment(program, "as-of", flags.asOf)) ?? (yield* now)
    const from = (yield* Input.optionalMoment(program, "from", flags.from)) ?? (yield* yearBefore(program, asOf))
    const knownAt = (yield* Input.optionalMoment(program, "known-at", flags.knownAt)) ?? null
    const { basis, force: overwrite } = flags
    // No other command needs what draws and renders, nor the time that loading it takes.
    const { writeReport } = yield* Effect.promise(() => import("../../report/WriteReport.ts"))
    const written = yield* writeReport({ program, account, asOf, from, knownAt, basis, out, overwrite }).pipe(
      OutFlag.refusals(flags.out)
    )
    yield* Output.answer(json(written), () => text(written))
  }, withBackend)
).pipe(Command.withDescription("Write a page that shows an account or a program, for people to read"))

const yearBefore = (program: Ids.ProgramId, asOf: Instant.Instant) =>
  PolicyStore.use((policies) => Effect.map(policies.current(program), ({ policy }) => defaultFrom(policy.zone, asOf)))

const json = ({ data, file }: Written): Output.Json => ({
  file,
  program: data.program,
  account: data.account,
  asOf: Json.instant(data.asOf),
  knownAt: Json.instant(data.knownAt),
  months: data.rollForward.map(({ period }) => period)
})

const text = ({ data: { account, asOf, byAge, knownAt, program }, file }: Written): string =>
  `wrote the page of ${account === null ? `program ${program}` : `account ${account}`}, ` +
  `${Output.pointsText(byAge.total)} as of ${Output.instantText(asOf)}, as known at ${Output.instantText(knownAt)}\n  ${file}`
