/** What is certain when: the settings of settling. Nothing public says how long Mastercard takes. */
import type { MastercardConfig } from "@pointback/adapters"
import { Instant, type Verdict } from "@pointback/domain"
import { Config, Duration, Effect, Result, Schema } from "effect"
import { SEND_LIMIT } from "../command/CreditCall.ts"

/** How long things take at most, by which settling decides what is certain. Too short can release points of a credit that happens. */
export interface SettleSettings {
  /**
   * From our storing a request to its effect at Mastercard, at most. The longest time that a call may take, connection
   * included, and whatever Mastercard does after it has answered nobody any more.
   */
  readonly longestProcessing: Duration.Duration
  /** From an effect to its entry in `GET /redemptions`, at most. */
  readonly longestLag: Duration.Duration
  /** Between any two of the clocks: ours, the database's, Mastercard's. */
  readonly clockSkew: Duration.Duration
}

/** Careful ones: points of a credit that never happened stay held for a day, and none is ever released that did. */
export const defaults: SettleSettings = {
  longestProcessing: Duration.minutes(15),
  longestLag: Duration.hours(24),
  clockSkew: Duration.minutes(5)
}

/** The environment variables that are read. */
export const VARIABLES = {
  longestProcessing: "POINTBACK_SETTLE_LONGEST_PROCESSING",
  longestLag: "POINTBACK_SETTLE_LONGEST_LAG",
  clockSkew: "POINTBACK_SETTLE_CLOCK_SKEW"
} as const

/** A setting that cannot be read, by its environment variable. */
export class SettleSettingInvalid extends Schema.TaggedError<SettleSettingInvalid>()("SettleSettingInvalid", {
  variable: Schema.String
}) {
  override get message() {
    return `${this.variable} cannot be used: a time such as "15 minutes" or "24 hours" is expected`
  }
}

/** Whether a time can be a limit: one without end is never over, and a negative one is over before anything happened. */
export const isLimit = (duration: Duration.Duration): boolean =>
  Duration.isFinite(duration) && !Duration.isNegative(duration)

const setting = (name: keyof SettleSettings): Effect.Effect<Duration.Duration, SettleSettingInvalid> =>
  Config.Duration(VARIABLES[name]).pipe(
    Config.withDefault(defaults[name]),
    Effect.filterOrFail(isLimit, () => "endless or negative"),
    Effect.mapError(() => new SettleSettingInvalid({ variable: VARIABLES[name] }))
  )

/** The settings that the environment changes. */
export const fromEnvironment: Effect.Effect<SettleSettings, SettleSettingInvalid> = Effect.all({
  longestProcessing: setting("longestProcessing"),
  longestLag: setting("longestLag"),
  clockSkew: setting("clockSkew")
})

/** A duration as microseconds, as instants are counted. */
export const micros = (duration: Duration.Duration): bigint =>
  BigInt(Math.ceil(Duration.toMillis(duration))) * Instant.MICROS_PER_MILLI

/** The settings as the domain takes them. */
export const limits = ({ clockSkew, longestLag, longestProcessing }: SettleSettings): Verdict.Limits => ({
  longestProcessing: micros(longestProcessing),
  longestLag: micros(longestLag),
  clockSkew: micros(clockSkew)
})

/** A call could still have its effect after settling has released its points: the customer would have them twice. */
export class SettleLimitsTooShort extends Schema.TaggedError<SettleLimitsTooShort>()("SettleLimitsTooShort", {
  longestProcessing: Schema.String,
  longestCall: Schema.String
}) {
  override get message() {
    return (
      `the longest processing time (${VARIABLES.longestProcessing}: ${this.longestProcessing}) must be more than a call ` +
      `can take by the client's own limits, which is ${this.longestCall}`
    )
  }
}

/** Holds the settings against the limits of the client that makes the calls. */
export const checked = (
  settings: SettleSettings,
  { answerLimit, startLimit }: MastercardConfig.MastercardConfig
): Result.Result<SettleSettings, SettleLimitsTooShort> => {
  const longestCall = Duration.sum(SEND_LIMIT, Duration.sum(startLimit, answerLimit))
  return Duration.isGreaterThan(settings.longestProcessing, longestCall)
    ? Result.succeed(settings)
    : Result.fail(
        new SettleLimitsTooShort({
          longestProcessing: Duration.format(settings.longestProcessing),
          longestCall: Duration.format(longestCall)
        })
      )
}
