/** The port to programs' policies: versions are added, none is ever changed. */
import type { Ids, Instant, Policy, Refusal } from "@pointback/domain"
import { Context, type Effect } from "effect"
import type { DatabaseError } from "../database/DatabaseError.ts"

/** A policy that has no version yet. */
export type PolicyTerms = Omit<Policy.Policy, "version">

/** Policies of programs, version by version. Fails with `DatabaseError`. */
export class PolicyStore extends Context.Service<
  PolicyStore,
  {
    /** A program's present policy; the default one for a program that set none. */
    readonly current: (
      program: Ids.ProgramId
    ) => Effect.Effect<{ readonly known: boolean; readonly policy: Policy.Policy }, DatabaseError>

    /** A program's policy as it was recorded by an instant: zone and buckets of a question about then (law L11). */
    readonly knownAt: (
      program: Ids.ProgramId,
      knownAt: Instant.Instant | null
    ) => Effect.Effect<{ readonly known: boolean; readonly policy: Policy.Policy }, DatabaseError>

    /**
     * Decides new terms from the present ones, and writes a version with them unless they are the same. Fails with
     * `ScaleFixed` where the program has events and the scale would change.
     */
    readonly revise: (
      program: Ids.ProgramId,
      revise: (present: PolicyTerms) => PolicyTerms
    ) => Effect.Effect<
      { readonly policy: Policy.Policy; readonly changed: boolean },
      Refusal.ScaleFixed | DatabaseError
    >
  }
>()("@pointback/adapters/PolicyStore") {}
