/**
 * Lets a few go at a time. Where a batch was stored, all of it may go at once, and each needs a signature: were all of
 * these made in one go, the process would neither send nor read meanwhile, and wait afterwards for what it had not set
 * going. One at a time costs more again, since the processor's caches are cold for each.
 */
import { Effect } from "effect"

/** Lets `atATime` go at once, and as many others whenever what is ready to be read and written has been. */
export const make = (atATime: number): Effect.Effect<void> => {
  const waiting: Array<() => void> = []
  let left = atATime
  let isTurning = false
  const turn = () => {
    left = atATime
    isTurning = waiting.length > 0
    if (isTurning) setImmediate(turn)
    for (const go of waiting.splice(0, atATime)) {
      left--
      go()
    }
  }
  return Effect.callback<void>((resume) => {
    if (!isTurning) {
      isTurning = true
      setImmediate(turn)
    }
    const go = () => resume(Effect.void)
    if (left === 0) {
      waiting.push(go)
    } else {
      left--
      go()
    }
  })
}
