/**
 * Reads PKCS#12 by node-forge, which is loaded where there is such a file and not before.
 */
import { Redacted, Result } from "effect"
import forge from "node-forge"
import { createPrivateKey } from "node:crypto"

/** The name that Mastercard's portal gives a key. */
const DEFAULT_ALIAS = "keyalias"

/** The private key as PKCS#8 in PEM text; see `Pkcs12.toPem`. */
export const privateKey = (
  bytes: Uint8Array,
  password: Redacted.Redacted,
  alias: string | undefined
): Result.Result<Redacted.Redacted, string> => {
  const bags = open(bytes, Redacted.value(password))
  if (Result.isFailure(bags)) return Result.fail(bags.failure)
  const chosen = choose(bags.success, alias)
  if (Result.isFailure(chosen)) return Result.fail(chosen.failure)
  try {
    return Result.succeed(Redacted.make(pemOf(chosen.success), { label: "private key" }))
  } catch {
    return Result.fail("its key is of a kind that cannot be read")
  }
}

type Bag = forge.pkcs12.Bag

const open = (bytes: Uint8Array, password: string): Result.Result<ReadonlyArray<Bag>, string> => {
  let asn1: forge.asn1.Asn1
  try {
    asn1 = forge.asn1.fromDer(Buffer.from(bytes).toString("binary"))
  } catch {
    return Result.fail("it is not PKCS#12")
  }
  try {
    const { keyBag = "", pkcs8ShroudedKeyBag = "" } = forge.pki.oids
    const pkcs12 = forge.pkcs12.pkcs12FromAsn1(asn1, false, password)
    const bags = [pkcs8ShroudedKeyBag, keyBag].flatMap((bagType) => pkcs12.getBags({ bagType })[bagType] ?? [])
    return bags.length === 0 ? Result.fail("it has no private key") : Result.succeed(bags)
  } catch (error) {
    // The text of the library is looked at and never shown.
    return error instanceof Error && /password|MAC/i.test(error.message)
      ? Result.fail("its password is wrong")
      : Result.fail("it is not PKCS#12, or protected in a way that cannot be read")
  }
}

const nameOf = ({ attributes }: Bag): string =>
  (attributes as { readonly friendlyName?: ReadonlyArray<string> }).friendlyName?.[0] ?? ""

const choose = (bags: ReadonlyArray<Bag>, alias: string | undefined): Result.Result<Bag, string> => {
  const wanted = alias ?? DEFAULT_ALIAS
  // Java writes the names of keys in lower case.
  const named = bags.find((bag) => nameOf(bag).toLowerCase() === wanted.toLowerCase())
  const [only, ...others] = bags
  const chosen = named ?? (alias === undefined && others.length === 0 ? only : undefined)
  return chosen === undefined
    ? Result.fail(
        `it has no key named ${wanted}, only ${bags.map((bag) => nameOf(bag) || "one without a name").join(", ")}`
      )
    : Result.succeed(chosen)
}

const pemOf = ({ asn1, key }: Bag): string => {
  // node-forge reads RSA keys; those of elliptic curves it leaves as they are, which is PKCS#8 already.
  const pkcs8 = key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)) : asn1
  const der = Buffer.from(forge.asn1.toDer(pkcs8).getBytes(), "binary")
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ type: "pkcs8", format: "pem" })
    .toString()
}
