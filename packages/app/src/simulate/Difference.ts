/** What a simulation finds. */

/** Something that is not as it must be, in a sentence. */
export interface Difference {
  readonly kind:
    | "creditedHereOnly"
    | "creditedThereOnly"
    | "held"
    | "told"
    | "settled"
    | "law"
    | "stuck"
    | "defect"
    | "verification"
  readonly problem: string
}
