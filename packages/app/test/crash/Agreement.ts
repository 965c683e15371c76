/** Whether Mastercard carried out what we booked, and nothing that we do not know of. */
import type { Host } from "../support/Host.ts"
import { eventsOf } from "../support/Effects.ts"
import type { KnownRedemption, SandboxServer } from "../support/SandboxServer.ts"

/** What both sides have of a redemption, in ten-thousandths of a point. */
interface Sides {
  readonly redemption: string
  /** What we booked as credited. */
  readonly booked: bigint
  /** What we hold for a credit that was requested and of which nothing more is known. */
  readonly held: bigint
  /** What Mastercard credited. */
  readonly carriedOut: bigint
}

/** Both sides of redemptions of a program. */
export const compare = async (
  host: Host,
  sandbox: SandboxServer,
  program: string,
  redemptions: ReadonlyArray<KnownRedemption>
): Promise<ReadonlyArray<Sides>> => {
  const credits = await sandbox.credits()
  const sides: Array<Sides> = []
  for (const { account, redemption } of redemptions) {
    const events = await host.run(eventsOf({ program, account }))
    let booked = 0n
    let requested = 0n
    for (const { fact } of events) {
      if (fact.stream._tag !== "Redemption" || fact.stream.redemptionId !== redemption) continue
      if (fact.event._tag === "CreditRequested") requested += fact.event.points
      if (fact.event._tag === "PartiallyCredited" || fact.event._tag === "FullyCredited") booked += fact.event.points
    }
    const carriedOut = (credits.get(redemption) ?? []).reduce((total, points) => total + points, 0n)
    sides.push({ redemption, booked, held: requested - booked, carriedOut })
  }
  return sides
}

/** Redemptions of which a credit was booked that did not happen, or happened without being booked or held. */
export const disagreements = (sides: ReadonlyArray<Sides>): ReadonlyArray<Sides> =>
  sides.filter(({ booked, carriedOut, held }) => carriedOut < booked || carriedOut > booked + held)
