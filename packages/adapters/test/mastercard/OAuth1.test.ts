import fc from "fast-check"
import NpmSigner from "mastercard-oauth1-signer"
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto"
import { describe, expect, it, vi } from "vitest"
import * as OAuth1 from "../../src/mastercard/OAuth1.ts"

const { privateKey: key } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const pem = key.export({ type: "pkcs8", format: "pem" }).toString()
const publicKey = createPublicKey(key)
const bytes = (text: string) => new TextEncoder().encode(text)

/** The internals of the published package, which its types do not show. */
const published = NpmSigner as unknown as {
  extractQueryParams: (uri: string) => Map<string, Set<string>>
  toOAuthParamString: (query: Map<string, Set<string>>, oauth: Map<string, string>) => string
  getBaseUriString: (uri: string) => string
  getSignatureBaseString: (method: string, baseUri: string, parameters: string) => string
  getBodyHash: (payload: string) => string
  getNonce: () => string
  getTimestamp: () => number
  getAuthorizationHeader: typeof NpmSigner.getAuthorizationHeader
}

const theirBaseString = (method: string, uri: string, oauth: Record<string, string>) =>
  published.getSignatureBaseString(
    method,
    published.getBaseUriString(uri),
    published.toOAuthParamString(published.extractQueryParams(uri), new Map(Object.entries(oauth)))
  )

const fieldsOf = (header: string) =>
  Object.fromEntries(
    header
      .slice("OAuth ".length)
      .split(",")
      .map((field) => {
        const equals = field.indexOf("=")
        return [field.slice(0, equals), field.slice(equals + 2, -1)]
      })
  )

