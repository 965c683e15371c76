/** `pointback generate` */
import { Ids, Instant, Zone } from "@pointback/domain"
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import type { Generated } from "../../generate/GenerateProgram.ts"
import { generateProgram } from "../../generate/GenerateProgram.ts"
import * as ProgramPlan from "../../generate/ProgramPlan.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"
import * as Progress from "../Progress.ts"

export const generate = Command.make(
  "generate",
  {
    seed: Flag.String("seed").pipe(Flag.withDescription("A whole number; the same one gives the same program")),
    redemptions: Flag.String("redemptions").pipe(Flag.withDescription("How many redemptions the program has")),
    out: Flag.String("out").pipe(
      Flag.withDescription("The folder that the file is written to"),
      Flag.withMetavar("folder")
    ),
    program: Flag.String("program").pipe(Flag.withDescription("Its name [generated-<seed>]"), Flag.optional),
    until: Flag.String("until").pipe(
      Flag.withDescription("When it ends, an instant or a date in UTC [2026-01-01]; it begins six years before"),
      Flag.withMetavar("instant"),
      Flag.optional
    ),
    breaks: Flag.String("breaks").pipe(
      Flag.withDescription(
        "Also write a statement that disagrees about so many redemptions in a hundred, and the truth"
      ),
      Flag.withMetavar("percent"),
      Flag.optional
    ),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Overwrite the file of an earlier run"),
      Flag.withDefault(false)
    )
  },
  Effect.fn("generate")(function* (flags) {
    const seed = yield* Input.wholeNumber("seed", flags.seed, ProgramPlan.MAXIMUM_SEED)
    const redemptions = yield* Input.wholeNumber("redemptions", flags.redemptions, ProgramPlan.MAXIMUM_REDEMPTIONS)
    const program = Option.isNone(flags.program)
      ? ProgramPlan.defaultProgram(seed)
      : yield* Input.read(Ids.ProgramId, "program", flags.program.value)
    const until = Option.isNone(flags.until) ? ProgramPlan.DEFAULT_UNTIL : yield* end(flags.until.value)
    const breaks = Option.isNone(flags.breaks) ? undefined : yield* percent("breaks", flags.breaks.value)
    // An empty path would be the current folder itself.
    if (flags.out.trim() === "") {
      return yield* new Input.InvalidInput({ flag: "out", value: flags.out, problem: "a folder is expected" })
    }
    const report = yield* Progress.report
    const generated = yield* generateProgram(
      {
        program,
        seed,
        redemptions,
        until,
        folder: flags.out,
        overwrite: flags.force,
        ...(breaks === undefined ? {} : { breaks })
      },
      (step) => report({ ...step, unit: "records" })
    ).pipe(
      Effect.catchTags({
        OutputExists: ({ file }) =>
          new Input.InvalidInput({
            flag: "out",
            value: flags.out,
            problem: `${file} is there already; --force overwrites it`
          }),
        OutputUnwritable: ({ problem }) => new Input.InvalidInput({ flag: "out", value: flags.out, problem })
      })
    )
    yield* Output.answer(json(generated), () => text(generated))
  }, Effect.scoped)
).pipe(Command.withDescription("Write a program that never was, as a file to import"))

const percent = (flag: string, value: string): Effect.Effect<number, Input.InvalidInput> =>
  /^\d{1,3}(?:\.\d{1,6})?$/.test(value) && Number(value) <= 100
    ? Effect.succeed(Number(value))
    : Effect.fail(new Input.InvalidInput({ flag, value, problem: "a number from 0 to 100 is expected" }))

const end = (value: string): Effect.Effect<Instant.Instant, Input.InvalidInput> => {
  const problem = (expected: string) => new Input.InvalidInput({ flag: "until", value, problem: expected })
  return Option.match(Zone.instantFromString(Zone.UTC, value), {
    onNone: () => Effect.fail(problem(`${Instant.EXPECTED}, or a date such as 2026-01-20`)),
    onSome: (at) => (ProgramPlan.canEnd(at) ? Effect.succeed(at) : Effect.fail(problem(ProgramPlan.END_EXPECTED)))
  })
}

const total = ({ records }: Generated): number => Object.values(records).reduce((sum, count) => sum + count, 0)

const json = (generated: Generated): Output.Json => ({
  file: generated.file,
  program: generated.program,
  seed: generated.seed,
  until: Json.instant(generated.until),
  accounts: generated.accounts,
  statement: generated.statement === null ? null : { ...generated.statement },
  records: { ...generated.records, total: total(generated) },
  first: Json.instant(generated.first),
  last: Json.instant(generated.last)
})

const text = (generated: Generated): string => {
  const { accounts, file, first, last, program, records, seed, statement } = generated
  const span =
    first === null || last === null ? [] : [`  from ${Output.instantText(first)} to ${Output.instantText(last)}`]
  return [
    `wrote ${Output.count(total(generated), "record")} of ${Output.count(accounts, "account")} ` +
      `of program ${program}, seed ${seed}, to ${file}`,
    ...Object.entries(records).map(([type, count]) => `  ${type.padEnd(8)}  ${count}`),
    ...span,
    ...(statement === null
      ? []
      : [
          `and ${Output.count(statement.lines, "line")} of a statement to ${statement.file}, ` +
            `with ${Output.count(statement.breaks, "break")} that ${statement.truth} lists`
        ])
  ].join("\n")
}
