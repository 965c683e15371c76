/**
 * Cuts a file into its lines while it comes in. Node's own reader of lines also ends them at U+2028, which JSON has
 * inside of texts, and keeps the whole of a file without line ends.
 */

/** Bytes of a line at most: a record with thousands of draws fits, a file without line ends does not. */
export const MAXIMUM_LINE_BYTES = 1_000_000

const LINE_END = 0x0a

/** The lines of chunks, each cut to a little more than its maximum, so that one that is too long shows. */
export class FileLines {
  #parts: Array<Buffer> = []
  #free = MAXIMUM_LINE_BYTES + 1

  /** What came after the last line end, as a line. */
  end(): Buffer {
    const [first, ...more] = this.#parts
    const line = first === undefined || more.length > 0 ? Buffer.concat(this.#parts) : first
    this.#parts = []
    this.#free = MAXIMUM_LINE_BYTES + 1
    return line
  }

  /** The lines that end in the next chunk. */
  *push(chunk: Buffer): Generator<Buffer> {
    let from = 0
    for (let end = chunk.indexOf(LINE_END); end !== -1; end = chunk.indexOf(LINE_END, from)) {
      this.#keep(chunk.subarray(from, end))
      yield this.end()
      from = end + 1
    }
    this.#keep(chunk.subarray(from))
  }

  #keep(part: Buffer) {
    if (this.#free > 0 && part.length > 0) this.#parts.push(part.subarray(0, this.#free))
    this.#free -= part.length
  }
}
