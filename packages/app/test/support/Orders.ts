/** Orders in the words of an example; points are decimal strings and instants are dates. */
import type { KeyedOrder, OfAccount } from "./Order.ts"

/** Points that never expire unless a date is given. */
export const earn = (
  { account, program }: OfAccount,
  lot: string,
  points: string,
  earnedAt: string,
  expiresAt: string | null = null
): KeyedOrder => ({ kind: "earn", program, account, lot, points, earnedAt, expiresAt })

export const redeem = (
  { account, program }: OfAccount,
  redemption: string,
  points: string,
  at: string
): KeyedOrder => ({ kind: "redeem", program, account, redemption, points, at })

/** A credit of all that remains where points are null. */
export const credit = (
  { account, program }: OfAccount,
  redemption: string,
  id: string,
  points: string | null,
  at: string,
  over: "local" | "mastercard" = "local"
): KeyedOrder => ({ kind: "credit", program, account, redemption, credit: id, points, at, over })

export const adjust = (
  { account, program }: OfAccount,
  key: string,
  lot: string,
  points: string,
  at: string
): KeyedOrder => ({ kind: "adjust", program, account, key, lot, points, at })
