import { ConfigProvider, Effect, Redacted, Result } from "effect"
import forge from "node-forge"
import { createPublicKey, generateKeyPairSync } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import * as Pkcs12 from "../../src/mastercard/Pkcs12.ts"
import * as Keystores from "./keystores.ts"
import { PASSWORD } from "./keystores.ts"

const rsa = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" }
})

const publicOf = (pem: string) => createPublicKey(pem).export({ type: "spki", format: "pem" }).toString()

/** A file with nothing but a key; of 3DES as older tools write it. */
const fileOf = (algorithm: "3des" | "aes256", alias = "keyalias", password = PASSWORD) => {
  const key = forge.pki.privateKeyFromPem(rsa.privateKey)
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, null as never, password, { friendlyName: alias, algorithm })
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), "binary")
}

const folder = mkdtempSync(join(tmpdir(), "pointback-p12-"))
afterAll(() => rmSync(folder, { recursive: true }))

const password = Redacted.make(PASSWORD)

const pemOf = (bytes: Uint8Array, alias?: string) =>
  Effect.runPromise(Effect.map(Pkcs12.toPem(bytes, password, alias), Redacted.value))

const problemOf = (
  bytes: Uint8Array,
  { alias, secret = password }: { alias?: string; secret?: Redacted.Redacted } = {}
) => Effect.runPromise(Effect.flip(Pkcs12.toPem(bytes, secret, alias)))

describe("a PKCS#12 file", () => {
  it.each(["3des", "aes256"] as const)("of %s gives the key as PKCS#8", async (algorithm) => {
    const pem = await pemOf(fileOf(algorithm))
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----/)
    expect(publicOf(pem)).toBe(rsa.publicKey)
  })

  it.each(["rsa", "ec"] as const)(
    "of OpenSSL 3, with a certificate and a key of the kind %s, gives the key",
    async (kind) => {
      const { file, publicKey } = Keystores[kind]
      expect(publicOf(await pemOf(file))).toBe(publicKey)
    }
  )

  it("with one key needs no alias; one that is given must be there", async () => {
    const file = fileOf("3des", "my key")
    expect(publicOf(await pemOf(file))).toBe(rsa.publicKey)
    expect(publicOf(await pemOf(file, "MY KEY"))).toBe(rsa.publicKey)
    expect(await problemOf(file, { alias: "other" })).toBe("it has no key named other, only my key")
  })

  it("that cannot be opened says why, without a secret", async () => {
    expect(await problemOf(fileOf("aes256"), { secret: Redacted.make("wrong") })).toBe("its password is wrong")
    expect(await problemOf(Buffer.from("abc"))).toBe("it is not PKCS#12")
    expect(await problemOf(fileOf("aes256").subarray(0, 300))).toBe("it is not PKCS#12")
    const changed = fileOf("aes256")
    changed[200] = (changed[200] ?? 0) ^ 1
    expect(await problemOf(changed)).toMatch(/^it/)
  })
})

describe("the environment", () => {
  const read = (env: Record<string, string>) =>
    MastercardConfig.fromEnvironment.pipe(
      Effect.provide(
        ConfigProvider.layer(
          ConfigProvider.fromEnv({
            env: {
              POINTBACK_MASTERCARD_URL: "https://sandbox.api.mastercard.com/loyalty",
              POINTBACK_MASTERCARD_CONSUMER_KEY: "consumer!key",
              ...env
            }
          })
        )
      ),
      Effect.result,
      Effect.runPromise
    )

  it("may name a PKCS#12 file, its password and the key in it", async () => {
    const path = join(folder, "named.p12")
    writeFileSync(path, fileOf("aes256", "mine"))
    const key = { POINTBACK_MASTERCARD_SIGNING_KEY: path }
    const config = await read({ ...key, POINTBACK_MASTERCARD_SIGNING_KEY_PASSWORD: PASSWORD })
    expect(publicOf(Redacted.value(Result.getOrThrow(config).signingKey))).toBe(rsa.publicKey)
    expect(inspect(config, { depth: 9 })).not.toContain("PRIVATE KEY")

    const unlocked = await read(key)
    expect(unlocked).toMatchObject({
      failure: { variable: "POINTBACK_MASTERCARD_SIGNING_KEY_PASSWORD", problem: "its password is wrong" }
    })
    const other = await read({
      ...key,
      POINTBACK_MASTERCARD_SIGNING_KEY_PASSWORD: PASSWORD,
      POINTBACK_MASTERCARD_SIGNING_KEY_ALIAS: "other"
    })
    expect(other).toMatchObject({ failure: { variable: "POINTBACK_MASTERCARD_SIGNING_KEY_ALIAS" } })
    expect(inspect(other, { depth: 9 })).not.toContain(PASSWORD)
  })
})
