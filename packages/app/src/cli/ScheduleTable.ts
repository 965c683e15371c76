/** What expires when, for people. */
import { Points, type Schedule } from "@pointback/domain"
import { bar } from "./Bar.ts"
import * as Output from "./Output.ts"

/** A line for each date, with how much of all it is. */
export const text = ({ rows, total }: Schedule.Schedule): string =>
  Output.table(
    ["expires on", "points", "lots", "restored", ""],
    rows.map(({ date, lots, points, restored }) => [
      date ?? "never",
      Points.toString(points),
      String(lots),
      Points.toString(restored),
      bar(points, total)
    ]),
    new Set(["points", "lots", "restored"])
  )
