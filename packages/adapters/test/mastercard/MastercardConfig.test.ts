import { ConfigProvider, Duration, Effect, Redacted } from "effect"
import { createPublicKey, generateKeyPairSync } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { Mastercard } from "../../src/mastercard/Mastercard.ts"
import * as MastercardConfig from "../../src/mastercard/MastercardConfig.ts"
import * as Keystores from "./keystores.ts"
import * as Traffic from "../../src/mastercard/Traffic.ts"

const rsa = (modulusLength: number) => generateKeyPairSync("rsa", { modulusLength }).privateKey
const key = rsa(2048)
const pem = key.export({ type: "pkcs8", format: "pem" }).toString()

const complete = {
  POINTBACK_MASTERCARD_URL: "https://sandbox.api.mastercard.com/loyalty/",
  POINTBACK_MASTERCARD_CONSUMER_KEY: "consumer!key\n",
  POINTBACK_MASTERCARD_SIGNING_KEY: pem
}

const read = (env: Record<string, string>) =>
  MastercardConfig.fromEnvironment.pipe(
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))),
    Effect.runPromise
  )

const problemOf = (env: Record<string, string>) =>
  MastercardConfig.fromEnvironment.pipe(
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))),
    Effect.flip,
    Effect.runPromise
  )

describe("the environment", () => {
  it("gives a configuration that prints no secret", async () => {
    const config = await read({ ...complete, POINTBACK_MASTERCARD_ANSWER_LIMIT: "12 seconds" })
    expect(config.url.href).toBe("https://sandbox.api.mastercard.com/loyalty")
    expect(Redacted.value(config.consumerKey!)).toBe("consumer!key")
    expect(Duration.toMillis(config.answerLimit)).toBe(12_000)
    expect(Duration.toMillis(config.connectLimit)).toBe(Duration.toMillis(MastercardConfig.DEFAULT_CONNECT_LIMIT))
    const printed = inspect(config, { depth: 20 }) + JSON.stringify(config)
    expect(printed).not.toContain("consumer!key")
    expect(printed).not.toContain("PRIVATE")
  })

  it("may name a file with the key, and write line ends as \\n", async () => {
    const directory = await mkdtemp(join(tmpdir(), "pointback-"))
    try {
      const path = join(directory, "key.pem")
      await writeFile(path, pem)
      const config = await read({ ...complete, POINTBACK_MASTERCARD_SIGNING_KEY: path })
      expect(Redacted.value(config.signingKey)).toBe(pem)
      await writeFile(path, "x".repeat(70_000))
      expect((await problemOf({ ...complete, POINTBACK_MASTERCARD_SIGNING_KEY: path })).message).toContain(
        "65536 bytes"
      )
    } finally {
      await rm(directory, { recursive: true })
    }
    await read({ ...complete, POINTBACK_MASTERCARD_SIGNING_KEY: pem.trim().replaceAll("\n", "\\n") })
  })

  it("may have every secret in a file of its own, and shows neither file nor secret where one is wrong", async () => {
    const directory = await mkdtemp(join(tmpdir(), "pointback-"))
    try {
      const file = async (name: string, content: string | Uint8Array) => {
        await writeFile(join(directory, name), content)
        return join(directory, name)
      }
      const { POINTBACK_MASTERCARD_URL, POINTBACK_MASTERCARD_CONSUMER_KEY } = complete
      const files = {
        POINTBACK_MASTERCARD_URL,
        POINTBACK_MASTERCARD_CONSUMER_KEY_FILE: await file("consumer", POINTBACK_MASTERCARD_CONSUMER_KEY),
        POINTBACK_MASTERCARD_SIGNING_KEY_FILE: await file("key.pem", pem)
      }
      const config = await read(files)
      expect(Redacted.value(config.consumerKey!)).toBe("consumer!key")
      expect(Redacted.value(config.signingKey)).toBe(pem)
      const password = Keystores.PASSWORD
      const keystore = await file("key.p12", Keystores.rsa.file)
      const fromKeystore = await read({
        ...files,
        POINTBACK_MASTERCARD_SIGNING_KEY_FILE: keystore,
        POINTBACK_MASTERCARD_SIGNING_KEY_PASSWORD_FILE: await file("password", `${password}\n`)
      })
      expect(createPublicKey(Redacted.value(fromKeystore.signingKey)).export({ format: "jwk" })).toEqual(
        createPublicKey(Keystores.rsa.publicKey).export({ format: "jwk" })
      )
      const wrong: ReadonlyArray<readonly [Record<string, string>, string]> = [
        [{ POINTBACK_MASTERCARD_CONSUMER_KEY_FILE: `/nowhere/${password}` }, "POINTBACK_MASTERCARD_CONSUMER_KEY_FILE"],
        [{ POINTBACK_MASTERCARD_CONSUMER_KEY: password }, "POINTBACK_MASTERCARD_CONSUMER_KEY"],
        [{ POINTBACK_MASTERCARD_SIGNING_KEY: pem }, "POINTBACK_MASTERCARD_SIGNING_KEY"],
        [{ POINTBACK_MASTERCARD_SIGNING_KEY_FILE: `/nowhere/${password}` }, "POINTBACK_MASTERCARD_SIGNING_KEY"]
      ]
      for (const [change, variable] of wrong) {
        const problem = await problemOf({ ...files, ...change })
        expect(problem.variable).toBe(variable)
        expect(inspect(problem, { depth: 9 }) + problem.message).not.toContain(password)
      }
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it.each(Object.keys(complete))("names %s where it is missing or empty", async (variable) => {
    const { [variable as keyof typeof complete]: _, ...rest } = complete
    expect((await problemOf(rest)).message).toBe(`${variable} cannot be used: it is not set`)
    expect((await problemOf({ ...rest, [variable]: "  " })).message).toBe(`${variable} cannot be used: it is empty`)
  })

  it.each([
    ["not a url", "a URL such as"],
    ["http://api.mastercard.com/loyalty", "must be https"],
    ["ftp://api.mastercard.com", "scheme must be https"],
    ["https://user:secret@api.mastercard.com", "must not carry a user"],
    ["https://api.mastercard.com/?a=b", "must not carry a query"]
  ])("refuses the URL %s", async (url, problem) => {
    const error = await problemOf({ ...complete, POINTBACK_MASTERCARD_URL: url })
    expect(error.variable).toBe("POINTBACK_MASTERCARD_URL")
    expect(error.problem).toContain(problem)
    expect(error.message).not.toContain("secret")
  })

  it.each(["http://localhost:1", "http://127.0.0.1:1/loyalty", "http://[::1]:1/loyalty"])("takes %s", async (url) => {
    await read({ ...complete, POINTBACK_MASTERCARD_URL: url })
  })

  it.each([
    ["/no/such/file", "neither PEM text nor the path of a file that can be read (ENOENT)"],
    [rsa(1024).export({ type: "pkcs8", format: "pem" }).toString(), "it has 1024 bits"],
    [key.export({ type: "pkcs1", format: "pem" }).toString(), "it is not PKCS#8"],
    [
      key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "p" }).toString(),
      "it is encrypted"
    ],
    [
      generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      "a key for ed25519"
    ],
    ["-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", "its content is damaged"]
  ])("refuses the key %#", async (signingKey, problem) => {
    const error = await problemOf({ ...complete, POINTBACK_MASTERCARD_SIGNING_KEY: signingKey })
    expect(error.variable).toBe("POINTBACK_MASTERCARD_SIGNING_KEY")
    expect(error.problem).toContain(problem)
    expect(inspect(error)).not.toContain("abc")
  })

  it.each([
    "POINTBACK_MASTERCARD_START_LIMIT",
    "POINTBACK_MASTERCARD_CONNECT_LIMIT",
    "POINTBACK_MASTERCARD_ANSWER_LIMIT"
  ])("refuses %s", async (name) => {
    expect((await problemOf({ ...complete, [name]: "soon" })).variable).toBe(name)
    expect((await problemOf({ ...complete, [name]: "0 seconds" })).variable).toBe(name)
  })

  it("refuses a consumer key that would break the header", async () => {
    const error = await problemOf({ ...complete, POINTBACK_MASTERCARD_CONSUMER_KEY: 'a"b' })
    expect(error.message).toBe(
      "POINTBACK_MASTERCARD_CONSUMER_KEY cannot be used: " +
        "1 to 256 visible characters without quotes and commas are expected"
    )
  })
})

describe("OAuth 2.0 in the environment", () => {
  const { POINTBACK_MASTERCARD_CONSUMER_KEY: _, ...rest } = complete
  const oauth2 = {
    ...rest,
    POINTBACK_MASTERCARD_AUTHENTICATION: "oauth2",
    POINTBACK_MASTERCARD_CLIENT_ID: "client",
    POINTBACK_MASTERCARD_KEY_ID: "key-1"
  }

  it("needs no consumer key; the token URL and the issuer follow from the base URL", async () => {
    const config = await read(oauth2)
    expect(config.oauth2).toMatchObject({ keyId: "key-1", issuer: "https://sandbox.api.mastercard.com", scopes: [] })
    expect(config.oauth2?.tokenUrl.href).toBe("https://sandbox.api.mastercard.com/oauth/token")
    const production = await read({ ...oauth2, POINTBACK_MASTERCARD_URL: "https://api.mastercard.com/loyalty" })
    expect(production.oauth2?.tokenUrl.href).toBe("https://api.mastercard.com/oauth/token")
    expect(inspect(config, { depth: 20 })).not.toMatch(/'client'|PRIVATE/)
  })

  it("takes another token URL, issuer and scopes, and a key of P-256", async () => {
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    const config = await read({
      ...oauth2,
      POINTBACK_MASTERCARD_SIGNING_KEY: ec.export({ type: "pkcs8", format: "pem" }).toString(),
      POINTBACK_MASTERCARD_TOKEN_URL: "https://tokens.example/oauth/token",
      POINTBACK_MASTERCARD_ISSUER: "https://issuer.example",
      POINTBACK_MASTERCARD_SCOPES: " a:b  c "
    })
    expect(config.oauth2).toMatchObject({ issuer: "https://issuer.example", scopes: ["a:b", "c"] })
    expect(config.oauth2?.tokenUrl.href).toBe("https://tokens.example/oauth/token")
  })

  it.each([
    [{ POINTBACK_MASTERCARD_AUTHENTICATION: "basic" }, "POINTBACK_MASTERCARD_AUTHENTICATION", "oauth1 or oauth2"],
    [{ POINTBACK_MASTERCARD_CLIENT_ID: "  " }, "POINTBACK_MASTERCARD_CLIENT_ID", "it is empty"],
    [{ POINTBACK_MASTERCARD_KEY_ID: "a b" }, "POINTBACK_MASTERCARD_KEY_ID", "visible characters"],
    [{ POINTBACK_MASTERCARD_TOKEN_URL: "http://x.y/t" }, "POINTBACK_MASTERCARD_TOKEN_URL", "must be https"],
    [{ POINTBACK_MASTERCARD_SCOPES: 'a"b' }, "POINTBACK_MASTERCARD_SCOPES", "scopes with blanks"],
    [
      {
        POINTBACK_MASTERCARD_SIGNING_KEY: generateKeyPairSync("ec", { namedCurve: "P-384" })
          .privateKey.export({ type: "pkcs8", format: "pem" })
          .toString()
      },
      "POINTBACK_MASTERCARD_SIGNING_KEY",
      "not for RSA and not for the curve P-256"
    ]
  ])("refuses %o", async (over, variable, problem) => {
    const error = await problemOf({ ...oauth2, ...over })
    expect(error.variable).toBe(variable)
    expect(error.problem).toContain(problem)
  })
})

describe("the keys of payload encryption in the environment", () => {
  const publicPem = createPublicKey(key).export({ type: "spki", format: "pem" }).toString()
  const encrypted = {
    ...complete,
    POINTBACK_MASTERCARD_ENCRYPTION_KEY: publicPem,
    POINTBACK_MASTERCARD_DECRYPTION_KEY: pem
  }

  it("are read", async () => {
    const config = await read({ ...encrypted, POINTBACK_MASTERCARD_ENCRYPTION_KEY_ID: "kid" })
    expect(config.encryption).toMatchObject({ publicKey: publicPem.trim(), keyId: "kid" })
    expect(inspect(config, { depth: 20 })).not.toContain("PRIVATE")
  })

  it.each([
    [{ POINTBACK_MASTERCARD_DECRYPTION_KEY: "  " }, "POINTBACK_MASTERCARD_DECRYPTION_KEY", "it is empty"],
    [{ POINTBACK_MASTERCARD_DECRYPTION_KEY: publicPem }, "POINTBACK_MASTERCARD_DECRYPTION_KEY", "it is not PKCS#8"],
    [{ POINTBACK_MASTERCARD_ENCRYPTION_KEY: "/no/such" }, "POINTBACK_MASTERCARD_ENCRYPTION_KEY", "(ENOENT)"],
    [
      { POINTBACK_MASTERCARD_ENCRYPTION_KEY: "-----BEGIN CERTIFICATE-----\nabc" },
      "POINTBACK_MASTERCARD_ENCRYPTION_KEY",
      "neither a certificate nor a public key"
    ]
  ])("are refused: %o", async (over, variable, problem) => {
    const error = await problemOf({ ...encrypted, ...over })
    expect(error.variable).toBe(variable)
    expect(error.problem).toContain(problem)
  })
})

describe("the limits in the environment", () => {
  it("have defaults; zero switches off what can be off", async () => {
    expect((await read(complete)).traffic).toEqual(Traffic.defaults)
    const set = await read({
      ...complete,
      POINTBACK_MASTERCARD_MAXIMUM_IN_FLIGHT: "7",
      POINTBACK_MASTERCARD_MAXIMUM_WAITING: "8",
      POINTBACK_MASTERCARD_CALLS_PER_INTERVAL: "9",
      POINTBACK_MASTERCARD_INTERVAL: "2 seconds",
      POINTBACK_MASTERCARD_FAILURES_UNTIL_PAUSE: "0",
      POINTBACK_MASTERCARD_PAUSE: "3 seconds"
    })
    expect(set.traffic).toEqual({
      maximumInFlight: 7,
      maximumWaiting: 8,
      callsPerInterval: 9,
      interval: Duration.seconds(2),
      failuresUntilPause: undefined,
      pause: Duration.seconds(3)
    })
  })

  it.each([
    ["POINTBACK_MASTERCARD_MAXIMUM_IN_FLIGHT", "0"],
    ["POINTBACK_MASTERCARD_MAXIMUM_WAITING", "-1"],
    ["POINTBACK_MASTERCARD_CALLS_PER_INTERVAL", "1.5"],
    ["POINTBACK_MASTERCARD_INTERVAL", "soon"],
    ["POINTBACK_MASTERCARD_FAILURES_UNTIL_PAUSE", "many"],
    ["POINTBACK_MASTERCARD_PAUSE", "0 seconds"]
  ])("refuses %s=%s", async (variable, value) => {
    expect((await problemOf({ ...complete, [variable]: value })).variable).toBe(variable)
  })
})

it("a client is not built with a configuration that is invalid", async () => {
  const config = MastercardConfig.make({
    url: new URL("http://api.mastercard.com"),
    consumerKey: Redacted.make("k"),
    signingKey: Redacted.make(pem)
  })
  const error = await Effect.runPromise(Effect.flip(Effect.provide(Mastercard, Mastercard.layer(config))))
  expect(error.message).toContain("must be https")
})