describe("the published vectors", () => {
  it("hashes bodies", () => {
    expect(OAuth1.bodyHash(bytes(""))).toBe("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    expect(OAuth1.bodyHash(bytes("{}"))).toBe("RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=")
  })

  it("sorts parameters by code units, by name and then by value", () => {
    const url = new URL("https://example.com/?b=b&A=a&A=A&B=B&a=A&a=a&0=0")
    expect(OAuth1.parameterString(url, {})).toBe("0=0&A=A&A=a&B=B&a=A&a=a&b=b")
  })

  it("encodes values once", () => {
    const url = new URL("https://example.com/?param=token1%3Atoken2")
    expect(OAuth1.percentEncode(OAuth1.parameterString(url, {}))).toBe("param%3Dtoken1%253Atoken2")
  })

  it("builds the base string", () => {
    const url = new URL(
      "https://sandbox.api.mastercard.com/fraud/merchant/v1/termination-inquiry?Format=XML&PageOffset=0&PageLength=10"
    )
    const oauth = {
      oauth_body_hash: "h2Pd7zlzEZjZVIKB4j94UZn/xxoR3RoCjYQ9/JdadGQ=",
      oauth_consumer_key: "x".repeat(48),
      oauth_nonce: "1111111111111111111",
      oauth_signature_method: "RSA-SHA256",
      oauth_timestamp: "1111111111",
      oauth_version: "1.0"
    }
    expect(OAuth1.baseString("POST", url, oauth)).toBe(
      "POST&https%3A%2F%2Fsandbox.api.mastercard.com%2Ffraud%2Fmerchant%2Fv1%2Ftermination-inquiry&Format%3DXML%26" +
        "PageLength%3D10%26PageOffset%3D0%26oauth_body_hash%3Dh2Pd7zlzEZjZVIKB4j94UZn%2FxxoR3RoCjYQ9%2FJdadGQ%3D%26" +
        "oauth_consumer_key%3D" +
        "x".repeat(48) +
        "%26oauth_nonce%3D1111111111111111111%26" +
        "oauth_signature_method%3DRSA-SHA256%26oauth_timestamp%3D1111111111%26oauth_version%3D1.0"
    )
  })

  it("normalises the URL: lower case, no default port, no query", () => {
    expect(OAuth1.baseUri(new URL("HTTPS://API.Mastercard.com:443/Loyalty?x=y#z"))).toBe(
      "https://api.mastercard.com/Loyalty"
    )
    expect(OAuth1.baseUri(new URL("http://127.0.0.1:8080/loyalty"))).toBe("http://127.0.0.1:8080/loyalty")
  })

  it("escapes everything that RFC 3986 reserves", () => {
    expect(OAuth1.percentEncode("!'()*-._~ /é")).toBe("%21%27%28%29%2A-._~%20%2F%C3%A9")
  })
})

// Where the published package is known to be right: no port, no pair twice, no name that begins another one, at most
// one "!" in all and no "*". Ours percent-encodes what it puts into a query, which is how these values come to be.
const name = fc.string({ unit: fc.constantFrom(..."abcXYZ"), minLength: 3, maxLength: 3 })
const value = fc.string({ maxLength: 12, unit: "binary-ascii" }).map(OAuth1.percentEncode)
const query = fc.dictionary(name, value, { maxKeys: 4 }).map((pairs) =>
  Object.entries(pairs)
    .map(([k, v]) => `${k}=${v}`)
    .join("&")
)
const uri = query.map((text) => "https://api.mastercard.com/loyalty/redemptions" + (text === "" ? "" : "?" + text))
const method = fc.constantFrom("GET", "POST", "PUT")
const consumerKey = fc
  .string({ unit: fc.constantFrom(..."abc019-_"), minLength: 1, maxLength: 40 })
  .map((k) => k + "!a")

describe("against npm mastercard-oauth1-signer", () => {
  it("has the same base string", () => {
    fc.assert(
      fc.property(method, uri, consumerKey, (verb, address, consumer) => {
        const oauth = { oauth_consumer_key: consumer, oauth_nonce: "n", oauth_timestamp: "1" }
        expect(OAuth1.baseString(verb, new URL(address), oauth)).toBe(theirBaseString(verb, address, oauth))
      })
    )
  })

  it("makes the same header, byte for byte", () => {
    vi.spyOn(published, "getNonce").mockReturnValue("abcdefgh")
    vi.spyOn(published, "getTimestamp").mockReturnValue(1_769_000_000)
    try {
      fc.assert(
        fc.property(method, uri, fc.string({ unit: "grapheme" }), consumerKey, (verb, address, body, consumer) => {
          const ours = OAuth1.authorizationHeader(
            { method: verb, url: new URL(address), body: bytes(body) },
            {
              consumerKey: consumer,
              key,
              nonce: "abcdefgh",
              timestamp: 1_769_000_000
            }
          )
          expect(ours).toBe(published.getAuthorizationHeader(address, verb, body, consumer, pem))
        }),
        { numRuns: 40 }
      )
    } finally {
      vi.restoreAllMocks()
    }
  })

  it("reads a header of theirs: our base string verifies their signature", () => {
    const address = "https://sandbox.api.mastercard.com/loyalty/redemptions/5134720/credits"
    const fields = fieldsOf(NpmSigner.getAuthorizationHeader(address, "POST", "{}", "key!id", pem))
    const { oauth_signature: signature = "", ...oauth } = fields
    const text = OAuth1.baseString("POST", new URL(address), oauth)
    expect(verify("RSA-SHA256", bytes(text), publicKey, Buffer.from(decodeURIComponent(signature), "base64"))).toBe(
      true
    )
  })

  it("is right where they are known not to be", () => {
    const oauth = { oauth_consumer_key: "a!b!c" }
    expect(OAuth1.baseString("GET", new URL("https://x.y/*/*"), oauth)).toBe(
      "GET&https%3A%2F%2Fx.y%2F%2A%2F%2A&oauth_consumer_key%3Da%21b%21c"
    )
    expect(theirBaseString("GET", "https://x.y/a", oauth)).toContain("a%21b!c")
    expect(OAuth1.parameterString(new URL("https://x.y/?a=1&a=1"), {})).toBe("a=1&a=1")
  })
})

describe("the header", () => {
  it("encodes nothing but the signature, and signs what it says", () => {
    const request = { method: "POST", url: new URL("https://x.y/loyalty?b=2&a=1"), body: bytes('{"é":1}') }
    const header = OAuth1.authorizationHeader(request, { consumerKey: "a!b", key, nonce: "n", timestamp: 7 })
    const fields = fieldsOf(header)
    expect(Object.keys(fields)).toEqual([
      "oauth_body_hash",
      "oauth_consumer_key",
      "oauth_nonce",
      "oauth_signature_method",
      "oauth_timestamp",
      "oauth_version",
      "oauth_signature"
    ])
    expect(fields["oauth_consumer_key"]).toBe("a!b")
    expect(fields["oauth_body_hash"]).toBe(OAuth1.bodyHash(request.body))
    expect(fields["oauth_signature"]).not.toMatch(/[+/=]/)
  })
})
