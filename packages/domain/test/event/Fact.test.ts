import { describe, expect, it } from "vitest"
import * as Fact from "../../src/event/Fact.ts"
import { redemptionId } from "../support/Commands.ts"

describe("Fact", () => {
  it.each(["r", "a:b", "redemption:x", "account", "ü 1"])("reads the stream of redemption %j by its name", (id) => {
    const stream = Fact.redemptionStream(redemptionId(id))
    expect(Fact.streamFromName(Fact.streamName(stream))).toEqual(stream)
  })

  it("reads the account's own stream by its name", () => {
    expect(Fact.streamFromName(Fact.streamName(Fact.accountStream))).toEqual(Fact.accountStream)
  })
})
