/** This process as one more application on the database that others share, and as the one that looks behind them. */
import { type Database, type Mastercard, PostgresDatabase, Stores, Verification } from "@pointback/adapters"
import { Ids } from "@pointback/domain"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { AnyStore } from "../../../adapters/test/support/StoresUnderTest.ts"
import { effectsOf } from "./Effects.ts"
import * as Order from "./Order.ts"
import type { SandboxServer } from "./SandboxServer.ts"
import type { Told } from "./Told.ts"

/** Accounts whose orders this process carries out side by side: the connections of its pool. */
const SIDE_BY_SIDE = 10

/** What this process can ask and do. */
export interface Host {
  readonly run: <A, E>(effect: Effect.Effect<A, E, AnyStore | Database | Mastercard>) => Promise<A>
  /** Carries orders out, those of one account one after the other, and notes what is told. */
  readonly inOrder: (orders: ReadonlyArray<Order.Order>, told: Told) => Promise<void>
  /** Sends every order that was sent once more, and yet again where that was news; notes what is told. */
  readonly repeat: (told: Told) => Promise<void>
  /** What was told and cannot be true of what is stored. */
  readonly contradictions: (told: Told, failures: ReadonlySet<string>) => Promise<ReadonlyArray<string>>
  /** What `verify` finds in a program, or in everything. */
  readonly differences: (program: string | null) => Promise<ReadonlyArray<unknown>>
}

/** A host on the database of the surrounding `describe`. */
export const hostOn = (database: () => string, sandbox: SandboxServer): Host => {
  let runtime: ManagedRuntime.ManagedRuntime<AnyStore | Database | Mastercard, unknown>
  beforeAll(async () => {
    const stores = Layer.provideMerge(Stores.layer, PostgresDatabase.layer({ url: Redacted.make(database()) }))
    runtime = ManagedRuntime.make(Layer.merge(stores, sandbox.client()))
    // Opened now, while nothing goes wrong yet.
    await runtime.runPromise(Effect.void)
  })
  afterAll(() => runtime.dispose())
  const run: Host["run"] = (effect) => runtime.runPromise(effect)

  /** One after the other on each account, so that no credit meets one of this process in flight. */
  const send = (orders: ReadonlyArray<Order.Order>, told: Told) =>
    Effect.forEach(
      byAccount(orders),
      (ofAccount) =>
        Effect.forEach(
          ofAccount,
          (order) => Effect.tap(Order.answer(order), (answer) => Effect.sync(() => told.hear(order, answer))),
          { discard: true }
        ),
      { concurrency: SIDE_BY_SIDE, discard: true }
    )

  return {
    run,
    inOrder: (orders, told) => run(send(orders, told)),
    repeat: async (told) => {
      await run(send(told.orders, told))
      const news = Array.from(told.heard.values()).filter(
        ({ answers }) => answers.filter(({ told }) => told === "done" || told === "refused").length < 2
      )
      const again = news.map(({ order }) => order)
      await run(send(again, told))
    },
    contradictions: (told, failures) =>
      run(Effect.map(effectsOf(accountsOf(told)), (stored) => told.contradictions(stored, failures))),
    differences: (program) =>
      run(
        Effect.map(
          Verification.verify(program === null ? null : Ids.ProgramId.make(program)),
          ({ differences }) => differences
        )
      )
  }
}

const byAccount = (orders: ReadonlyArray<Order.Order>): Iterable<ReadonlyArray<Order.Order>> => {
  const groups = new Map<string, Array<Order.Order>>()
  for (const order of orders) {
    const group = groups.get(accountOf(order))
    if (group === undefined) groups.set(accountOf(order), [order])
    else group.push(order)
  }
  return groups.values()
}

const accountOf = (order: Order.Order): string =>
  order.kind === "sweep" ? order.program : `${order.program} ${order.account}`

const accountsOf = (told: Told) => Array.from(new Map(told.orders.map((order) => [accountOf(order), order])).values())
