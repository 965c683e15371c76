/** What whoever answers for the whole database does over HTTP. */
import { KeptHeads, Rebuild, takeHeads, Verification } from "@pointback/adapters"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { InvalidInput } from "../cli/Input.ts"
import * as RebuildJson from "../cli/RebuildJson.ts"
import { Api } from "./Api.ts"
import { type Handlers, question } from "./Handling.ts"
import * as LongJobs from "./LongJobs.ts"
import type * as Operating from "./Operating.ts"

const wrong = (flag: string) => (problem: string) => new InvalidInput({ flag, value: "", problem })

/** The heads that are handed in, held against the public key where one is. */
const keptOf = Effect.fnUntraced(function* ({
  heads,
  publicKey
}: typeof Operating.Verify.Type): Effect.fn.Return<KeptHeads.Kept | null, InvalidInput> {
  if (heads === undefined) {
    if (publicKey === undefined) return null
    return yield* wrong("publicKey")("there are no heads whose signature it could verify")
  }
  const read = Effect.fromResult(KeptHeads.parse(JSON.stringify(heads)))
  const document = yield* Effect.mapError(read, wrong("heads"))
  if (publicKey === undefined) return { document, signed: null }
  const signed = Effect.fromResult(KeptHeads.isSignedBy(document, publicKey))
  return { document, signed: yield* Effect.mapError(signed, wrong("publicKey")) }
})

/** The handlers of the group `operations`. */
export const layer: Handlers<"operations"> = HttpApiBuilder.group(Api, "operations", (handlers) =>
  handlers.handleAll({
    heads: () => question(takeHeads),
    verifyLog: Effect.fn("http verifyLog")(function* ({ payload }) {
      return yield* LongJobs.run(
        Effect.gen(function* () {
          const kept = yield* keptOf(payload)
          const { differences, ...counts } = yield* Verification.verify(null, kept)
          const heads = kept === null ? null : kept.document.takenAt
          return { ...counts, heads, differences: differences.map((difference) => ({ ...difference })) }
        })
      )
    }),
    rebuild: Effect.fn("http rebuild")(function* ({ payload: { check = false } }) {
      return yield* LongJobs.run(
        Effect.map(Rebuild.rebuild({ check }), ({ differing, tables }) => ({
          check,
          differing,
          tables: RebuildJson.tables(tables)
        }))
      )
    })
  })
)
