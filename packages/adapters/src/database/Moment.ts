/** Instants as PostgreSQL takes and gives them. */
import { Instant } from "@pointback/domain"

/** An instant as `timestamptz` reads it. One beyond what can be written is infinite: nothing happens there. */
export const moment = (at: Instant.Instant): string =>
  at >= Instant.END ? "infinity" : at < Instant.EARLIEST ? "-infinity" : Instant.toString(at)

/** Characters of an instant as the server sends it. */
export const SENT_LENGTH = 16

/** Microseconds from 1970 to 2000, where the server counts from. */
const EPOCH = 946_684_800_000_000

/** Of a number's upper half: what is below it leaves room for the epoch in a safe integer. */
const SAFE_UPPER = 2 ** 20

const HALF = 2 ** 32

const INFINITY = 0x7fff_ffff

const digitsAt = (text: string, from: number): number => {
  let value = 0
  for (let place = from; place < from + SENT_LENGTH / 2; place++) {
    const code = text.charCodeAt(place)
    // The server writes lower case only.
    value = (value << 4) | (code < 58 ? code - 48 : code - 87)
  }
  return value
}

/** An instant as `timestamptz_send` gives it, in hexadecimal digits from a place on; null where it is infinite. */
export const fromSent = (text: string, from: number): Instant.Instant | null => {
  const upper = digitsAt(text, from)
  const lower = digitsAt(text, from + SENT_LENGTH / 2) >>> 0
  if (upper < SAFE_UPPER && upper >= -SAFE_UPPER) return BigInt(upper * HALF + lower + EPOCH)
  if (upper === INFINITY) return null
  return BigInt(upper) * BigInt(HALF) + BigInt(lower) + BigInt(EPOCH)
}
