/** Measures a workload against its baseline: alternating, in one process on one server, so that drift cancels. */

/** Repetitions of each side; an odd number, so that the median is one of them. */
export const REPETITIONS = 7

/** One side of a comparison: does its work and answers how many units it was. */
export type Side = () => Promise<number>

export interface Workload {
  readonly name: string
  readonly what: string
  /** The ratio that is to be reached; none where another's work is measured. */
  readonly goal?: number | undefined
  /** Runs before each side, untimed. */
  readonly prepare?: () => Promise<void>
  readonly ours: Side
  readonly baseline: Side
}

export interface Measured {
  readonly name: string
  readonly what: string
  readonly goal: number | undefined
  readonly ours: number
  readonly baseline: number
  /** The median of the ratios of neighbouring runs, and the least and the greatest of them. */
  readonly ratio: number
  readonly least: number
  readonly greatest: number
}

const rate = async (side: Side, prepare: Workload["prepare"]): Promise<number> => {
  await prepare?.()
  const start = performance.now()
  const units = await side()
  return (units / (performance.now() - start)) * 1000
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number

/** Runs both sides alternately, once to warm up and then `repetitions` times. Rates are units a second. */
export const measure = async (
  { baseline, goal, name, ours, prepare, what }: Workload,
  repetitions: number
): Promise<Measured> => {
  await rate(baseline, prepare)
  await rate(ours, prepare)
  const runs: Array<{ readonly ours: number; readonly baseline: number }> = []
  for (let i = 0; i < repetitions; i++)
    runs.push({ baseline: await rate(baseline, prepare), ours: await rate(ours, prepare) })
  const ratios = runs.map((run) => run.ours / run.baseline)
  return {
    name,
    what,
    goal,
    ours: median(runs.map((run) => run.ours)),
    baseline: median(runs.map((run) => run.baseline)),
    ratio: median(ratios),
    least: Math.min(...ratios),
    greatest: Math.max(...ratios)
  }
}
