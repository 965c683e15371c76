/** A setting of the client that cannot be used, and the environment variables that hold settings. */
import { Schema } from "effect"

/** The environment variables that are read. */
export const VARIABLES = {
  url: "POINTBACK_MASTERCARD_URL",
  authentication: "POINTBACK_MASTERCARD_AUTHENTICATION",
  consumerKey: "POINTBACK_MASTERCARD_CONSUMER_KEY",
  signingKey: "POINTBACK_MASTERCARD_SIGNING_KEY",
  signingKeyPassword: "POINTBACK_MASTERCARD_SIGNING_KEY_PASSWORD",
  signingKeyAlias: "POINTBACK_MASTERCARD_SIGNING_KEY_ALIAS",
  clientId: "POINTBACK_MASTERCARD_CLIENT_ID",
  keyId: "POINTBACK_MASTERCARD_KEY_ID",
  tokenUrl: "POINTBACK_MASTERCARD_TOKEN_URL",
  issuer: "POINTBACK_MASTERCARD_ISSUER",
  scopes: "POINTBACK_MASTERCARD_SCOPES",
  encryptionKey: "POINTBACK_MASTERCARD_ENCRYPTION_KEY",
  encryptionKeyId: "POINTBACK_MASTERCARD_ENCRYPTION_KEY_ID",
  decryptionKey: "POINTBACK_MASTERCARD_DECRYPTION_KEY",
  decryptionKeyPassword: "POINTBACK_MASTERCARD_DECRYPTION_KEY_PASSWORD",
  decryptionKeyAlias: "POINTBACK_MASTERCARD_DECRYPTION_KEY_ALIAS",
  startLimit: "POINTBACK_MASTERCARD_START_LIMIT",
  connectLimit: "POINTBACK_MASTERCARD_CONNECT_LIMIT",
  answerLimit: "POINTBACK_MASTERCARD_ANSWER_LIMIT",
  maximumInFlight: "POINTBACK_MASTERCARD_MAXIMUM_IN_FLIGHT",
  maximumWaiting: "POINTBACK_MASTERCARD_MAXIMUM_WAITING",
  callsPerInterval: "POINTBACK_MASTERCARD_CALLS_PER_INTERVAL",
  interval: "POINTBACK_MASTERCARD_INTERVAL",
  failuresUntilPause: "POINTBACK_MASTERCARD_FAILURES_UNTIL_PAUSE",
  pause: "POINTBACK_MASTERCARD_PAUSE",
  assumptions: "POINTBACK_MASTERCARD_ASSUMPTIONS"
} as const

/** A setting that is missing or wrong, named by its environment variable. Never carries the value. */
export class MastercardConfigInvalid extends Schema.TaggedError<MastercardConfigInvalid>()("MastercardConfigInvalid", {
  variable: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.variable} cannot be used: ${this.problem}`
  }
}

/** A setting that cannot be used, and why. */
export const invalid = (variable: string, problem: string): MastercardConfigInvalid =>
  new MastercardConfigInvalid({ variable, problem })
