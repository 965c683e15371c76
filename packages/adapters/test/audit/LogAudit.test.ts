/** Whatever is done to the log behind our back is named by its place; a log that was written anew by kept heads alone. */
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import type { KeptHeads } from "../../src/audit/KeptHeads.ts"
import { auditLog } from "../../src/audit/LogAudit.ts"
import { takeHeads } from "../../src/audit/TakeHeads.ts"
import { dialects, rows } from "../support/DatabaseUnderTest.ts"
import { account, redeemed, run as carryOut, tampered } from "./Tampering.ts"

/** Makes the chain fit what is stored again, as somebody who knows how it is computed would. */
const REWRITE = `do $do$ declare e record; before bytea := ''; begin
  for e in select * from events order by partition, position loop
    if e.position = 1 then before := ''; end if;
    before := sha256(before || convert_to(event_envelope(e.partition, e.position, e.program, e.account_key, e.recorded_at)
      || event_content(e.event_id, e.stream, e.version, e.account_version, e.type, e.schema_version, e.payload::text,
        e.occurred_at, e.correlation_id, e.causation_id, e.idempotency_key, e.actor), 'UTF8'));
    update events set hash = before where partition = e.partition and position = e.position;
    update log_heads set hash = before, position = e.position where partition = e.partition;
  end loop;
end $do$`

const CHANGED = /^is not what was recorded here/

/** What is done, and where the log must be found wrong first; the places of all differences. */
interface Tampering {
  readonly name: string
  readonly statements: ReadonlyArray<string>
  readonly found: ReadonlyArray<readonly [position: string, problem: RegExp]>
}

/** One change to the event at position 3 of 8. */
const changes: Readonly<Record<string, string>> = {
  "a byte of the payload": `payload = replace(payload::text, '150', '151')::json`,
  "a blank in the payload": `payload = replace(payload::text, ':', ': ')::json`,
  actor: `actor = 'Zoe'`,
  "an actor that was removed": `actor = null`,
  "an idempotency key that moved to the causation": `causation_id = idempotency_key, idempotency_key = null`,
  "a correlation that takes in what follows": `correlation_id = correlation_id || E'\\x1f' || idempotency_key, idempotency_key = null`,
  occurred_at: `occurred_at = occurred_at + interval '1 microsecond'`,
  recorded_at: `recorded_at = recorded_at + interval '1 microsecond'`,
  "its type": `type = 'PointsEarned'`,
  "its stream": `stream = 'account', version = 99`,
  "its schema version": `schema_version = 2`,
  "its account": `account_key = 'another'`,
  "its program": `program = 'another'`,
  "its id": `event_id = gen_random_uuid()`,
  "its account version": `account_version = 99`
}

