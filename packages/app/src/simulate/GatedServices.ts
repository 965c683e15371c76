/** The services of a simulated process: what its wiring gives, with a gate before and after each step that leaves it. */
import type { EventStore, Mastercard } from "@pointback/adapters"
import { Ids, type Instant } from "@pointback/domain"
import { Effect, Stream } from "effect"
import type { SimulatedProcess, Stage } from "./Stage.ts"

type Store = EventStore.EventStore["Service"]
type Client = Mastercard["Service"]

/**
 * When events were recorded, by the clock of the simulation. A database has its own clock, which the simulation does not
 * move; in the world that is simulated both show the same.
 */
export class RecordedAt {
  readonly #instants = new Map<string, Instant.Instant>()
  #last: Instant.Instant = 0n
  readonly #now: () => Instant.Instant

  constructor(now: () => Instant.Instant) {
    this.#now = now
  }

  /** An event as the simulated database would have dated it. */
  readonly of = (stored: EventStore.StoredEvent): EventStore.StoredEvent => {
    const known = this.#instants.get(stored.eventId)
    if (known !== undefined) return { ...stored, recordedAt: known }
    const now = this.#now()
    this.#last = now > this.#last ? now : this.#last + 1n
    this.#instants.set(stored.eventId, this.#last)
    return { ...stored, recordedAt: this.#last }
  }
}

/** What an append is about, as its gates are named: its first event, or the refusal that a key is to remember. */
const nameOfAppend = ({ facts }: EventStore.AppendRequest): string => `append ${facts[0]?.fact.event._tag ?? "refusal"}`

/**
 * A page in an order of its own. Stores list accounts by partition and key, which are random, and what settling looks at
 * first would differ from one playing to the next. A full page stays as it is, since its last entry is where the next begins.
 */
const inOrder =
  <A>(limit: number, nameOf: (one: A) => string) =>
  (page: ReadonlyArray<A>): ReadonlyArray<A> =>
    page.length < limit ? page.toSorted((a, b) => Ids.compare(nameOf(a), nameOf(b))) : page

/** A store with gates. */
export const gateStore = (stage: Stage, process: SimulatedProcess, store: Store, recordedAt: RecordedAt): Store => {
  const ask = <A, E>(name: string, effect: Effect.Effect<A, E>) => stage.ask({ process, name, effect })
  return {
    inTurn: store.inTurn,
    load: (request) => ask("load", store.load(request)),
    append: (request) =>
      ask(
        nameOfAppend(request),
        Effect.map(store.append(request), (events) => events.map(recordedAt.of))
      ),
    readStream: (read) =>
      ask(
        "readStream",
        Effect.map(store.readStream(read), (events) => events.map(recordedAt.of))
      ),
    readAccount: (account) =>
      Stream.unwrap(
        Effect.map(ask("readAccount", Stream.runCollect(store.readAccount(account))), (events) =>
          Stream.fromIterable(events.map(recordedAt.of))
        )
      ),
    inFlight: (question) =>
      ask(
        "inFlight",
        Effect.map(
          store.inFlight(question),
          inOrder(question.limit, ({ number, redemptionId }) => `${number} ${redemptionId}`)
        )
      ),
    inFlightOf: (account) => ask("inFlightOf", store.inFlightOf(account)),
    redemptionsOf: (question) => ask("redemptionsOf", store.redemptionsOf(question)),
    find: (program, account) => ask("find", store.find(program, account)),
    numbersOf: (account) => ask("numbersOf", store.numbersOf(account)),
    toSweep: (question) =>
      ask(
        "toSweep",
        Effect.map(
          store.toSweep(question),
          inOrder(question.limit, ({ number }) => number)
        )
      )
  }
}

/** The subject of a credit call, as gates and the sandbox name it. */
export const subjectOfCredit = (redemptionId: string): string => `credit ${redemptionId}`

/** The subject of a look at the history of an account. */
export const subjectOfHistory = (userId: string): string => `history ${userId}`

/** A client with gates. */
export const gateClient = (stage: Stage, process: SimulatedProcess, client: Client): Client => ({
  ...client,
  credit: (request) =>
    stage.call({ process, name: "credit call", effect: client.credit(request) }, subjectOfCredit(request.redemptionId)),
  redemptions: (request) =>
    stage.call({ process, name: "history call", effect: client.redemptions(request) }, subjectOfHistory(request.userId))
})
