/**
 * Sorts lines, however many there are: what exceeds the memory is written to a temporary file in sorted runs, which are
 * read together afterwards.
 */
import { SpoolFile } from "../file/SpoolFile.ts"

export interface SortLimits {
  /** Characters of lines that are held in memory; more make a run. */
  readonly held: number
  /** Bytes of all runs that are in memory while they are read together. */
  readonly read: number
  /** Bytes that are read of a run at once at least. */
  readonly block: number
}

/** A run of some hundred thousand lines; a hundred runs are read in blocks of a sixth of a megabyte. */
export const LIMITS: SortLimits = { held: 16_000_000, read: 16_000_000, block: 16_384 }

interface Run {
  readonly offset: number
  readonly length: number
}

/** Lines of single-byte characters without line ends, on their way into an order. */
export class LineSort {
  readonly #limits: SortLimits
  readonly #runs: Array<Run> = []
  #held: Array<string> = []
  #size = 0
  #file: SpoolFile | undefined

  constructor(limits: SortLimits = LIMITS) {
    this.#limits = limits
  }

  /** Adds a line; `relieve` must be called after some of them. */
  add(line: string): void {
    this.#held.push(line)
    this.#size += line.length
  }

  /** Writes what is held away where it is much. */
  async relieve(): Promise<void> {
    if (this.#size >= this.#limits.held) await this.#writeRun()
  }

  /** All lines in order, some at a time; they can be read again. Nothing is added any more. */
  async *sorted(): AsyncGenerator<ReadonlyArray<string>> {
    if (this.#runs.length === 0) {
      yield this.#held.sort()
      return
    }
    if (this.#held.length > 0) await this.#writeRun()
    yield* this.#merged()
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#file?.close()
  }

  async #writeRun(): Promise<void> {
    this.#file ??= await SpoolFile.open()
    const bytes = Buffer.from(this.#held.sort().join("\n") + "\n", "latin1")
    this.#runs.push({ offset: await this.#file.append(bytes), length: bytes.length })
    this.#held = []
    this.#size = 0
  }

  async *#merged(): AsyncGenerator<ReadonlyArray<string>> {
    const file = this.#file as SpoolFile
    const block = Math.max(Math.floor(this.#limits.read / this.#runs.length), this.#limits.block)
    const cursors = await Promise.all(this.#runs.map((run) => Cursor.open(file, run, block)))
    const heap = new Heap(cursors)
    let batch: Array<string> = []
    for (let next = heap.first; next !== undefined; next = heap.first) {
      batch.push(next.line as string)
      if (!next.advance()) await next.refill()
      heap.settle()
      if (batch.length < BATCH) continue
      yield batch
      batch = []
    }
    yield batch
  }
}

/** Lines that are handed on at once. */
const BATCH = 4096

/** A place in a run. */
class Cursor {
  readonly #file: SpoolFile
  readonly #block: number
  readonly #end: number
  #offset: number
  #lines: ReadonlyArray<string> = []
  #next = 0
  #rest = ""
  /** The line at this place; undefined at the end of the run. */
  line: string | undefined

  private constructor(file: SpoolFile, { length, offset }: Run, block: number) {
    this.#file = file
    this.#block = block
    this.#offset = offset
    this.#end = offset + length
  }

  static async open(file: SpoolFile, run: Run, block: number): Promise<Cursor> {
    const cursor = new Cursor(file, run, block)
    await cursor.refill()
    return cursor
  }

  /** Goes on to the next line; false where more must be read for that. */
  advance(): boolean {
    this.line = this.#lines[this.#next++]
    return this.line !== undefined
  }

  /** Reads on until there is a line, or the run has ended. */
  async refill(): Promise<void> {
    while (this.#offset < this.#end) {
      const length = Math.min(this.#block, this.#end - this.#offset)
      const lines = (this.#rest + (await this.#file.read(this.#offset, length)).toString("latin1")).split("\n")
      this.#offset += length
      this.#rest = lines.pop() as string
      this.#lines = lines
      this.#next = 0
      if (this.advance()) return
    }
    this.line = undefined
  }
}

/** The places of all runs, the one with the least line first. */
class Heap {
  readonly #cursors: Array<Cursor>

  constructor(cursors: ReadonlyArray<Cursor>) {
    this.#cursors = cursors.filter(({ line }) => line !== undefined)
    for (let index = this.#cursors.length >> 1; index >= 0; index--) this.#sink(index)
  }

  get first(): Cursor | undefined {
    return this.#cursors[0]
  }

  /** Puts the first one in its place again, after it went on. */
  settle(): void {
    if (this.#cursors[0]?.line === undefined) {
      const last = this.#cursors.pop()
      if (this.#cursors.length === 0) return
      this.#cursors[0] = last as Cursor
    }
    this.#sink(0)
  }

  #sink(from: number): void {
    const cursors = this.#cursors
    const cursor = cursors[from]
    if (cursor === undefined) return
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= cursors.length) break
      if (child + 1 < cursors.length && lineAt(cursors, child + 1) < lineAt(cursors, child)) child++
      if (lineAt(cursors, child) >= (cursor.line as string)) break
      cursors[place] = cursors[child] as Cursor
      place = child
    }
    cursors[place] = cursor
  }
}

const lineAt = (cursors: ReadonlyArray<Cursor>, index: number): string => (cursors[index] as Cursor).line as string
