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

/** The heads that are handed in, held against the public key where one is. */
const keptOf = ({ heads, publicKey }: typeof Operating.Verify.Type) => {
  const wrong = (problem: string) => new InvalidInput({ flag: "publicKey", value: publicKey ?? "", problem })
  if (heads === undefined) {
    return publicKey === undefined
      ? Effect.succeed(null)
      : Effect.fail(wrong("there are no heads whose signature it could verify"))
  }
  if (publicKey === undefined) return Effect.succeed<KeptHeads.Kept>({ document: heads, signed: null })
  return Effect.fromResult(KeptHeads.isSignedBy(heads, publicKey)).pipe(
    Effect.mapError(wrong),
    Effect.map((signed): KeptHeads.Kept => ({ document: heads, signed }))
  )
}

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
