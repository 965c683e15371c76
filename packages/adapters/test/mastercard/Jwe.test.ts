import { Effect, Result } from "effect"
import fc from "fast-check"
import { compactDecrypt, CompactEncrypt } from "jose"
import NpmEncryption from "mastercard-client-encryption"
import forge from "node-forge"
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import * as Jwe from "../../src/mastercard/Jwe.ts"
import * as SandboxJwe from "../../src/sandbox/SandboxJwe.ts"

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 })
const pem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString()
const keys: Jwe.JweKeys = {
  publicKey: pair.publicKey,
  keyId: Jwe.fingerprint(pair.publicKey),
  privateKey: pair.privateKey
}

/** A certificate as Mastercard's portal gives it out. */
const certificateOf = (): string => {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(pair.publicKey.export({ type: "spki", format: "pem" }).toString())
  certificate.validity.notAfter = new Date(certificate.validity.notBefore.getTime() + 86_400_000)
  certificate.setSubject([{ name: "commonName", value: "pointback" }])
  certificate.setIssuer([{ name: "commonName", value: "pointback" }])
  certificate.sign(forge.pki.privateKeyFromPem(pem), forge.md.sha256.create())
  return forge.pki.certificateToPem(certificate)
}

const folder = mkdtempSync(join(tmpdir(), "pointback-jwe-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** Mastercard's own library, which wants its keys as files. */
const official = (() => {
  writeFileSync(join(folder, "cert.pem"), certificateOf())
  writeFileSync(join(folder, "key.pem"), pem)
  return new NpmEncryption.JweEncryption({
    mode: "JWE",
    encryptedValueFieldName: "encryptedData",
    encryptionCertificate: join(folder, "cert.pem"),
    privateKey: join(folder, "key.pem"),
    paths: [
      {
        path: "/redeemers/search",
        toEncrypt: [{ element: "$", obj: "$" }],
        toDecrypt: [{ element: "encryptedData", obj: "$" }]
      }
    ]
  })
})()

const officialToken = (body: object): string =>
  String((official.encrypt("/redeemers/search", {}, body).body as { encryptedData: string }).encryptedData)

const decrypt = (token: string) => Result.getOrThrow(Jwe.decrypt(token, pair.privateKey))

const json = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: "grapheme" }), { minKeys: 1 })

describe("what we write", () => {
  it("is read by jose and by Mastercard's library, and names the key by its fingerprint", async () => {
    const token = await Effect.runPromise(Jwe.encrypt(`{"userId":"5412751234567890"}`, keys))
    const { plaintext, protectedHeader } = await compactDecrypt(token, pair.privateKey)
    expect(new TextDecoder().decode(plaintext)).toBe(`{"userId":"5412751234567890"}`)
    expect(protectedHeader).toEqual({
      alg: "RSA-OAEP-256",
      enc: "A256GCM",
      kid: keys.keyId,
      cty: "application/json"
    })
    const theirs = official.decrypt({
      request: { url: "/redeemers/search" },
      header: {},
      body: { encryptedData: token }
    }) as { userId: string }
    expect(theirs).toMatchObject({ userId: "5412751234567890" })
  })

  it("names the key as Mastercard's library does", () => {
    const [header = ""] = officialToken({ a: 1 }).split(".")
    expect(JSON.parse(Buffer.from(header, "base64").toString())).toMatchObject({ kid: keys.keyId })
    const certificate = new X509Certificate(certificateOf())
    expect(Jwe.fingerprint(certificate.publicKey)).toBe(keys.keyId)
    expect(Jwe.fingerprint(Result.getOrThrow(Jwe.publicKeyFromPem(certificateOf())))).toBe(keys.keyId)
  })
})

