/** What is certain when: the settings of settling. Nothing public says how long Mastercard takes. */
import { Instant, type Verdict } from "@pointback/domain"
import { Config, Duration } from "effect"

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

/** The settings that the environment changes. Fails with what is wrong with a variable. */
export const fromEnvironment: Config.Config<SettleSettings> = Config.all({
  longestProcessing: Config.withDefault(Config.Duration(VARIABLES.longestProcessing), defaults.longestProcessing),
  longestLag: Config.withDefault(Config.Duration(VARIABLES.longestLag), defaults.longestLag),
  clockSkew: Config.withDefault(Config.Duration(VARIABLES.clockSkew), defaults.clockSkew)
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
