/**
 * A temporary file for what does not fit into memory. It has no name from the moment on at which it is there: account
 * numbers are personal data, and what has no name nobody else opens, and is gone with the process, however that ends.
 */
import { Schema } from "effect"
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The temporary file cannot be made, written or read. */
export class SpoolUnusable extends Schema.TaggedError<SpoolUnusable>()("SpoolUnusable", {
  folder: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return (
      `the records of a large file are sorted by account in ${this.folder}, which cannot be used: ${this.problem}. ` +
      "Set TMPDIR to a folder with free space for one and a half times the file"
    )
  }
}

const trying = async <A>(action: () => Promise<A>): Promise<A> => {
  try {
    return await action()
  } catch (cause) {
    throw new SpoolUnusable({ folder: tmpdir(), problem: cause instanceof Error ? cause.message : String(cause) })
  }
}

/** A temporary file without a name: it is gone with the process, however that ends. Fails with `SpoolUnusable`. */
export class SpoolFile {
  readonly #handle: FileHandle
  #end = 0

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Makes an empty file. This and all else rejects with `SpoolUnusable`. */
  static open(): Promise<SpoolFile> {
    return trying(async () => {
      // The folder is the owner's alone, so that nobody else opens the file before its name is gone.
      const folder = await mkdtemp(join(tmpdir(), "pointback-import-"))
      try {
        return new SpoolFile(await open(join(folder, "records"), "wx+", 0o600))
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  }

  /** Adds bytes at the end and answers where they are. One write follows the other. */
  append(bytes: Buffer): Promise<number> {
    return trying(async () => {
      const offset = this.#end
      await this.#handle.writeFile(bytes)
      this.#end += bytes.length
      return offset
    })
  }

  /** So many bytes from a place on. They must have been written before. */
  read(offset: number, length: number): Promise<Buffer> {
    return trying(async () => {
      const bytes = Buffer.allocUnsafe(length)
      for (let done = 0; done < length;) {
        const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done)
        if (bytesRead === 0) throw new Error("the temporary file is shorter than what was written to it")
        done += bytesRead
      }
      return bytes
    })
  }

  /** Gives the file back to the system. */
  close(): Promise<void> {
    return trying(() => this.#handle.close())
  }
}