describe("what we read", () => {
  it("is what Mastercard's library writes, which jose refuses", async () => {
    let slashes = 0
    for (let i = 0; i < 20; i++) {
      const token = officialToken({ userId: `${ACCOUNT}${i}` })
      if (token.includes("/")) slashes++
      expect(JSON.parse(decrypt(token))).toEqual({ userId: `${ACCOUNT}${i}` })
      await expect(compactDecrypt(token, pair.privateKey)).rejects.toThrow()
    }
    // Otherwise the case that this is about did not come up.
    expect(slashes).toBeGreaterThan(0)
  })

  it("is what jose writes", () =>
    fc.assert(
      fc.asyncProperty(json, fc.constantFrom("A128GCM", "A192GCM", "A256GCM"), async (body, enc) => {
        const token = await new CompactEncrypt(Buffer.from(JSON.stringify(body)))
          .setProtectedHeader({ alg: "RSA-OAEP-256", enc })
          .encrypt(pair.publicKey)
        expect(JSON.parse(decrypt(token))).toEqual(body)
      }),
      { numRuns: 20 }
    ))

  it("is not what was changed on its way, made for another key, or otherwise encrypted", async () => {
    const token = await Effect.runPromise(Jwe.encrypt(`{"a":1}`, keys))
    const parts = token.split(".")
    for (const index of [1, 2, 3, 4]) {
      const bytes = Buffer.from(parts[index] ?? "", "base64url")
      bytes[0] = (bytes[0] ?? 0) ^ 1
      const changed = parts.with(index, bytes.toString("base64url")).join(".")
      expect(Jwe.decrypt(changed, pair.privateKey)).toEqual(
        Result.fail("it was not made for our key, or changed on its way")
      )
    }
    const header = Buffer.from(JSON.stringify({ alg: "RSA-OAEP-256", enc: "A256GCM", kid: "x" })).toString("base64url")
    expect(Result.isFailure(Jwe.decrypt(parts.with(0, header).join("."), pair.privateKey))).toBe(true)
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 })
    expect(Result.isFailure(Jwe.decrypt(token, other.privateKey))).toBe(true)
    const short = parts.with(
      4,
      Buffer.from(parts[4] ?? "", "base64url")
        .subarray(0, 4)
        .toString("base64url")
    )
    expect(Jwe.decrypt(short.join("."), pair.privateKey)).toEqual(Result.fail("it is damaged"))
    expect(Jwe.decrypt("a.b.c", pair.privateKey)).toEqual(Result.fail("it has not the five parts of a JWE token"))
    const none = Buffer.from(JSON.stringify({ alg: "none", enc: "A256GCM" })).toString("base64url")
    expect(Jwe.decrypt(parts.with(0, none).join("."), pair.privateKey)).toEqual(
      Result.fail("its algorithms are not RSA-OAEP-256 and AES-GCM")
    )
  })
})

describe("the sandbox's tokens", () => {
  it("by the standard are read by jose; in Mastercard's way by Mastercard's library; both by us", async () => {
    const standard = SandboxJwe.seal(`{"a":"é"}`, pair.publicKey, "standard")
    expect(new TextDecoder().decode((await compactDecrypt(standard, pair.privateKey)).plaintext)).toBe(`{"a":"é"}`)
    expect(decrypt(standard)).toBe(`{"a":"é"}`)
    const theirs = SandboxJwe.seal(`{"a":"é"}`, pair.publicKey, "mastercard")
    expect(decrypt(theirs)).toBe(`{"a":"é"}`)
    expect(
      official.decrypt({ request: { url: "/redeemers/search" }, header: {}, body: { encryptedData: theirs } })
    ).toMatchObject({ a: "é" })
    await expect(compactDecrypt(theirs, pair.privateKey)).rejects.toThrow()
  })

  it("the sandbox opens ours and theirs, and nothing else", async () => {
    const ours = await Effect.runPromise(Jwe.encrypt(`{"a":1}`, keys))
    expect(SandboxJwe.open(ours, pair.privateKey)).toBe(`{"a":1}`)
    expect(SandboxJwe.open(officialToken({ a: 1 }), pair.privateKey)).toBe(`{"a":1}`)
    expect(SandboxJwe.open(ours.slice(0, -2), createPrivateKey(pem))).toBeUndefined()
    expect(SandboxJwe.open("", pair.privateKey)).toBeUndefined()
  })
})

const ACCOUNT = "220094110178641288073796026652"

it("a public key that cannot be used says why", () => {
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const ecPem = ec.publicKey.export({ type: "spki", format: "pem" }).toString()
  expect(Jwe.publicKeyFromPem(ecPem)).toEqual(Result.fail("it is a key for ec, not for RSA"))
  expect(Jwe.publicKeyFromPem("abc")).toEqual(Result.fail("it is neither a certificate nor a public key as PEM text"))
  expect(createPublicKey(pem).asymmetricKeyType).toBe("rsa")
})
