/** The command line as a whole: parsing, running, and what an error looks like. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit as EffectExit, Layer, Logger, References } from "effect"
import { CliOutput, Command } from "effect/cli"
import manifest from "../../package.json" with { type: "json" }
import { demo } from "../demo/Demo.ts"
import { adjust } from "./commands/Adjust.ts"
import { apiKey } from "./commands/ApiKey.ts"
import { alias } from "./commands/Alias.ts"
import { aging } from "./commands/Aging.ts"
import { breaks } from "./commands/Breaks.ts"
import { credit } from "./commands/Credit.ts"
import { credits } from "./commands/Credits.ts"
import { earn } from "./commands/Earn.ts"
import { erase } from "./commands/Erase.ts"
import { expire } from "./commands/Expire.ts"
import { exportCommand } from "./commands/Export.ts"
import { generate } from "./commands/Generate.ts"
import { heads } from "./commands/Heads.ts"
import { history } from "./commands/History.ts"
import { importCommand } from "./commands/Import.ts"
import { migrate } from "./commands/Migrate.ts"
import { program } from "./commands/Program.ts"
import { programRole } from "./commands/ProgramRole.ts"
import { rebuild } from "./commands/Rebuild.ts"
import { reconcile } from "./commands/Reconcile.ts"
import { redeem } from "./commands/Redeem.ts"
import { redemptions } from "./commands/Redemptions.ts"
import { report as reportCommand } from "./commands/Report.ts"
import { sandbox } from "./commands/Sandbox.ts"
import { serve } from "./commands/Serve.ts"
import { settle } from "./commands/Settle.ts"
import { simulate } from "./commands/Simulate.ts"
import { verify } from "./commands/Verify.ts"
import { triangle } from "./commands/Triangle.ts"
import { statement } from "./commands/Statement.ts"
import { schedule } from "./commands/Schedule.ts"
import { rollForward } from "./commands/RollForward.ts"
import { restatement } from "./commands/Restatement.ts"
import { ExitCode, of as exitCodeOf } from "./ExitCode.ts"
import { DatabaseFlag, JsonFlag } from "./GlobalFlags.ts"
import * as Output from "./Output.ts"

const pointback = Command.make("pointback").pipe(
  Command.withDescription("Gives redeemed loyalty points back correctly"),
  Command.withSubcommands([
    demo,
    migrate,
    program,
    programRole,
    earn,
    adjust,
    alias,
    redeem,
    credit,
    credits,
    settle,
    expire,
    importCommand,
    generate,
    aging,
    history,
    redemptions,
    exportCommand,
    reportCommand,
    rollForward,
    triangle,
    schedule,
    statement,
    restatement,
    verify,
    reconcile,
    breaks,
    rebuild,
    heads,
    erase,
    sandbox,
    simulate,
    serve,
    apiKey
  ]),
  Command.withGlobalFlags([DatabaseFlag, JsonFlag])
)

const parse = Command.runWith(pointback, { version: manifest.version })

// Wrong use is one sentence on standard error, like every other error, and standard output stays empty.
const presenter = CliOutput.layerPresenter({
  present: (event) => (event._tag === "InvalidInvocation" ? Effect.void : CliOutput.defaultPresenter.present(event))
})

/** Runs a command line and answers its exit code; everything is printed by then. */
export const run = (args: ReadonlyArray<string>): Effect.Effect<ExitCode> =>
  parse(args).pipe(
    Effect.provide(
      Layer.mergeAll(NodeServices.layer, presenter, Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]))
    ),
    Effect.provideService(References.MinimumLogLevel, "Warn"),
    Effect.exit,
    Effect.flatMap((exit) =>
      EffectExit.isSuccess(exit) ? Effect.succeed(ExitCode.done) : report(exit.cause, args.some(asksForJson))
    )
  )

// Errors of parsing come before the flag is parsed.
const asksForJson = (arg: string): boolean => arg === "--json" || arg === "--json=true"

const report = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>, json: boolean) {
  if (Cause.hasInterruptsOnly(cause)) return ExitCode.unreachable
  const error = Cause.squash(cause)
  const tag = Output.tagOf(error)
  if (tag === "Exit") return (error as { readonly code: ExitCode }).code
  if (tag === "ShowHelp") return yield* wrongUse(error as ShowHelp, json)
  yield* Output.failure(error, json)
  if (cause.reasons.some(Cause.isFailReason)) return exitCodeOf(error, tag)
  yield* Effect.sync(() => process.stderr.write(`${Cause.pretty(cause)}\n`))
  return ExitCode.bug
})

interface ShowHelp {
  readonly commandPath: ReadonlyArray<string>
  readonly errors: ReadonlyArray<{ readonly _tag: string; readonly message: string }>
}

const wrongUse = Effect.fnUntraced(function* ({ commandPath, errors }: ShowHelp, json: boolean) {
  if (errors.length === 0) return ExitCode.done
  const help = `${commandPath.join(" ")} --help`
  const [first] = errors
  // A suggestion comes on lines of its own.
  const problems = errors.map((error) => error.message.replace(/\s*\n\s*/g, " "))
  const message = `${problems.join("; ")}; see \`${help}\``
  yield* Output.failure({ _tag: first?._tag, message }, json)
  return ExitCode.wrongUse
})
