/**
 * How events of older schema versions are read: each version has one step that leads its events to the next. What is
 * stored is never changed; it is hashed as it was written.
 *
 * @see semantics, section 3
 */

/** An event's payload as it is stored. */
export type Payload = Readonly<Record<string, unknown>>

/** A stored event in the form of some schema version. */
export interface Versioned {
  readonly type: string
  readonly payload: Payload
}

/** Leads an event of one schema version to the form of the next. */
export type Upcaster = (event: Versioned) => Versioned

/** The step from version n to n + 1 stands at n − 1. Empty while there is one version alone. */
const STEPS: ReadonlyArray<Upcaster> = []

/** An event in the form of the newest version. `steps` are the released ones unless a test has others. */
export const toPresent = (event: Versioned, schemaVersion: number, steps: ReadonlyArray<Upcaster> = STEPS): Versioned =>
  steps.slice(schemaVersion - 1).reduce((present, step) => step(present), event)
