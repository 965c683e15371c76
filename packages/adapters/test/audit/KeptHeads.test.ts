/** Heads that are printed are read again as they were; what was changed in between is not taken for them. */
import { Result } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { assert, describe, it } from "vitest"
import * as KeptHeads from "../../src/audit/KeptHeads.ts"

const document: KeptHeads.KeptHeads = {
  pointbackHeads: 1,
  log: "0198c0de-0000-4000-8000-000000000000",
  schema: "0004_erasures",
  takenAt: "2026-01-20T09:30:00.000001Z",
  heads: [
    { partition: 0, position: 0, recordedAt: null, hash: "" },
    { partition: 1, position: 12, recordedAt: "2026-01-20T09:29:00.000000Z", hash: "ab".repeat(32) }
  ]
}

const pem = (type: "ed25519" | "x25519") => {
  const pair = type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("x25519")
  return {
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString()
  }
}
const keys = pem("ed25519")

describe("kept heads", () => {
  it("are read as they were printed", () => {
    assert.deepStrictEqual(Result.getOrThrow(KeptHeads.parse(KeptHeads.print(document))), document)
    const signed = Result.getOrThrow(KeptHeads.signed(document, keys.privateKey))
    assert.deepStrictEqual(Result.getOrThrow(KeptHeads.parse(KeptHeads.print(signed))), signed)
  })

  it.each([
    ["no JSON", "heads", /JSON/],
    ["another document", "{}", /pointbackHeads/],
    ["a later form", KeptHeads.print(document).replace('"pointbackHeads": 1', '"pointbackHeads": 2'), /pointbackHeads/],
    ["a hash that is none", KeptHeads.print(document).replace("abab", "xyzt"), /64 hex digits/],
    ["a position without a hash", KeptHeads.print(document).replace('"position":0', '"position":1'), /must have a hash/]
  ])("are not read from %s, which is told why", (_, text, problem) => {
    const read = KeptHeads.parse(text)
    assert.isTrue(Result.isFailure(read))
    assert.match(Result.getOrThrow(Result.flip(read)), problem)
  })

  it("bear a signature that fits them and the key, and no others", () => {
    const signed = Result.getOrThrow(KeptHeads.signed(document, keys.privateKey))
    const isSigned = (kept: KeptHeads.KeptHeads, key = keys.publicKey) =>
      Result.getOrThrow(KeptHeads.isSignedBy(kept, key))
    assert.isTrue(isSigned(signed))
    assert.isTrue(isSigned(Result.getOrThrow(KeptHeads.parse(KeptHeads.print(signed)))))
    assert.isFalse(isSigned(signed, pem("ed25519").publicKey))
    assert.isFalse(isSigned(document))
    assert.isFalse(isSigned({ ...signed, log: "other" }))
    assert.isFalse(isSigned({ ...signed, takenAt: "2027-01-20T09:30:00.000001Z" }))
    assert.isFalse(isSigned({ ...signed, heads: signed.heads.slice(1) }))
    const [first, second] = signed.heads as [KeptHeads.KeptHead, KeptHeads.KeptHead]
    assert.isFalse(isSigned({ ...signed, heads: [first, { ...second, position: 13 }] }))
  })

  it("are neither signed nor held against another kind of key", () => {
    const other = pem("x25519")
    const problem = (result: Result.Result<unknown, string>) => Result.getOrThrow(Result.flip(result))
    assert.match(problem(KeptHeads.signed(document, other.privateKey)), /Ed25519 key is expected, this one is x25519/)
    assert.match(problem(KeptHeads.isSignedBy(document, other.publicKey)), /Ed25519 key is expected/)
    assert.match(problem(KeptHeads.signed(document, "no key")), /private key in PEM is expected/)
    assert.match(problem(KeptHeads.isSignedBy(document, "no key")), /public key in PEM is expected/)
  })
})
