/** What a key may do. */
import { Context, Schema } from "effect"

/**
 * `read` asks questions; `write` records what happened, credits included; `decide` settles, and says what became of
 * credits and breaks; `admin` sets policies, erases numbers, imports, exports, verifies and rebuilds; `metrics` reads
 * `/metrics`.
 */
export const ScopeName = Schema.Literals(["read", "write", "decide", "admin", "metrics"])
export type ScopeName = typeof ScopeName.Type

/** The scope that an endpoint needs; `any` where every known key will do. */
export type NeededScope = ScopeName | "any"

/** The same as an annotation of the endpoint. */
export class Needs extends Context.Service<Needs, NeededScope>()("@pointback/app/http/Needs") {}

/** Whether an endpoint is about all programs at once, and its key must be for all of them; an annotation of it. */
export const OfAllPrograms = Context.Reference<boolean>("@pointback/app/http/OfAllPrograms", {
  defaultValue: () => false
})
