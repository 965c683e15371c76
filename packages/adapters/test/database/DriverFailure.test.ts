import { NoResultError, SelectQueryNode } from "kysely"
import { describe, expect, test } from "vitest"
import type { DatabaseErrorReason } from "../../src/database/DatabaseError.ts"
import { fromDriver, type Standing } from "../../src/database/DriverFailure.ts"

const coded = (code: string, fields: object = {}) => Object.assign(new Error("something failed"), { code, ...fields })

const reason = (cause: unknown, standing: Standing): DatabaseErrorReason | undefined =>
  fromDriver(cause, standing)?.reason

const standings: ReadonlyArray<Standing> = ["statement", "autocommit", "commit"]

describe("what a driver throws", () => {
  test.each(["08001", "53300", "57P03", "ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"])(
    "%s: nothing was sent, whatever was asked for",
    (code) => {
      for (const standing of standings) {
        const error = fromDriver(coded(code), standing)
        expect(error?.reason).toEqual({ _tag: "Unreachable", outcomeUnknown: false })
        expect(error?.isRetryable).toBe(true)
      }
    }
  )

  test.each([coded("57P01"), coded("08006"), coded("ECONNRESET"), new Error("Connection terminated unexpectedly")])(
    "%s: only inside a transaction is it certain that nothing was changed",
    (cause) => {
      expect(standings.map((standing) => reason(cause, standing))).toEqual([
        { _tag: "Unreachable", outcomeUnknown: false },
        { _tag: "Unreachable", outcomeUnknown: true },
        { _tag: "Unreachable", outcomeUnknown: true }
      ])
    }
  )

  test.each([
    [coded("23505", { constraint: "event_key" }), { _tag: "UniqueViolation", constraint: "event_key" }, false],
    [coded("23514", { constraint: "positive" }), { _tag: "CheckViolation", constraint: "positive" }, false],
    [coded("23503"), { _tag: "Other", sqlState: "23503" }, false],
    [coded("40001"), { _tag: "SerializationFailure" }, true],
    [coded("40P01"), { _tag: "Deadlock" }, true],
    [coded("55P03"), { _tag: "LockTimeout" }, true],
    [coded("57014"), { _tag: "Other", sqlState: "57014" }, false],
    [coded("28P01"), { _tag: "Other", sqlState: "28P01" }, false],
    [coded("SELF_SIGNED_CERT_IN_CHAIN"), { _tag: "Other", sqlState: undefined }, false],
    [new Error("Cannot use a pool after calling end on the pool"), { _tag: "Closed" }, false],
    [new Error("PGlite is closed"), { _tag: "Closed" }, false],
    ["a string", { _tag: "Other", sqlState: undefined }, false],
    [undefined, { _tag: "Other", sqlState: undefined }, false]
  ])("%s", (cause, expected, retryable) => {
    const error = fromDriver(cause, "statement")
    expect([error?.reason, error?.isRetryable]).toEqual([expected, retryable])
    expect(error?.message).not.toContain("something failed")
  })

  test("an append that refuses itself says what to do", () => {
    expect(fromDriver(coded("P0001"), "autocommit")?.message).toContain("pointback verify")
  })

  test.each([new TypeError("x is undefined"), new ReferenceError("x"), new NoResultError(SelectQueryNode.create())])(
    "%s is no failure of the database",
    (cause) => {
      expect(fromDriver(cause, "statement")).toBeUndefined()
    }
  )
})
