/** Ways in which the two sides of a redemption come to differ, one for each type of break. */
import {
  Instant,
  type Points,
  type ReconciliationBreak,
  ReconciliationRules,
  type SourceRecord
} from "@pointback/domain"
import * as Amounts from "./Amounts.ts"
import type { Dice } from "./Dice.ts"
import type { Line, Sides, Truth } from "./Sides.ts"

type Type = ReconciliationBreak.BreakType

/** What an injection starts from. */
export interface Scene extends Sides {
  readonly remaining: Points.Points
  readonly dice: Dice
  readonly until: Instant.Instant
}

/** Makes a break; undefined where the redemption does not lend itself to it. */
type Injection = (scene: Scene) => Sides | undefined

const SECOND = 1_000_000n

const replaced = (
  there: ReadonlyArray<Line>,
  old: Line,
  record: Partial<SourceRecord.SourceRecord>
): ReadonlyArray<Line> =>
  there.map((line) => (line === old ? { ...line, record: { ...line.record, ...record } } : line))

const truthOf = (type: Type, { origin, record }: Line): Truth => ({
  type,
  redemption: record.redemption ?? "",
  credit: origin?.credit ?? null,
  reference: record.reference
})

const creditsOf = ({ there }: Sides): ReadonlyArray<Line> => there.filter(({ record }) => record.kind === "credit")

/** A credit of the statement, or its redemption where there is none. */
const pickLine = (scene: Scene): Line => {
  const credits = creditsOf(scene)
  return credits.length > 0 ? scene.dice.pick(credits) : (scene.there[0] as Line)
}

const added = (scene: Scene, type: Type, points: Points.Points): Sides => {
  const last = scene.there.at(-1) as Line
  // Far enough from every other record that it cannot be meant by one of them.
  const at = last.record.at + 3_600n * SECOND + BigInt(scene.dice.between(0, 3_600)) * SECOND
  const record: SourceRecord.SourceRecord = {
    ...last.record,
    kind: "credit",
    credit: null,
    reference: `m-${last.record.redemption}-extra`,
    points,
    at,
    remaining: null,
    lots: null,
    eventId: null
  }
  const line = { origin: null, record }
  const left = scene.remaining - points
  // Whoever made the credit says what remains after it; beyond what was redeemed, nothing does.
  const there = scene.there.map((other) =>
    other.record.kind === "redemption" && other.record.remaining !== null
      ? { ...other, record: { ...other.record, remaining: left < 0n ? null : left } }
      : other
  )
  return { here: scene.here, there: [...there, line], truth: truthOf(type, line) }
}

const missingHere: Injection = (scene) =>
  scene.remaining < 100n * Amounts.HUNDREDTH
    ? undefined
    : added(scene, "missingHere", Amounts.share(scene.remaining, scene.dice.between(5, 95)))

const missingThere: Injection = (scene) => {
  const line = pickLine(scene)
  return {
    here: scene.here,
    there: scene.there.filter((other) => other !== line),
    truth: { ...truthOf("missingThere", line), reference: null }
  }
}

const overCredited: Injection = (scene) => {
  const redeemed = (scene.there[0] as Line).record.points
  return added(scene, "overCredited", scene.remaining + Amounts.share(redeemed, scene.dice.between(1, 50)))
}

/** Whether other credits were made at nearly the same time, so that a credit without a name could be any of them. */
const isCrowded = ({ there }: Sides, line: Line): boolean =>
  there.some(
    (other) =>
      other !== line &&
      other.record.kind === line.record.kind &&
      distance(other.record, line.record) <= 2n * ReconciliationRules.TOLERANCES.time
  )

const distance = (a: SourceRecord.SourceRecord, b: SourceRecord.SourceRecord): bigint =>
  a.at > b.at ? a.at - b.at : b.at - a.at

const amountMismatch: Injection = (scene) => {
  const line = pickLine(scene)
  const { points } = line.record
  const less = points - Amounts.share(points, scene.dice.between(1, 60))
  if (less <= 0n || isCrowded(scene, line)) return undefined
  return {
    here: scene.here,
    there: replaced(scene.there, line, { points: less, lots: null }),
    truth: truthOf("amountMismatch", line)
  }
}

const withRemaining = (scene: Scene, type: Type, remaining: Points.Points): Sides => {
  const [line] = scene.there as [Line]
  return { here: scene.here, there: replaced(scene.there, line, { remaining }), truth: truthOf(type, line) }
}

const remainingMismatch: Injection = (scene) => {
  const { dice, remaining } = scene
  const other = Amounts.share(remaining, dice.between(10, 90))
  return remaining === 0n || other === remaining ? undefined : withRemaining(scene, "remainingMismatch", other)
}

