/** Lines of some accounts, one behind the other in blocks of bytes, each with its account. */

/** One line with its number. */
export interface Line {
  readonly line: number
  readonly bytes: Buffer
}

/** A line of an account. */
interface Entry extends Line {
  /** A hash of the account, of 32 bits; different accounts may share it. */
  readonly hash: number
  /** A name of the account, one to one. */
  readonly account: string
}

/** A hash of 32 bits that depends on all of the text with each of its bits: a few bits at a time choose a bucket. */
export const hashOf = (text: string): number => {
  // FNV-1a over code units, then the finish of MurmurHash3.
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Before each line: its number, the hash of its account, the lengths of the account's name and of the line. */
const HEADER = 8 + 4 + 4 + 4

/** The entries of a block. Their bytes are the block's, not copies. */
export function* entriesOf(block: Buffer): Generator<Entry> {
  for (let at = 0; at < block.length;) {
    const name = at + HEADER
    const from = name + block.readUInt32LE(at + 12)
    const to = from + block.readUInt32LE(at + 16)
    yield {
      line: block.readDoubleLE(at),
      hash: block.readUInt32LE(at + 8),
      account: block.toString("utf8", name, from),
      bytes: block.subarray(from, to)
    }
    at = to
  }
}

/** Where a block is in the file. */
interface Written {
  readonly offset: number
  readonly length: number
}

export class Bucket {
  /** How many bits of the hash all of its accounts have in common. */
  readonly bits: number
  /** Blocks that are in the file, and then those that are in memory. */
  readonly written: Array<Written> = []
  readonly held: Array<Buffer> = []
  /** Bytes of all entries. */
  bytes = 0
  readonly #blockBytes: number
  #open: { readonly block: Buffer; used: number } | undefined

  constructor(bits: number, blockBytes: number) {
    this.bits = bits
    this.#blockBytes = blockBytes
  }

  /** Adds an entry; its bytes are copied. */
  add({ account, bytes, hash, line }: Entry): void {
    const name = Buffer.byteLength(account)
    const size = HEADER + name + bytes.length
    if (this.#open !== undefined && this.#open.used + size > this.#open.block.length) this.seal()
    this.#open ??= { block: Buffer.allocUnsafe(Math.max(size, this.#blockBytes)), used: 0 }
    const { block, used } = this.#open
    block.writeDoubleLE(line, used)
    block.writeUInt32LE(hash, used + 8)
    block.writeUInt32LE(name, used + 12)
    block.writeUInt32LE(bytes.length, used + 16)
    block.write(account, used + HEADER)
    bytes.copy(block, used + HEADER + name)
    this.#open.used += size
    this.bytes += size
  }

  /** Makes a block of what was added since the last one. */
  seal(): void {
    if (this.#open === undefined) return
    this.held.push(this.#open.block.subarray(0, this.#open.used))
    this.#open = undefined
  }
}
