/** `POST /redeemers/search`: finds an account by a bank's number, encrypted both ways. */
import { Option, Result } from "effect"
import { generateKeyPairSync, type KeyObject } from "node:crypto"
import * as Json from "../json/Json.ts"
import * as Answers from "./SandboxAnswers.ts"
import * as Codes from "./SandboxCodes.ts"
import * as Jwe from "./SandboxJwe.ts"
import * as Requests from "./SandboxRequests.ts"

/** The numbers that accounts are found by, and the keys. */
export interface Search {
  /** Accounts by type and number, such as `BAN 5412751234567890`. */
  readonly accounts: Map<string, string>
  /** Made when it is first needed: making one takes a tenth of a second. */
  readonly keys: () => { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  /** What answers are encrypted with. */
  readonly clientKey: KeyObject
  readonly style: Jwe.JweStyle
}

/** A search that knows no numbers yet. */
export const make = (clientKey: KeyObject, style: Jwe.JweStyle): Search => {
  let keys: ReturnType<Search["keys"]> | undefined
  return {
    accounts: new Map(),
    keys: () => (keys ??= generateKeyPairSync("rsa", { modulusLength: 2048 })),
    clientKey,
    style
  }
}

const TYPES = ["BAN", "BCN", "RANAC", "RANCU"]

const REDEEMABLE = ["CASHBACK", "MERCHANDISE", "TRAVEL"]

/** `PUT /sandbox/identifiers/{type}/{number}` with the account as `userId`. */
export const put = (search: Search, type: string, number: string, body: Json.JsonObject): Answers.Reply =>
  Result.match(Requests.text(body, "userId"), {
    onFailure: Answers.refused,
    onSuccess: (userId) => {
      if (!TYPES.includes(type) || type === "RANAC") return Answers.refused(Codes.invalid("type", "BAN, BCN or RANCU"))
      search.accounts.set(`${type} ${number}`, userId)
      return { status: 200, body: { userId } }
    }
  })

/** Whether a customer is known. */
export const knowsCustomer = (search: Search, rancu: string): boolean => search.accounts.has(`RANCU ${rancu}`)

/** Answers a search. The balance is asked for by account. */
export const find = (
  search: Search,
  body: Json.JsonObject,
  balance: (userId: string) => Option.Option<bigint>,
  manner: Answers.Manner
): Answers.Reply => {
  const names = manner.assumptions
  const token = body[names.encryptedMember]
  if (typeof token !== "string") return Answers.refused(Codes.missing(names.encryptedMember))
  const text = Jwe.open(token, search.keys().privateKey)
  if (text === undefined) {
    return Answers.refused(Codes.invalid(names.encryptedMember, "encrypted with the sandbox's key"))
  }
  const question = Requests.body(Buffer.from(text)).pipe(Result.flatMap((object) => readQuestion(object)))
  if (Result.isFailure(question)) return Answers.refused(question.failure)
  const { type, userId } = question.success
  const account = type === "RANAC" ? userId : search.accounts.get(`${type} ${userId}`)
  const found = account === undefined ? Option.none() : balance(account)
  if (account === undefined || Option.isNone(found)) return Answers.refused(Codes.unknownUser)
  const profile = Answers.redeemer(found.value, manner).body as Json.JsonObject
  return sealed(search, { [names.redeemerUserId]: account, ...profile }, manner)
}

const sealed = (search: Search, body: Json.JsonObject, { assumptions: names }: Answers.Manner): Answers.Reply => ({
  status: 200,
  body: names.searchAnswerEncrypted
    ? { [names.encryptedMember]: Jwe.seal(Json.stringify(body), search.clientKey, search.style) }
    : body
})

const readQuestion = (
  object: Json.JsonObject
): Result.Result<{ readonly type: string; readonly userId: string }, Codes.Refusal> =>
  Result.gen(function* () {
    const userId = yield* Requests.text(object, "userId")
    const type = yield* Requests.oneOf(object, "userIdType", TYPES)
    yield* Requests.oneOf(object, "redemptionType", REDEEMABLE)
    return { type, userId }
  })
