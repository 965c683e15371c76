import { describe, expect, it } from "vitest"
import { maskAccount, maskText } from "../../src/mastercard/Masking.ts"
import * as Reason from "../../src/mastercard/Reason.ts"

const body = (error: unknown) => JSON.stringify({ Errors: { Error: error } })

describe("the error structure", () => {
  it("is read where a list of one was left out, and where members are missing", () => {
    expect(Reason.fromBody(body({ ReasonCode: "X" }))).toEqual([
      { source: "", reasonCode: "X", description: "", recoverable: undefined, details: undefined }
    ])
  })

  it.each([
    ["true", true],
    ["false", false],
    [true, true],
    [false, false],
    ["true/false", undefined],
    [null, undefined],
    [1, undefined]
  ])("reads Recoverable %j", (value, expected) => {
    expect(Reason.fromBody(body([{ Recoverable: value }]))[0]?.recoverable).toBe(expected)
  })

  it.each([
    ["null", undefined],
    [null, undefined],
    ["text", "text"],
    [{ a: [1.1] }, `{"a":[1.1]}`]
  ])("reads Details %j", (value, expected) => {
    expect(Reason.fromBody(body([{ Details: value }]))[0]?.details).toBe(expected)
  })

  it.each(["", "<html>", "[]", "null", "1", `{"Errors":null}`, `{"Errors":{"Error":["x",1,null]}}`])(
    "has no reasons in %j",
    (text) => {
      expect(Reason.fromBody(text)).toEqual([])
    }
  )

  it("is bounded in number and in length", () => {
    const reasons = Reason.fromBody(body(Array.from({ length: 99 }, () => ({ Description: "x".repeat(9999) }))))
    expect(reasons).toHaveLength(Reason.MAXIMUM_REASONS)
    expect(reasons[0]?.description).toHaveLength(Reason.MAXIMUM_TEXT_LENGTH)
  })

  it("is said in words", () => {
    const reason = { source: "Gateway", reasonCode: "X", description: "", recoverable: true, details: undefined }
    expect(Reason.describe(reason)).toBe("X (Gateway)")
    expect(Reason.describe({ ...reason, source: "", description: "why" })).toBe("X: why")
  })
})

describe("masking", () => {
  it("keeps four characters of an account, and none of a short one", () => {
    expect(maskAccount("220094110178641288073796026652")).toBe("…6652")
    expect(maskAccount("6652")).toBe("…")
  })

  it("finds the account, also one that is no number, and every long number", () => {
    expect(maskText("for ACC$&-77 and 5555444433332222, redemption 5134720", "ACC$&-77")).toBe(
      "for …&-77 and …2222, redemption 5134720"
    )
  })
})
