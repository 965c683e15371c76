/**
 * Puts the lines of a file in the order of time, however many there are: they are kept in files of one window of time
 * each, and each window is sorted in memory.
 *
 * Lines are held as bytes in a few buffers that are used again and again: as millions of texts they would outlive the
 * collector's young generation, and its heap would grow to several times of what is needed.
 */
import type { Instant } from "@pointback/domain"
import { appendFile, type FileHandle, open, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { MAXIMUM_LINE_BYTES } from "../import/ImportLines.ts"

/** Bytes of lines that are held before they are written away. */
const HELD_BYTES = 8_000_000

/** Lines of a window as we would have them: they are sorted in milliseconds, and have some megabytes. */
const LINES_PER_WINDOW = 10_000

/** Windows at most: each gets a piece of what is held, and small pieces are slow to write. */
const MAXIMUM_WINDOWS = 4_096

/** A line is kept behind its microseconds since the beginning (a double) and its length (a 32-bit integer). */
const LENGTH_OFFSET = 8
const HEADER_BYTES = 12

/** Room for one more line; a character that has no room is left out as a whole, so that a line may seem to fit. */
const ROOM_BYTES = HEADER_BYTES + MAXIMUM_LINE_BYTES + 4

const LINE_END = 0x0a

/** The span of time that all lines fall into, and how many there will be, more or less. */
export interface Span {
  readonly from: Instant.Instant
  /** At most 285 years later, beyond which a double does not count microseconds exactly. */
  readonly to: Instant.Instant
  readonly lines: number
}

/** Lines on their way into a file. */
export class TimeSort {
  private readonly folder: string
  private readonly from: Instant.Instant
  private readonly length: number
  private readonly width: number
  /** Where the lines of each window begin among those that are held. */
  private readonly windows: Array<Array<number>>
  private readonly held = Buffer.allocUnsafe(HELD_BYTES)
  private used = 0
  /** What is written next, of one window. */
  private page = Buffer.allocUnsafe(HELD_BYTES)

  /** `folder` is where the windows are kept; it must be there. */
  constructor(folder: string, { from, lines, to }: Span) {
    const count = Math.min(Math.max(Math.ceil(lines / LINES_PER_WINDOW), 1), MAXIMUM_WINDOWS)
    this.folder = folder
    this.from = from
    this.length = Number(to - from)
    this.width = Math.floor(this.length / count) + 1
    this.windows = Array.from({ length: count }, () => [])
  }

  /** Whether the next line may have no room; `flush` makes some. */
  get full(): boolean {
    return this.used + ROOM_BYTES > HELD_BYTES
  }

  /** Adds a line, which comes after those of the same instant that were added before. There must be room for it. */
  add(at: Instant.Instant, line: string): void {
    const since = Number(at - this.from)
    if (since < 0 || since > this.length) throw new Error("a line outside of the span of time")
    const window = this.windows[Math.floor(since / this.width)] as Array<number>
    const begin = this.used
    const length = this.held.write(line, begin + HEADER_BYTES)
    if (length > MAXIMUM_LINE_BYTES) throw new Error("a line that is too long to be imported")
    this.held.writeDoubleLE(since, begin)
    this.held.writeUInt32LE(length, begin + LENGTH_OFFSET)
    window.push(begin)
    this.used = begin + HEADER_BYTES + length
  }

  /** Writes what is held away. */
  async flush(): Promise<void> {
    for (const [index, begins] of this.windows.entries()) {
      if (begins.length === 0) continue
      let length = 0
      for (const begin of begins) {
        length += this.held.copy(this.page, length, begin, begin + HEADER_BYTES + lengthAt(this.held, begin))
      }
      await appendFile(this.fileOf(index), this.page.subarray(0, length))
      begins.length = 0
    }
    this.used = 0
  }

  /** Writes all lines into a new file, in order, and tells how many have been written. */
  async writeTo(file: string, written: (lines: number) => void, signal: AbortSignal): Promise<void> {
    await this.flush()
    const handle = await open(file, "wx")
    try {
      let count = 0
      for (const index of this.windows.keys()) {
        signal.throwIfAborted()
        count += await this.writeWindow(index, handle)
        written(count)
      }
      // Only then may it get its name: a file of that name is whole, also after a loss of power.
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  private async writeWindow(index: number, handle: FileHandle): Promise<number> {
    const file = this.fileOf(index)
    const kept = await readFile(file).catch(orNothing)
    await rm(file, { force: true })
    // Every line loses its header and gets an end.
    if (kept.length > this.page.length) this.page = Buffer.allocUnsafe(kept.length)
    const begins = inOrder(kept)
    let length = 0
    for (const begin of begins) {
      const text = begin + HEADER_BYTES
      length += kept.copy(this.page, length, text, text + lengthAt(kept, begin))
      this.page[length++] = LINE_END
    }
    await handle.writeFile(this.page.subarray(0, length))
    return begins.length
  }

  private fileOf(index: number): string {
    return join(this.folder, `window-${index}`)
  }
}

const lengthAt = (kept: Buffer, begin: number): number => kept.readUInt32LE(begin + LENGTH_OFFSET)

/** Where the lines begin that are kept one after the other; those of one instant stay in their order. */
const inOrder = (kept: Buffer): ReadonlyArray<number> => {
  const lines: Array<{ readonly begin: number; readonly since: number }> = []
  for (let begin = 0; begin < kept.length; begin += HEADER_BYTES + lengthAt(kept, begin)) {
    lines.push({ begin, since: kept.readDoubleLE(begin) })
  }
  return lines.sort((a, b) => a.since - b.since || a.begin - b.begin).map(({ begin }) => begin)
}

// A window that nothing happened in has no file.
const orNothing = (cause: unknown): Buffer => {
  if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return Buffer.alloc(0)
  throw cause
}
