/** The commands that run while processes and the server are killed. */
import type { Dice } from "../support/Dice.ts"
import type { KeyedOrder, Order } from "../support/Order.ts"
import * as Orders from "../support/Orders.ts"
import type { KnownRedemption } from "../support/SandboxServer.ts"

/** Rounds that go on with the same accounts, so that what is checked after a crash has been through earlier ones. */
const ROUNDS_PER_PROGRAM = 5

/** Accounts that most commands of a round meet in: two in each partition, so that batches are of several commands. */
const ACCOUNTS = 16

/** The program of a round. */
export const programOf = (round: number): string => `crash-${Math.floor(round / ROUNDS_PER_PROGRAM)}`

const accountsOf = (round: number): ReadonlyArray<string> =>
  Array.from({ length: ACCOUNTS }, (_, index) => `${programOf(round)}-${index}`)

const day = (round: number, days: number): string =>
  new Date(Date.UTC(2025, 0, 1 + 10 * round + days)).toISOString().slice(0, 10)

/** What a round begins with: lots that never expire, that expire soon and that have expired, and redemptions. */
export const ground = (round: number): ReadonlyArray<KeyedOrder> =>
  accountsOf(round).flatMap((account): ReadonlyArray<KeyedOrder> => {
    const of = { program: programOf(round), account }
    const now = day(round, 0)
    return [
      Orders.earn(of, `never-${round}`, "100000", day(round, -9)),
      Orders.earn(of, `soon-${round}`, "2000", day(round, -9), day(round, 1)),
      Orders.earn(of, `gone-${round}`, "500", day(round, -9), day(round, -1)),
      Orders.redeem(of, `local-${round}`, "3000", now),
      Orders.redeem(of, knownRedemption(round, account).redemption, knownRedemption(round, account).points, now)
    ]
  })

/** An instant after all that happens in a round. */
export const endOf = (round: number): string => day(round, 3)

/** The redemptions of a round that Mastercard knows: one of each account, with one credit in flight at a time. */
export const knownRedemptions = (round: number): ReadonlyArray<KnownRedemption> =>
  accountsOf(round).map((account) => knownRedemption(round, account))

const knownRedemption = (round: number, account: string): KnownRedemption => {
  const redemption = `M-${account}-${round}`
  return { account, redemption, points: "300" }
}

type Kind = readonly [weight: number, make: (name: string) => Order]

const kindsOf = (round: number, random: Dice): ReadonlyArray<Kind> => {
  const redeemed = accountsOf(round).map((account) => ({ account, redemption: `local-${round}` }))
  const program = programOf(round)
  const any = () => ({ program, account: random.pick(accountsOf(round)) })
  const points = (most: number) => String(random.between(1, most))
  const now = day(round, 0)
  // Some credits come after `soon` has expired.
  const later = () => day(round, random.below(3))
  const expiry = () => random.pick([null, day(round, -1), day(round, 30)])
  return [
    [17, (lot) => Orders.earn(any(), lot, points(100), day(round, -2), expiry())],
    // The first lot of an account makes it.
    [3, (name) => Orders.earn({ program, account: `${program}-${name}` }, "first", points(100), day(round, -2))],
    [
      12,
      (redemption) => {
        const of = any()
        redeemed.push({ account: of.account, redemption })
        return Orders.redeem(of, redemption, points(200), now)
      }
    ],
    [
      28,
      (id) => {
        const { account, redemption } = random.pick(redeemed)
        const amount = random.happens(0.03) ? null : points(20)
        return Orders.credit({ program, account }, redemption, id, amount, later())
      }
    ],
    [
      18,
      (id) => {
        const { account, redemption } = random.pick(knownRedemptions(round))
        const amount = random.happens(0.02) ? null : points(5)
        return Orders.credit({ program, account }, redemption, id, amount, later(), "mastercard")
      }
    ],
    [12, (key) => Orders.adjust(any(), key, `never-${round}`, points(50), now)],
    // The sweep may have booked this lot already; what changes it then books the difference.
    [8, (key) => Orders.adjust(any(), key, `gone-${round}`, "-1", day(round, -3))],
    [2, () => ({ kind: "sweep", program, at: later() })]
  ]
}

/** How often an order is one that was given before, to whatever process. */
const REPEATED = 0.1

/** Orders for several processes. Those before in a list may never have been begun when a later one is. */
export const load = (
  round: number,
  random: Dice,
  processes: number,
  each: number
): ReadonlyArray<ReadonlyArray<Order>> => {
  const kinds = kindsOf(round, random)
  const weights = kinds.flatMap(([weight, make]) => Array.from({ length: weight }, () => make))
  const lists = Array.from({ length: processes }, (): Array<Order> => [])
  const given: Array<Order> = []
  for (let index = 0; index < each; index++) {
    for (const [process, list] of lists.entries()) {
      const known = given.length > 0 && random.happens(REPEATED)
      const order = known ? random.pick(given.slice(-100)) : random.pick(weights)(`${round}-${process}-${index}`)
      list.push(order)
      given.push(order)
    }
  }
  return lists
}
