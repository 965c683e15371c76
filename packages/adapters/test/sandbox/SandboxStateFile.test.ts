/** A sandbox whose state outlives it: stopped, killed, torn, held, broken. */
import { Effect, Exit, Option, Result, Scope } from "effect"
import fc from "fast-check"
import { spawn } from "node:child_process"
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it, onTestFinished } from "vitest"
import type { Sandbox } from "../../src/sandbox/Sandbox.ts"
import type { SandboxCommand } from "../../src/sandbox/SandboxBank.ts"
import { SandboxBook } from "../../src/sandbox/SandboxBook.ts"
import * as Faults from "../../src/sandbox/SandboxFaults.ts"
import * as Journal from "../../src/sandbox/SandboxJournal.ts"
import * as Rules from "../../src/sandbox/SandboxRules.ts"
import * as StateFile from "../../src/sandbox/SandboxStateFile.ts"
import { ACCOUNT, at, clientOf, inWorld, keys, lot, points } from "./world.ts"

const folder = mkdtempSync(join(tmpdir(), "pointback-sandbox-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const newFile = () => join(folder, `state-${files++}.ndjson`)

const NOW = at("2026-01-20T00:00:00Z")
const accounts = [{ userId: ACCOUNT, lots: [lot("A", "1000")] }]
const redeem = { processedBy: "E", redemptionType: "TRAVEL", userId: ACCOUNT, points: points("100") } as const
const credit = (redemptionId: string, amount: string) => ({ ...redeem, redemptionId, points: points(amount) }) as const

/** All that the sandbox can be asked about what happened. */
const everything = (sandbox: Sandbox["Service"]) =>
  Effect.all([sandbox.log, sandbox.truth, sandbox.account(ACCOUNT), sandbox.rules])

/** A file in which a redemption of 100 was made and 1 was credited. */
const filled = async () => {
  const state = newFile()
  await inWorld({ state, accounts, clock: () => NOW }, ({ client }) =>
    Effect.gen(function* () {
      const { redemptionId } = yield* client.redeem(redeem)
      yield* client.credit(credit(redemptionId, "1"))
    })
  )
  return state
}

const failureOf = (state: string) =>
  Effect.runPromise(Effect.flip(Effect.scoped(StateFile.open(state, 1n))) as Effect.Effect<StateFile.SandboxStateError>)

describe("a state in a file", () => {
  it("is there after a stop: accounts, redemptions, credits, log, rules, ids, and effects that are to come", async () => {
    const state = newFile()
    let now = NOW
    const options = { state, accounts, clock: () => now }
    const before = await inWorld({ ...options, rules: { restorationOrder: "draw" } }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        yield* sandbox.setFaults({
          script: [
            { call: "credit", nth: 1, fault: "dropBefore" },
            { call: "credit", nth: 3, fault: "lateEffect", after: "1h" }
          ]
        })
        const { redemptionId } = yield* client.redeem(redeem)
        yield* Effect.flip(client.credit(credit(redemptionId, "1")))
        yield* client.credit(credit(redemptionId, "2"))
        yield* Effect.flip(client.credit(credit(redemptionId, "3")))
        yield* Effect.flip(client.credit(credit(redemptionId, "200")))
        return yield* everything(sandbox)
      })
    )
    await inWorld(options, ({ client, sandbox }) =>
      Effect.gen(function* () {
        const [log, ...rest] = yield* everything(sandbox)
        // The account was put once more at the start.
        expect(log.slice(0, -1)).toEqual(before[0])
        expect(rest).toEqual(before.slice(1))
        expect(yield* client.redeem(redeem)).toMatchObject({ redemptionId: "5134722", pointBalance: "802" })
        now += 3_600_000_000n
        const truth = Option.getOrThrow(yield* sandbox.truthOf("5134720"))
        expect(truth.credits.map(({ creditId, points }) => [creditId, points])).toEqual([
          ["5134721", points("2")],
          ["5134723", points("3")]
        ])
      })
    )
  })

  it("loses a last line that was torn, and nothing else", async () => {
    const state = await filled()
    const whole = readFileSync(state, "utf8")
    appendFileSync(state, `{"kind":"command","at":{"#":"17`)
    await inWorld({ state, clock: () => NOW }, ({ client, sandbox }) =>
      Effect.gen(function* () {
        expect(readFileSync(state, "utf8")).toBe(whole)
        expect(yield* client.credit(credit("5134720", "1"))).toMatchObject({ remaining: "98" })
        expect(yield* sandbox.log).toHaveLength(4)
      })
    )
    // Wherever it is torn, what stands before is a state.
    const bytes = readFileSync(state)
    for (let size = 0; size <= bytes.length; size += 3) {
      const torn = newFile()
      writeFileSync(torn, bytes.subarray(0, size))
      const { entries } = await Effect.runPromise(Effect.scoped(StateFile.open(torn, 1n)))
      const lines = bytes.toString("utf8", 0, size).split("\n").length - 1
      expect(entries).toHaveLength(Math.max(0, lines - 1))
    }
  })

  it("is held by one sandbox at a time", async () => {
    const state = await filled()
    await inWorld({ state }, () =>
      Effect.promise(async () => {
        const error = await failureOf(state)
        expect(error).toMatchObject({ _tag: "SandboxStateHeld", file: state, pid: process.pid })
        expect(error.message).toMatch(/in use by another sandbox, process \d+\. Stop that one or use another file/)
      })
    )
  })

  it("is refused where a line in the middle is none, and named", async () => {
    const state = await filled()
    const lines = readFileSync(state, "utf8").split("\n")
    for (const [index, text, problem] of [
      [2, "{}", "line 3: it is no entry"],
      [1, "no JSON", "line 2: it is no entry"],
      [0, `{"format":"pointback-sandbox","version":2,"firstId":{"#":"1"}}`, "line 1: it is no state"]
    ] as const) {
      const broken = lines.with(index, text).join("\n")
      writeFileSync(state, broken)
      const error = await failureOf(state)
      expect(error._tag).toBe("SandboxStateUnusable")
      expect(error.message).toContain(problem)
      expect(readFileSync(state, "utf8")).toBe(broken)
    }
  })

  it("is refused where the file is another one, which is left as it is", async () => {
    for (const text of ["somebody's notes", "somebody's\nnotes", `{"format":"other"}`]) {
      const state = newFile()
      writeFileSync(state, text)
      expect((await failureOf(state))._tag).toBe("SandboxStateUnusable")
      expect(readFileSync(state, "utf8")).toBe(text)
    }
    expect((await failureOf(join(folder, "missing", "state")))._tag).toBe("SandboxStateUnusable")
    expect((await failureOf(folder))._tag).toBe("SandboxStateUnusable")
  })

  it("changes nothing that it cannot write", async () => {
    const book = new SandboxBook({
      firstId: 1n,
      rules: Rules.defaults,
      now: () => NOW,
      journal: {
        append: () => {
          throw new Journal.SandboxStateNotWritten({ file: "f", problem: "no space left" })
        }
      }
    })
    expect(() => book.run({ _tag: "PutAccount", userId: "1", lots: [] })).toThrow(/could not write f: no space left/)
    expect(book.balance("1")).toEqual(Option.none())
    expect(book.log().entries).toEqual([])
  })

  it("is written by nobody who comes after its end", async () => {
    const state = newFile()
    const { journal } = await Effect.runPromise(Effect.scoped(StateFile.open(state, 1n)))
    const before = readFileSync(state, "utf8")
    expect(() => journal.append({ kind: "clock", at: 1n }, true)).toThrow(/it is closed/)
    expect(readFileSync(state, "utf8")).toBe(before)
  })

  it("is the same, whatever happened, when it happens again from its lines", () => {
    const amount = fc.bigInt({ min: 1n, max: 40n })
    const base = { userId: "1", redemptionType: "TRAVEL" }
    const command = fc.oneof(
      fc.record({ points: amount }).map((fields): SandboxCommand => ({ _tag: "Redeem", ...base, ...fields })),
      fc
        .record({ points: fc.option(amount, { nil: undefined }), redemptionId: fc.constantFrom("1", "2", "3", "n") })
        .map((fields): SandboxCommand => ({ _tag: "Credit", ...base, ...fields })),
      fc.constantFrom<SandboxCommand>(
        { _tag: "PutAccount", userId: "1", lots: [{ lotId: "B", earnedAt: 0n, expiresAt: NOW, points: 9n }] },
        { _tag: "ReplaceAccount", userId: "1", successor: "2" },
        { _tag: "PutRules", rules: Result.getOrThrow(Rules.decode({ expiredLots: "extend:3", duplicates: "refuse" })) }
      )
    )
    const step = fc.record({
      command,
      way: fc.constantFrom("run", "promise", "note", "look"),
      fault: fc.constantFrom(...Faults.FAULTS),
      // The clock may go back, and a promise is due after five seconds.
      passes: fc.integer({ min: -6, max: 6 })
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        const lines: Array<string> = []
        let now = NOW - 20_000_000n
        const options = { firstId: 1n, rules: Rules.defaults, now: () => now }
        const book = new SandboxBook({
          ...options,
          journal: { append: (entry) => void lines.push(Journal.write(entry)) }
        })
        const lots = [{ lotId: "A", earnedAt: 0n, expiresAt: undefined, points: 100n }]
        book.run({ _tag: "PutAccount", userId: "1", lots })
        for (const { command, fault, passes, way } of steps) {
          now += BigInt(passes) * 1_000_000n
          if (way === "run") book.run(command, fault)
          else if (way === "promise") book.promise(command, fault, 5000)
          else if (way === "note") book.note({ call: "credit", redemption: "1", account: "1" }, fault)
          else book.truth()
        }
        const past = lines.map((line) => Result.getOrThrow(Journal.readEntry(line)))
        const again = new SandboxBook({ ...options, past })
        now = NOW + 600_000_000n
        expect(JSON.stringify(again.log())).toBe(JSON.stringify(book.log()))
        expect([again.truth(), again.account("1"), again.rules()]).toEqual([
          book.truth(),
          book.account("1"),
          book.rules()
        ])
        const next = { _tag: "Redeem", ...base, points: 1n } as const
        expect(again.run(next)).toEqual(book.run(next))
      })
    )
  })
})