const tamperings: ReadonlyArray<Tampering> = [
  ...Object.entries(changes).map(([name, change]): Tampering => ({
    name,
    statements: [`update events set ${change} where position = 3`],
    found: [["position 3, event", CHANGED]]
  })),
  {
    name: "the hash of an event",
    statements: [`update events set hash = sha256(hash) where position = 3`],
    found: [
      ["position 3, event", CHANGED],
      ["position 4", /^is the last of 1 more that do not fit/]
    ]
  },
  {
    name: "an event with the hash that fits it",
    statements: [
      `update events set actor = 'Zoe' where position = 3`,
      `update events e set hash = sha256((select hash from events where position = 2) || convert_to(
        event_envelope(e.partition, e.position, e.program, e.account_key, e.recorded_at) || event_content(e.event_id, e.stream,
          e.version, e.account_version, e.type, e.schema_version, e.payload::text, e.occurred_at, e.correlation_id,
          e.causation_id, e.idempotency_key, e.actor), 'UTF8')) where position = 3`
    ],
    found: [["position 4, event", /or the event before it was changed with its hash$/]]
  },
  {
    name: "an event that was removed",
    statements: [`delete from events where position = 3`],
    found: [["position 4, event", /^follows position 2: what stood between them was removed$/]]
  },
  {
    name: "the first event that was removed",
    statements: [`delete from events where position = 1`],
    found: [["position 2, event", /^follows position 0: /]]
  },
  {
    name: "an event that was removed and the others moved up",
    statements: [
      `delete from events where position = 3`,
      `update events set position = position + 100 where position > 3`,
      `update events set position = position - 101 where position > 100`,
      `update log_heads set position = position - 1 where position > 0`
    ],
    found: [
      ["position 3, event", CHANGED],
      ["position 7", /^is the last of 4 more that do not fit/]
    ]
  },
  {
    name: "two events that changed places",
    statements: [
      `update events set position = position + 100 where position in (3, 4)`,
      `update events set position = 107 - position where position > 100`
    ],
    found: [
      ["position 3, event", CHANGED],
      // The one at 4 does not follow the hash that moved to 3 either, nor the one at 5 that which moved to 4.
      ["position 5", /^is the last of 2 more/],
      ["position 4, event", /^is recorded no later than the event before it$/]
    ]
  },
  {
    name: "two events that exchanged their contents",
    statements: [
      `update events a set payload = b.payload from events b where (a.position, b.position) in ((1, 2), (2, 1))`
    ],
    found: [
      ["position 1, event", CHANGED],
      ["position 2", /^is the last of 1 more/]
    ]
  },
  {
    name: "an event that was inserted",
    statements: [
      `update events set position = position + 100, version = version + 100 where position > 2`,
      `insert into events select partition, program, account_key, 3, gen_random_uuid(), stream, 99, 99, type, schema_version,
        payload, occurred_at, recorded_at + interval '1 microsecond', correlation_id, causation_id, idempotency_key, actor, sha256(hash)
        from events where position = 2`,
      `update events set position = position - 99, version = version - 100 where position > 100`,
      `update log_heads set position = position + 1 where position > 0`
    ],
    found: [
      ["position 3, event", CHANGED],
      ["position 9", /^is the last of 6 more/]
    ]
  },
  {
    name: "an event that was added at the end",
    statements: [
      `insert into events select partition, program, account_key, 9, gen_random_uuid(), stream, 99, 99, type, schema_version,
        payload, occurred_at, recorded_at + interval '1 day', correlation_id, causation_id, idempotency_key, actor, sha256(hash)
        from events where position = 8`
    ],
    found: [
      ["position 9, event", CHANGED],
      ["head", /^stands at position 8, and events go on to 9$/]
    ]
  },
  {
    name: "the last events that were cut off",
    statements: [`delete from events where position > 6`],
    found: [["head", /^stands at position 8, and the last event at 6: those between were cut off$/]]
  },
  {
    name: "all events that were removed",
    statements: [`delete from events`],
    found: [["head", /^stands at position 8, and the last event at 0/]]
  },
  {
    name: "the last events that were cut off, and a head that was set back",
    statements: [`delete from events where position > 6`, `update log_heads set position = 6 where position > 0`],
    found: [["head", /^has hash [0-9a-f]{64}, and the last event [0-9a-f]{64}$/]]
  },
  {
    name: "a head's instant",
    statements: [`update log_heads set recorded_at = '2020-01-01T00:00:00Z' where position > 0`],
    found: [["head", /^is of 2020-01-01T00:00:00.000000Z, and the last event was recorded at/]]
  },
  {
    name: "a head that was removed",
    statements: [`delete from log_heads where position > 0`],
    found: [["head", /^is missing$/]]
  }
]