const stateMismatch: Injection = (scene) =>
  withRemaining(
    scene,
    "stateMismatch",
    scene.remaining === 0n ? Amounts.share((scene.there[0] as Line).record.points, scene.dice.between(1, 50)) : 0n
  )

const duplicateThere: Injection = (scene) => {
  const line = pickLine(scene)
  const { record } = line
  // Word for word, or by our name for it; without either nobody could tell which is the second.
  const copy =
    record.credit !== null && scene.dice.chance(50)
      ? {
          ...record,
          reference: `${record.reference}-again`,
          at: record.at + BigInt(scene.dice.between(1, 300)) * SECOND
        }
      : record
  return {
    here: scene.here,
    there: [...scene.there, { origin: null, record: copy }],
    truth: truthOf("duplicateThere", line)
  }
}

/** A second credit there, like one of ours that has no name there. */
const ambiguous: Injection = (scene) => {
  const line = creditsOf(scene).find(({ record }) => record.credit === null)
  if (line === undefined || isCrowded(scene, line)) return undefined
  const { record } = line
  const twin = {
    ...record,
    reference: `${record.reference}-twin`,
    at: (line.origin?.at ?? record.at) + BigInt(scene.dice.between(1, 300)) * SECOND
  }
  return {
    here: scene.here,
    there: [...scene.there, { origin: null, record: twin }],
    truth: truthOf("ambiguous", line)
  }
}

/** Days by which a record is late at most: less than what is taken for the same. */
const LATEST_DAYS = 30

const late: Injection = (scene) => {
  const line = pickLine(scene)
  const later = BigInt(scene.dice.between(1, LATEST_DAYS * 24)) * 3_600n * SECOND
  const at = line.record.at + later
  if (at >= scene.until) return undefined
  return { here: scene.here, there: replaced(scene.there, line, { at }), truth: truthOf("late", line) }
}

const agingMismatch: Injection = (scene) => {
  const line = pickLine(scene)
  const lots = line.origin?.lots ?? []
  const [first, second] = lots
  if (first === undefined) return undefined
  const moved = Amounts.share(first.points, scene.dice.between(5, 90))
  const others =
    second !== undefined && second.lot !== first.lot && moved < first.points
      ? [{ ...first, points: first.points - moved }, { ...second, points: second.points + moved }, ...lots.slice(2)]
      : [{ ...first, expiresAt: (first.expiresAt ?? line.record.at) + 30n * Instant.MICROS_PER_DAY }, ...lots.slice(1)]
  return {
    here: scene.here,
    there: replaced(scene.there, line, { lots: others }),
    truth: truthOf("agingMismatch", line)
  }
}

/** The last credit was asked for, and the answer was lost; it is there, or it is not. */
const unknownOutcome: Injection = (scene) => {
  const line = creditsOf(scene).at(-1)
  const origin = line?.origin ?? null
  if (line === undefined || origin === null) return undefined
  const there = scene.dice.chance(50) ? scene.there : scene.there.filter((other) => other !== line)
  return {
    here: scene.here.map((record) => (record === origin ? { ...record, status: "unknown", remaining: null } : record)),
    there: there.map((other) =>
      other.record.kind === "redemption" ? { ...other, record: { ...other.record, remaining: null } } : other
    ),
    truth: { ...truthOf("unknownOutcome", line), reference: null }
  }
}

const INJECTIONS: ReadonlyArray<Injection> = [
  missingHere,
  missingThere,
  amountMismatch,
  remainingMismatch,
  stateMismatch,
  duplicateThere,
  overCredited,
  ambiguous,
  late,
  agingMismatch
]

/** Makes one break of the redemption, of any type that it lends itself to; each does to being missing. */
export const inject = (scene: Scene, held: boolean): Sides => {
  for (;;) {
    const sides = scene.dice.pick(held ? [...INJECTIONS, unknownOutcome] : INJECTIONS)(scene)
    if (sides !== undefined) return sides
  }
}

/** Ours is there once: which one, is known where it has our name. */
export const recordedTwice = (
  plain: Sides,
  first: SourceRecord.SourceRecord,
  second: SourceRecord.SourceRecord
): Sides => {
  const line = plain.there.find(({ origin }) => origin === first) as Line
  const named = line.record.credit !== null
  // What remains there is what remains here and what was credited here once too often.
  const there = plain.there.map((other) => ({ ...other, record: { ...other.record, remaining: null } }))
  const truth = {
    ...truthOf(named ? "duplicateHere" : "ambiguous", line),
    credit: named ? second.credit : first.credit,
    reference: null
  }
  return { here: plain.here, there, truth }
}
