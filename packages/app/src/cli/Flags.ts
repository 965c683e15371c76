/** Flags that several commands share. */
import { Flag } from "effect/cli"

export const program = Flag.String("program").pipe(Flag.withDescription("The loyalty program"))
export const account = Flag.String("account").pipe(Flag.withDescription("The account number (RANAC)"))
export const lot = Flag.String("lot").pipe(Flag.withDescription("The lot"))
export const redemption = Flag.String("redemption").pipe(Flag.withDescription("The redemption id"))
export const points = Flag.String("points").pipe(Flag.withDescription("Points, as a decimal such as 96173827.88"))

/** When a command occurred. */
export const at = Flag.String("at").pipe(
  Flag.withDescription("When it occurred: an instant with a zone, or a date in the program's zone [now]"),
  Flag.withMetavar("instant"),
  Flag.optional
)

/** Who asks. */
export const actor = Flag.String("actor").pipe(Flag.withDescription("Who does it"), Flag.optional)

/** Lots with their points, named one by one. */
export const lotPoints = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withMetavar("lot=points"), Flag.atLeast(0))

/** The whole program where no account is named. */
export const accountOrAll = account.pipe(
  Flag.withDescription("The account number (RANAC) [the whole program]"),
  Flag.optional
)

export const basis = Flag.Literals("basis", ["age", "to-expiry"]).pipe(
  Flag.withDescription("Days since they were earned, or days until they expire"),
  Flag.withDefault("age")
)
