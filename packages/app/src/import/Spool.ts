/**
 * Takes the lines of a file as they come and gives them back account by account, in memory that does not grow with the
 * file. A small file stays in memory. The lines of a larger one go to a temporary file, in buckets by a hash of their
 * account, each of which fits into memory; one that does not is divided again.
 */
import { Bucket, entriesOf, hashOf, type Line } from "./Bucket.ts"
import { SpoolFile } from "./SpoolFile.ts"

export interface SpoolLimits {
  /** Bytes of lines that are held in memory at once; more are divided. */
  readonly memoryBytes: number
  /** Bytes of a bucket that are gathered before they are written. */
  readonly blockBytes: number
  /** Records of one account at most: they are decided and appended as one. */
  readonly accountRecords: number
  /** Bytes of the lines of one account at most. */
  readonly accountBytes: number
}

/**
 * Sixteen megabytes are some eighty thousand records, and little beside the process that writes them; blocks of 64 KB
 * for each of 256 buckets are as much again. The records of an account are in memory together with all that is decided
 * about them, several kilobytes each.
 */
export const LIMITS: SpoolLimits = {
  memoryBytes: 16_000_000,
  blockBytes: 65_536,
  accountRecords: 50_000,
  accountBytes: 32_000_000
}

/** The lines of one account, in the order in which they came. */
export interface Group {
  readonly count: number
  /** The first one alone where there are too many. */
  readonly lines: ReadonlyArray<Line>
  /** The number of the line with which they are too many. */
  readonly tooMany: number | undefined
}

/** Every division looks at so many further bits of the hash, until there are none left. */
const BITS_PER_DIVISION = 8
const HASH_BITS = 32

export class Spool {
  readonly #limits: SpoolLimits
  readonly #all: Bucket
  /** What all lines were divided into, where they are too many for the memory. */
  #divided: ReadonlyArray<Bucket> | undefined
  #file: Promise<SpoolFile> | undefined

  constructor(limits: SpoolLimits) {
    this.#limits = limits
    this.#all = new Bucket(0, limits.blockBytes)
  }

  /** Adds a line under its account's name; its bytes are copied. */
  add(account: string, line: number, bytes: Buffer): void {
    const hash = hashOf(account)
    const bucket = this.#divided === undefined ? this.#all : choose(this.#divided, hash)
    bucket.add({ account, hash, line, bytes })
  }

  /** Moves to the file what is too much for the memory; to be called after every few lines. */
  async relieve(): Promise<void> {
    if (this.#divided !== undefined) return this.#write(this.#divided)
    if (this.#all.bytes <= this.#limits.memoryBytes) return
    this.#divided = await this.#divide(this.#all)
    this.#all.held.length = 0
  }

  /** Every line that was added, by account. */
  async *groups(): AsyncGenerator<Group> {
    yield* this.#divided === undefined ? this.#groupsOf(this.#all) : this.#groupsOfAll(this.#divided)
  }

  /** Lets go of the file and of what is in it. */
  async close(): Promise<void> {
    await (await this.#file)?.close()
  }

  async *#groupsOfAll(buckets: ReadonlyArray<Bucket>): AsyncGenerator<Group> {
    for (const bucket of buckets) bucket.seal()
    await this.#write(buckets)
    for (const bucket of buckets) yield* this.#groupsOf(bucket)
  }

  async *#groupsOf(bucket: Bucket): AsyncGenerator<Group> {
    if (bucket.bytes > this.#limits.memoryBytes && bucket.bits < HASH_BITS) {
      yield* this.#groupsOfAll(await this.#divide(bucket))
      return
    }
    const groups = new Map<string, Gathering>()
    for await (const block of this.#blocksOf(bucket)) {
      for (const { account, bytes, line } of entriesOf(block)) {
        let group = groups.get(account)
        if (group === undefined) groups.set(account, (group = { count: 0, lines: [], bytes: 0, tooMany: undefined }))
        gather(group, { line, bytes }, this.#limits)
      }
    }
    yield* groups.values()
  }

  async #divide(bucket: Bucket): Promise<ReadonlyArray<Bucket>> {
    const bits = bucket.bits + BITS_PER_DIVISION
    const parts = Array.from({ length: 2 ** BITS_PER_DIVISION }, () => new Bucket(bits, this.#limits.blockBytes))
    for await (const block of this.#blocksOf(bucket)) {
      for (const entry of entriesOf(block)) choose(parts, entry.hash).add(entry)
      await this.#write(parts)
    }
    return parts
  }

  async *#blocksOf(bucket: Bucket): AsyncGenerator<Buffer> {
    bucket.seal()
    for (const { length, offset } of bucket.written) yield (await this.#spoolFile()).read(offset, length)
    yield* bucket.held
  }

  async #write(buckets: ReadonlyArray<Bucket>): Promise<void> {
    for (const { held, written } of buckets) {
      for (const block of held) {
        written.push({ offset: await (await this.#spoolFile()).append(block), length: block.length })
      }
      held.length = 0
    }
  }

  #spoolFile(): Promise<SpoolFile> {
    return (this.#file ??= SpoolFile.open())
  }
}

/** The one of the parts of a division that lines of the hash are in. */
const choose = (parts: ReadonlyArray<Bucket>, hash: number): Bucket => {
  const { bits } = parts[0] as Bucket
  return parts[(hash >>> (HASH_BITS - bits)) % parts.length] as Bucket
}

interface Gathering extends Group {
  count: number
  readonly lines: Array<Line>
  bytes: number
  tooMany: number | undefined
}

const gather = (group: Gathering, line: Line, { accountBytes, accountRecords }: SpoolLimits): void => {
  group.count++
  if (group.tooMany !== undefined) return
  group.lines.push(line)
  group.bytes += line.bytes.length
  if (group.count <= accountRecords && group.bytes <= accountBytes) return
  group.tooMany = line.line
  group.lines.length = 1
}
