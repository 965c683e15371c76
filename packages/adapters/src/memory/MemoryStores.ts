/**
 * Event store, policies and aging in memory: the reference that the database adapters are held against, and what tests
 * of use cases run on. Everything is answered from the events by the pure functions of the domain.
 */
import { Account, Fact, Ids, Instant, Lots, Policy, Redemption, Refusal } from "@pointback/domain"
import { Clock, Effect, Equal, HashMap, Layer, Option, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { AgingStore } from "../aging/AgingStore.ts"
import type {
  AccountRef,
  AppendRequest,
  InFlight,
  InFlightQuestion,
  Key,
  KeyRecord,
  Loaded,
  LoadRequest,
  RedemptionsQuestion,
  RedemptionSummary,
  StoredEvent
} from "../eventStore/EventStore.ts"
import { EventStore, MAXIMUM_PAGE, VersionConflict } from "../eventStore/EventStore.ts"
import { PARTITIONS, partitionOf } from "../eventStore/Partition.ts"
import { EventLog } from "../log/EventLog.ts"
import * as MemoryEventLog from "../log/MemoryEventLog.ts"
import * as Turns from "../eventStore/Turns.ts"
import * as MemoryAging from "./MemoryAging.ts"
import { PolicyStore } from "../program/PolicyStore.ts"

interface StoredAccount {
  readonly ref: AccountRef
  /** The present one first. */
  readonly numbers: Array<Ids.AccountNumber>
  readonly events: Array<StoredEvent>
  readonly keys: Map<string, KeyRecord>
}

interface RecordedPolicy {
  readonly policy: Policy.Policy
  readonly recordedAt: Instant.Instant
}

/** What stores in memory hold: it can outlive them, as a database outlives the processes that use it. */
export class Memory {
  readonly programs = new Set<string>()
  /** All versions of each program, in order. */
  readonly policies = new Map<string, Array<RecordedPolicy>>()
  readonly accounts = new Map<string, StoredAccount>()
  readonly accountsByKey = new Map<string, StoredAccount>()
  readonly heads = Array.from({ length: PARTITIONS }, () => ({ position: 0, recordedAt: 0n }))

  /** The present policy of a program; the default one where it set none. */
  policy(program: string): Policy.Policy {
    return this.policyKnownAt(program, null)
  }

  /** The policy of a program as known at an instant; null for now. */
  policyKnownAt(program: string, knownAt: Instant.Instant | null): Policy.Policy {
    const known = this.policies.get(program)?.filter(({ recordedAt }) => knownAt === null || recordedAt <= knownAt)
    return known?.at(-1)?.policy ?? Policy.initial
  }

  /** The account that a number stands for, a replaced one too. */
  account(program: string, number: string): StoredAccount | undefined {
    return this.accounts.get(JSON.stringify([program, number]))
  }

  /** The account of an opaque key. */
  byKey({ key, program }: AccountRef): StoredAccount | undefined {
    return this.accountsByKey.get(JSON.stringify([program, key]))
  }

  /** Adds an account that is new. */
  open(account: StoredAccount): void {
    const { ref } = account
    this.programs.add(ref.program)
    this.accountsByKey.set(JSON.stringify([ref.program, ref.key]), account)
    for (const number of account.numbers) this.accounts.set(JSON.stringify([ref.program, number]), account)
  }

  /** From now on a further number stands for the account, and is its present one. */
  alias(account: StoredAccount, number: Ids.AccountNumber): void {
    account.numbers.unshift(number)
    this.accounts.set(JSON.stringify([account.ref.program, number]), account)
  }

  /** Every account, in the order in which they came to be. */
  all(): ReadonlyArray<StoredAccount> {
    return Array.from(this.accountsByKey.values())
  }

  /** Of every program where none is named. */
  inProgram(program: string | null): ReadonlyArray<StoredAccount> {
    return this.all().filter(({ ref }) => program === null || ref.program === program)
  }
}

const currentNumber = ({ numbers }: StoredAccount): Ids.AccountNumber => numbers[0] as Ids.AccountNumber

const keyName = ({ key, kind }: Key): string => JSON.stringify([kind, key])

const factsOf = (account: StoredAccount): ReadonlyArray<Fact.Fact> => account.events.map((stored) => stored.fact)

const load = (memory: Memory, request: LoadRequest): Loaded => {
  const account = memory.account(request.program, request.account)
  return {
    programKnown: memory.programs.has(request.program),
    policy: memory.policy(request.program),
    account: account?.ref ?? null,
    number: account === undefined ? request.account : currentNumber(account),
    version: account?.events.length ?? 0,
    // All of it, exact at every instant: more than was asked for serves every selection.
    state: account === undefined ? Account.empty : Account.evolveAll(Account.empty, factsOf(account)),
    keys: request.keys.flatMap((key) => account?.keys.get(keyName(key)) ?? []),
    streams: new Map(account?.events.map(({ fact, version }) => [Fact.streamName(fact.stream), version]) ?? [])
  }
}

const takeHead = (memory: Memory, partition: number, count: number, now: Instant.Instant) => {
  const head = memory.heads[partition] as { position: number; recordedAt: bigint }
  const first = head.recordedAt >= now ? head.recordedAt + 1n : now
  const before = head.position
  head.position += count
  head.recordedAt = first + BigInt(Math.max(count - 1, 0))
  return { position: before, recordedAt: first }
}

const write = (
  memory: Memory,
  account: StoredAccount,
  { facts, keys }: AppendRequest,
  eventIds: ReadonlyArray<string>,
  now: Instant.Instant
): ReadonlyArray<StoredEvent> => {
  const head = takeHead(memory, account.ref.partition, facts.length, now)
  const versionOf = (stream: Fact.Stream) =>
    account.events.filter((stored) => Equal.equals(stored.fact.stream, stream)).length + 1
  for (const [index, { fact, origin }] of facts.entries()) {
    account.events.push({
      ...origin,
      account: account.ref,
      position: head.position + index + 1,
      eventId: eventIds[index] as string,
      version: versionOf(fact.stream),
      accountVersion: account.events.length + 1,
      fact,
      recordedAt: head.recordedAt + BigInt(index)
    })
  }
  for (const key of keys) account.keys.set(keyName(key), key)
  return account.events.slice(account.events.length - facts.length)
}

const openAccount = (memory: Memory, { target }: AppendRequest, key: string): StoredAccount => {
  const accountKey = Ids.AccountKey.make(key)
  const account: StoredAccount = {
    ref: { program: target.program, key: accountKey, partition: partitionOf(target.program, key, PARTITIONS) },
    numbers: [target.account],
    events: [],
    keys: new Map()
  }
  memory.open(account)
  return account
}

const eventStore = Effect.fnUntraced(function* (memory: Memory) {
  const random = yield* SecureRandom.SecureRandom

  const append = Effect.fnUntraced(function* (request: AppendRequest) {
    const { facts, keys, loaded, target } = request
    const now = Instant.fromEpochMillis(yield* Clock.currentTimeMillis)
    const accountKey = yield* random.uuidV7()
    const eventIds = yield* Effect.forEach(facts, () => random.uuidV7())
    // From here on nothing yields, so nobody comes in between.
    const known = memory.account(target.program, target.account)
    const taken = request.alias !== undefined && memory.account(target.program, request.alias.number) !== undefined
    const raced =
      taken ||
      (known?.events.length ?? 0) !== loaded.version ||
      keys.some((key) => known?.keys.has(keyName(key)) === true) ||
      (known === undefined && memory.policy(target.program).scale !== loaded.policy.scale)
    if (raced) return yield* new VersionConflict({ expected: loaded.version })
    if (known === undefined && facts.length === 0) return []
    const account = known ?? openAccount(memory, request, accountKey)
    if (request.alias !== undefined) memory.alias(account, request.alias.number)
    return write(memory, account, request, eventIds, now)
  })

  return EventStore.of({
    load: (request) => Effect.sync(() => load(memory, request)),
    append,
    inTurn: Turns.make(),
    readStream: ({ account, direction, from, limit = MAXIMUM_PAGE, stream }) =>
      Effect.sync(() => {
        const events = (memory.byKey(account)?.events ?? []).filter(({ fact }) => Equal.equals(fact.stream, stream))
        const page =
          direction === "backward"
            ? events.toReversed().filter(({ version }) => version <= (from ?? events.length))
            : events.filter(({ version }) => version >= (from ?? 1))
        return page.slice(0, Math.min(limit, MAXIMUM_PAGE))
      }),
    readAccount: (account) => Stream.suspend(() => Stream.fromIterable(memory.byKey(account)?.events.slice() ?? [])),
    find: (program, account) => Effect.sync(() => memory.account(program, account)?.ref ?? null),
    numbersOf: (account) => Effect.sync(() => memory.byKey(account)?.numbers.slice() ?? []),
    inFlightOf: (account) =>
      Effect.sync(() =>
        Option.match(Option.fromNullishOr(memory.byKey(account)), {
          onNone: () => [],
          onSome: inFlightOf
        })
      ),
    inFlight: ({ after, limit, program }) =>
      Effect.sync(() =>
        memory
          .all()
          .filter((account) => program === null || account.ref.program === program)
          .sort((a, b) => compareRefs(a.ref, b.ref))
          .flatMap(inFlightOf)
          .filter((credit) => isAfter(credit, after))
          .slice(0, limit)
      ),
    redemptionsOf: (question) => Effect.sync(() => redemptionsOf(memory, question)),
    toSweep: ({ after, asOf, limit, program }) =>
      Effect.sync(() =>
        memory
          .all()
          .filter((account) => program === null || account.ref.program === program)
          .filter((account) => hasToSweep(account, asOf))
          .sort((a, b) => compareRefs(a.ref, b.ref))
          .filter((account) => after === null || compareRefs(account.ref, after) > 0)
          .slice(0, limit)
          .map((account) => ({ account: account.ref, number: currentNumber(account) }))
      )
  })
})

/** The credits in flight of one account, by redemption. */
const inFlightOf = (account: StoredAccount): ReadonlyArray<InFlight> =>
  Array.from(HashMap.values(Account.evolveAll(Account.empty, factsOf(account)).redemptions))
    .flatMap((state) =>
      state._tag === "CreditPending" || state._tag === "CreditUnknown"
        ? [{ redemptionId: state.redemption.redemptionId, creditId: state.request.creditId }]
        : []
    )
    .sort((a, b) => Ids.compare(a.redemptionId, b.redemptionId))
    .map((credit) => ({ ...credit, account: account.ref, number: currentNumber(account) }))

const latestFirst = (
  a: Pick<RedemptionSummary, "redeemedAt" | "redemptionId">,
  b: Pick<RedemptionSummary, "redeemedAt" | "redemptionId">
): number =>
  a.redeemedAt === b.redeemedAt ? Ids.compare(b.redemptionId, a.redemptionId) : a.redeemedAt < b.redeemedAt ? 1 : -1

const redemptionsOf = (
  memory: Memory,
  { account, after, limit }: RedemptionsQuestion
): ReadonlyArray<RedemptionSummary> => {
  const found = memory.byKey(account)
  const facts = found === undefined ? [] : factsOf(found)
  return Array.from(HashMap.values(Account.evolveAll(Account.empty, facts).redemptions))
    .flatMap((state) => {
      if (state._tag === "None") return []
      const { draws: _draws, ...redemption } = state.redemption
      const pendingCredit =
        state._tag === "CreditPending" || state._tag === "CreditUnknown" ? state.request.creditId : null
      return [{ ...redemption, state: state._tag, pending: Redemption.pending(state), pendingCredit }]
    })
    .sort(latestFirst)
    .filter((one) => after === null || latestFirst(one, after) > 0)
    .slice(0, limit)
}

const isAfter = ({ account, redemptionId }: InFlight, after: InFlightQuestion["after"]): boolean =>
  after === null || (compareRefs(account, after.account) || Ids.compare(redemptionId, after.redemptionId)) > 0

const hasToSweep = (account: StoredAccount, asOf: Instant.Instant): boolean => {
  const { lots } = Account.evolveAll(Account.empty, factsOf(account))
  return Array.from(HashMap.values(lots.byId)).some(
    (lot) => lot.expiresAt !== null && lot.expiresAt <= asOf && Lots.unbooked(lot) !== 0n
  )
}

const compareRefs = (a: AccountRef, b: AccountRef): number =>
  a.partition - b.partition || Ids.compare(a.program, b.program) || Ids.compare(a.key, b.key)

const policyStore = (memory: Memory) =>
  PolicyStore.of({
    current: (program) => Effect.sync(() => ({ known: memory.programs.has(program), policy: memory.policy(program) })),
    knownAt: (program, knownAt) =>
      Effect.sync(() => ({ known: memory.programs.has(program), policy: memory.policyKnownAt(program, knownAt) })),
    revise: Effect.fnUntraced(function* (program, revise) {
      const now = Instant.fromEpochMillis(yield* Clock.currentTimeMillis)
      const { version, ...terms } = memory.policy(program)
      const next = revise(terms)
      if (memory.inProgram(program).length > 0 && next.scale !== terms.scale) {
        return yield* new Refusal.ScaleFixed({ scale: terms.scale, requested: next.scale })
      }
      memory.programs.add(program)
      if (version > 0 && Equal.equals(next, terms)) {
        return { policy: memory.policy(program), changed: false }
      }
      const policy = { ...next, version: version + 1 }
      // As an event is, after everything that was safe to ask about.
      const { recordedAt } = takeHead(memory, 0, 0, now)
      memory.policies.set(program, [...(memory.policies.get(program) ?? []), { policy, recordedAt }])
      return { policy, changed: true }
    })
  })

const agingAccount = (account: StoredAccount): MemoryAging.AgingAccount => ({
  ref: account.ref,
  number: currentNumber(account),
  events: account.events
})

const agingStore = (memory: Memory) =>
  MemoryAging.make({
    knowsProgram: (program) => memory.programs.has(program),
    policyKnownAt: (program, knownAt) => memory.policyKnownAt(program, knownAt),
    account: (program, number) => {
      const account = memory.account(program, number)
      return account === undefined ? undefined : agingAccount(account)
    },
    accounts: (program) => memory.inProgram(program).map(agingAccount),
    heads: memory.heads,
    safe: () => {
      const safe = MemoryEventLog.safe(memory)
      return safe === MemoryEventLog.NOTHING ? null : safe
    }
  })

/** All stores over a memory that others may use too, each with their own stores. */
export const layerOver = (memory: Memory): Layer.Layer<EventStore | PolicyStore | AgingStore | EventLog> =>
  Layer.mergeAll(
    Layer.effect(EventStore, eventStore(memory)),
    Layer.succeed(PolicyStore, policyStore(memory)),
    Layer.succeed(AgingStore, agingStore(memory)),
    Layer.succeed(
      EventLog,
      MemoryEventLog.make({
        heads: memory.heads,
        events: () => memory.all().flatMap(({ events }) => events)
      })
    )
  ).pipe(Layer.provide(SecureRandom.layerWebCrypto))

/** All stores over one memory that is empty at first and gone with the layer. */
export const layer: Layer.Layer<EventStore | PolicyStore | AgingStore | EventLog> = Layer.unwrap(
  Effect.sync(() => layerOver(new Memory()))
)
