/** A bar of blocks, for amounts that a look should compare. */
import type { Points } from "@pointback/domain"

/** Characters of a whole bar: it fits beside a table in a terminal of eighty columns. */
const WIDTH = 24

/** A bar whose length is to a whole bar as the points are to the total; anything above zero shows. */
export const bar = (points: Points.Points, total: Points.Points, width: number = WIDTH): string => {
  if (points <= 0n || total <= 0n) return ""
  const eighths = Number((points * BigInt(width) * 8n) / total)
  const whole = "█".repeat(Math.floor(eighths / 8))
  const rest = PARTS[eighths % 8] as string
  return whole + rest || "▏"
}

const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

const LEVELS = "▁▂▃▄▅▆▇█"

/** One block, as high as the points' share of the most; a dot where there are none. */
export const level = (points: Points.Points, most: Points.Points): string => {
  if (points <= 0n || most <= 0n) return "·"
  const eighth = Number((points * BigInt(LEVELS.length)) / most)
  return LEVELS[Math.min(eighth, LEVELS.length - 1)] as string
}
