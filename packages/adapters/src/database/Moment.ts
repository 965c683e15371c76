/** Instants as PostgreSQL takes them. */
import { Instant } from "@pointback/domain"

/** An instant as `timestamptz` reads it. One beyond what can be written is infinite: nothing happens there. */
export const moment = (at: Instant.Instant): string =>
  at >= Instant.END ? "infinity" : at < Instant.EARLIEST ? "-infinity" : Instant.toString(at)