describe("a sandbox that is killed", () => {
  const publicKey = join(folder, "public.pem")

  const start = async (state: string) => {
    writeFileSync(publicKey, keys.publicKey)
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL("SandboxChild.ts", import.meta.url)), state, publicKey],
      {
        stdio: ["ignore", "pipe", "inherit"]
      }
    )
    onTestFinished(() => void child.kill("SIGKILL"))
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
    const [line = ""] = await new Promise<ReadonlyArray<string>>((resolve) => {
      createInterface({ input: child.stdout }).once("line", (line) => resolve([line]))
      void ended.then(() => resolve([]))
    })
    return { line, kill: () => child.kill("SIGKILL"), ended }
  }

  it("has kept every credit that it answered, and at most those that were asked for", async () => {
    const state = newFile()
    await inWorld({ state, accounts }, ({ client }) => client.redeem(redeem))
    let answered = 0
    let asked = 0
    for (const [round, moment] of fc.sample(fc.integer({ min: 0, max: 150 }), 3).entries()) {
      const child = await start(state)
      const scope = Scope.makeUnsafe()
      onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
      const client = await Effect.runPromise(Scope.provide(clientOf(new URL(child.line)), scope))
      const one = Effect.suspend(() => {
        asked++
        return Effect.tap(client.credit(credit("5134720", "0.01")), () => Effect.sync(() => void answered++))
      })
      const load = Effect.runPromise(
        Effect.exit(Effect.all([Effect.forever(one), Effect.forever(one)], { concurrency: 2 }))
      )
      await sleep(moment)
      if (round === 0) expect((await start(state)).line).toBe("SandboxStateHeld")
      child.kill()
      await child.ended
      expect(Exit.isFailure(await load)).toBe(true)
      await inWorld({ state }, ({ sandbox }) =>
        Effect.gen(function* () {
          const { credits } = Option.getOrThrow(yield* sandbox.truthOf("5134720"))
          expect(credits.length).toBeGreaterThanOrEqual(answered)
          expect(credits.length).toBeLessThanOrEqual(asked)
          expect(new Set(credits.map(({ creditId }) => creditId)).size).toBe(credits.length)
        })
      )
    }
    expect(answered).toBeGreaterThan(0)
  })
})