/** Done by somebody who makes all hashes and heads fit again: nothing in the database tells of it. */
const rewritings: ReadonlyArray<Tampering> = [
  {
    name: "a change with all hashes made anew",
    statements: [`update events set actor = 'Zoe' where position = 3`, REWRITE],
    found: [["position 8", /^has hash [0-9a-f]{64}, and [0-9a-f]{64} was kept: the log up to here was written anew$/]]
  },
  {
    name: "the last events that were cut off with their head",
    statements: [`delete from events where position > 6`, REWRITE],
    found: [["position 8", /^was kept, and the log ends at 6: those between were cut off$/]]
  }
]

const apply = (statements: ReadonlyArray<string>) => Effect.forEach(statements, (statement) => rows(statement))

describe.each(dialects)("the log on %s", (dialect) => {
  const run = tampered(dialect)

  const places = (found: Effect.Success<ReturnType<typeof auditLog>>) =>
    found.differences.map(({ place, problem }) => ({ place: place.replace(/^partition \d+ /, ""), problem }))

  const assertFound = (
    found: ReadonlyArray<{ readonly place: string; readonly problem: string }>,
    expected: Tampering["found"]
  ) => {
    const told = JSON.stringify(found, undefined, 1)
    assert.strictEqual(found.length, expected.length, told)
    for (const [index, [place, problem]] of expected.entries()) {
      assert.isTrue(found[index]!.place.startsWith(place), told)
      assert.match(found[index]!.problem, problem)
    }
  }

  it("fits its hashes as it was written, and heads that were kept", () =>
    run(
      Effect.gen(function* () {
        const document = yield* takeHeads
        assert.deepStrictEqual(yield* auditLog({ document, signed: true }), { events: 8, differences: [] })
        yield* carryOut(
          account,
          [redeemed[0]!].map((command) => ({ ...command, lotId: "C" }) as typeof command)
        )
        assert.deepStrictEqual(yield* auditLog({ document, signed: null }), { events: 9, differences: [] })
      })
    ))

  it.each(tamperings)("is found wrong where it was changed: $name", ({ found, statements }) =>
    run(
      Effect.gen(function* () {
        yield* apply(statements)
        assertFound(places(yield* auditLog(null)), found)
      })
    )
  )

  it("names program and account of what was changed", () =>
    run(
      Effect.gen(function* () {
        const [event] = yield* rows<{ program: string; account_key: string; event_id: string }>(
          "select program, account_key, event_id from events where position = 5"
        )
        yield* apply(["update events set actor = 'Zoe' where position = 5"])
        const [difference] = (yield* auditLog(null)).differences
        assert.deepInclude(difference, { check: "log", program: event!.program, account: event!.account_key })
        assert.include(difference!.place, event!.event_id)
      })
    ))

  it.each(rewritings)("that was written anew is found by kept heads alone: $name", ({ found, statements }) =>
    run(
      Effect.gen(function* () {
        const document = yield* takeHeads
        yield* apply(statements)
        assert.deepStrictEqual(places(yield* auditLog(null)), [])
        assertFound(places(yield* auditLog({ document, signed: null })), found)
      })
    )
  )

  it.each([
    ["another log", (kept: KeptHeads): KeptHeads => ({ ...kept, log: "other" }), "log"],
    ["fewer partitions", (kept: KeptHeads) => ({ ...kept, heads: kept.heads.slice(1) }), "partition 0"],
    ["more partitions", (kept: KeptHeads) => ({ ...kept, heads: [...kept.heads, kept.heads[0]!] }), "partition 0"]
  ] as const)("differs from heads of %s", (_, change, place) =>
    run(
      Effect.gen(function* () {
        const { differences } = yield* auditLog({ document: change(yield* takeHeads), signed: null })
        assert.deepStrictEqual(
          differences.map((difference) => [difference.check, difference.place]),
          [["heads", place]]
        )
      })
    )
  )

  it("differs from heads without the signature that was asked for", () =>
    run(
      Effect.gen(function* () {
        const { differences } = yield* auditLog({ document: yield* takeHeads, signed: false })
        assert.deepInclude(differences[0], { check: "heads", place: "signature" })
      })
    ))
})
