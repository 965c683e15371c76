/** Keeps credits in their order, in memory that does not grow with their number: what is more goes to a temporary file. */
import { Points } from "@pointback/domain"
import { Bucket, entriesOf } from "../import/Bucket.ts"
import { SpoolFile } from "../import/SpoolFile.ts"
import type { CreditRecord, NumberedCredit } from "./CreditRecord.ts"
import * as Credit from "./CreditRecord.ts"

/** Bytes of credits that are kept in memory: some fifty thousand. */
const MEMORY_BYTES = 8_000_000

/** Bytes that are written and read at once. */
const BLOCK_BYTES = 262_144

export class CreditSpool {
  readonly #bucket = new Bucket(0, BLOCK_BYTES)
  #file: Promise<SpoolFile> | undefined

  /** Adds a credit. */
  add(line: number, record: CreditRecord): void {
    // All of a file in one bucket: it has no names, and needs no hashes.
    this.#bucket.add({ account: "", hash: 0, line, bytes: Buffer.from(textOf(record)) })
  }

  /** Moves to the file what is too much for the memory; to be called after every few credits. */
  async relieve(): Promise<void> {
    if (this.#file === undefined && this.#bucket.bytes <= MEMORY_BYTES) return
    this.#file ??= SpoolFile.open()
    const file = await this.#file
    for (const block of this.#bucket.held) {
      this.#bucket.written.push({ offset: await file.append(block), length: block.length })
    }
    this.#bucket.held.length = 0
  }

  /** Every credit in its order, a block at a time. */
  async *credits(): AsyncGenerator<ReadonlyArray<NumberedCredit>> {
    this.#bucket.seal()
    let place = 0
    for await (const block of this.#blocks()) {
      yield Array.from(entriesOf(block), ({ bytes, line }): NumberedCredit => {
        // What was read once is read to the same.
        const record = Credit.read(JSON.parse(bytes.toString("utf8"))) as CreditRecord
        return { line, place: place++, record }
      })
    }
  }

  async *#blocks(): AsyncGenerator<Buffer> {
    for (const { length, offset } of this.#bucket.written)
      yield (await (this.#file as Promise<SpoolFile>)).read(offset, length)
    yield* this.#bucket.held
  }

  /** Lets go of the file and of what is in it. */
  async close(): Promise<void> {
    await (await this.#file)?.close()
  }
}

/** Every bigint of a credit is an amount. */
const textOf = (record: CreditRecord): string =>
  JSON.stringify(record, (_, value: unknown) => (typeof value === "bigint" ? Points.toString(value) : value))
