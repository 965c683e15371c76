/** Flags of commands that write a file, and what is said where it cannot be written. */
import { Effect } from "effect"
import { Flag } from "effect/cli"
import type { OutputExists, OutputUnwritable } from "../generate/GenerateError.ts"
import * as Input from "./Input.ts"

export const out = Flag.String("out")

export const force = Flag.Boolean("force").pipe(
  Flag.withDescription("Overwrite what an earlier run wrote"),
  Flag.withDefault(false)
)

/** What was known; a file is always about an instant that is safe (law L11). */
export const knownAt = Flag.String("known-at").pipe(
  Flag.withDescription("What was recorded by then [the last instant that is safe to ask about]"),
  Flag.withMetavar("instant"),
  Flag.optional
)

const invalid = (value: string, problem: string) => new Input.InvalidInput({ flag: "out", value, problem })

/** A path; an empty one would be the current folder itself. */
export const path = (value: string): Effect.Effect<string, Input.InvalidInput> =>
  value.trim() === "" ? Effect.fail(invalid(value, "a path is expected")) : Effect.succeed(value)

/** What stands in the way of the output, by the name of the flag. */
export const refusals =
  (value: string) =>
  <A, E, R>(
    self: Effect.Effect<A, E | OutputExists | OutputUnwritable, R>
  ): Effect.Effect<A, Exclude<E, OutputExists | OutputUnwritable> | Input.InvalidInput, R> =>
    Effect.mapError(self, (error) => {
      if (isTagged(error, "OutputExists")) {
        return invalid(value, `${(error as OutputExists).file} is there already; --force overwrites it`)
      }
      if (isTagged(error, "OutputUnwritable")) return invalid(value, (error as OutputUnwritable).problem)
      return error as Exclude<E, OutputExists | OutputUnwritable>
    })

const isTagged = (error: unknown, tag: string): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === tag
