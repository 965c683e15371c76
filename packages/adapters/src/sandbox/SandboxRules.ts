/**
 * Rules on Mastercard's side that its public material leaves open, each as a switch.
 *
 * The defaults are the simplest that agree with its page. A program whose rules are known sets them here; who does not
 * know them tries all of them.
 */
import { Effect, Result, Schema } from "effect"
import { Span } from "./SandboxFaults.ts"
import * as ShortForm from "./SandboxShortForm.ts"

/** A minute: longer than a careless repeat of a timeout. */
const DEFAULT_WINDOW_MILLIS = 60_000

const Rules = Schema.Struct({
  /** Which lots a partial credit fills first: the last drawn, the first drawn, or those that expire soonest. */
  restorationOrder: Schema.Literals(["reverse", "draw", "soonestExpiry"]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("reverse" as const))
  ),
  /**
   * What returns to a lot that has expired: it is expired at once, it becomes a new lot that lives so many days from the
   * credit on, or the credit is refused.
   */
  expiredLots: Schema.String.check(
    Schema.isPattern(/^(restoreExpired|refuse|extend:[1-9][0-9]{0,3})$/, {
      message: "restoreExpired, refuse or extend:<days> is expected"
    })
  ).pipe(Schema.withDecodingDefaultKey(Effect.succeed("restoreExpired"))),
  /** A credit of a redemption with the same amount as one within the window. */
  duplicates: Schema.Literals(["allow", "refuse"]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("allow" as const))
  ),
  duplicateWindow: Span.pipe(Schema.withDecodingDefaultKey(Effect.succeed(DEFAULT_WINDOW_MILLIS))),
  /** How long after its arrival a call takes effect and is answered, if it changes something. */
  processingTime: Span.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  /** Whether a credit without an amount is taken after partial ones. */
  fullAfterPartials: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
  /** Whether the entry of a credit in the history names its redemption. */
  creditNamesRedemption: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true))),
  /** Whether the number of an account that was replaced still works. */
  oldNumbers: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(true)))
})

/** The rules. Spans are milliseconds. */
export type SandboxRules = typeof Rules.Type

/** Rules as they are written: what is left out has its default. */
export interface SandboxRulesInput extends Partial<Omit<SandboxRules, "duplicateWindow" | "processingTime">> {
  readonly duplicateWindow?: string | number
  readonly processingTime?: string | number
}

/** Rules that cannot be used. */
export class SandboxRulesInvalid extends Schema.TaggedError<SandboxRulesInvalid>()("SandboxRulesInvalid", {
  problems: Schema.Array(Schema.Struct({ path: Schema.String, problem: Schema.String }))
}) {
  override get message(): string {
    return `The rules cannot be used: ${ShortForm.describe(this.problems)}`
  }
}

const decodeRules = Schema.decodeUnknownResult(Rules)

/** Reads rules. The failure names each member that is wrong. */
export const decode = (input: unknown): Result.Result<SandboxRules, SandboxRulesInvalid> =>
  Result.mapError(
    decodeRules(input, { errors: "all", onExcessProperty: "error" }),
    (error) => new SandboxRulesInvalid({ problems: ShortForm.problemsOf(error) })
  )

/** The rules as long as nobody says otherwise. */
export const defaults: SandboxRules = Result.getOrThrow(decode({}))

const BOOLEANS = new Map<string, unknown>([
  ["true", true],
  ["false", false]
])

/** Reads rules: JSON where the text begins with `{`, otherwise `duplicates=refuse,duplicate-window=2m`. */
export const parse = (text: string): Result.Result<SandboxRules, SandboxRulesInvalid> =>
  Result.flatMap(
    Result.mapError(
      ShortForm.read(text, Object.keys(defaults), (settings) =>
        Object.fromEntries(settings.map(({ member, value }) => [member, BOOLEANS.get(value) ?? value]))
      ),
      (problem) => new SandboxRulesInvalid({ problems: [problem] })
    ),
    decode
  )

/** Days that a credit extends what returns to an expired lot by; undefined under another rule. */
export const extensionDays = ({ expiredLots }: SandboxRules): number | undefined =>
  expiredLots.startsWith("extend:") ? Number(expiredLots.slice("extend:".length)) : undefined
