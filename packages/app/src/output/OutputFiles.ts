/**
 * Writes files all or nothing, with flat memory: they grow in a folder beside what they become, and are moved to their
 * places when all of them are whole.
 */
import { Effect } from "effect"
import type { FileHandle } from "node:fs/promises"
import { mkdir, mkdtemp, open, rename, rm, stat } from "node:fs/promises"
import { join, resolve } from "node:path"
import { OutputExists, OutputUnwritable } from "../generate/GenerateError.ts"

/** Files on their way are kept in a folder of this name and six letters; only a process that was killed leaves one. */
export const WORK_PREFIX = "pointback-unfinished-"

/** Characters that are gathered before they are written. */
const BUFFER = 256 * 1024

/** Which files, and where. */
export interface OutputFiles<Name extends string> {
  /** Made where it is not there. */
  readonly folder: string
  readonly names: ReadonlyArray<Name>
  /** Whether files that are there may be replaced. */
  readonly overwrite: boolean
}

/** Appends text to a file. */
export type Write = (text: string) => Effect.Effect<void, OutputUnwritable>

/**
 * Runs what writes the files. Fails with `OutputExists` where one of them is there already, and with `OutputUnwritable`;
 * whatever ends it early, nothing stands under a file's name that was not there before. Answers the files' paths.
 */
export const writeFiles = <Name extends string, E, R>(
  { folder, names, overwrite }: OutputFiles<Name>,
  body: (writers: Readonly<Record<Name, Write>>) => Effect.Effect<void, E, R>
): Effect.Effect<ReadonlyArray<string>, E | OutputExists | OutputUnwritable, R> => {
  const place = resolve(folder)
  const attempt = attemptIn(place)
  const files = names.map((name) => join(place, name))
  const free = overwrite ? Effect.void : Effect.forEach(files, mustBeFree(attempt), { discard: true })
  const made = attempt(async () => {
    await mkdir(place, { recursive: true })
    return mkdtemp(join(place, WORK_PREFIX))
  })
  const inFolder = (work: string) =>
    Effect.gen(function* () {
      const unfinished = names.map((name) => new Unfinished(join(work, name), attempt))
      yield* Effect.ensuring(
        Effect.gen(function* () {
          for (const file of unfinished) yield* file.open
          const writers = names.map((name, index) => [name, (unfinished[index] as Unfinished).write] as const)
          yield* body(Object.fromEntries(writers) as Record<Name, Write>)
          for (const file of unfinished) yield* file.finish
        }),
        Effect.forEach(unfinished, (file) => file.close, { discard: true })
      )
      yield* free
      for (const name of names) yield* attempt(() => rename(join(work, name), join(place, name)))
      return files
    })
  return Effect.andThen(
    free,
    Effect.acquireUseRelease(made, inFolder, (work) =>
      Effect.ignore(attempt(() => rm(work, { recursive: true, force: true })))
    )
  )
}

type Attempt = <A>(run: () => Promise<A>) => Effect.Effect<A, OutputUnwritable>

/** Runs what writes; what the file system refuses is the folder's failure, anything else a bug. */
const attemptIn =
  (folder: string): Attempt =>
  (run) =>
    Effect.tryPromise({ try: run, catch: (cause) => cause }).pipe(
      Effect.catch((cause) =>
        isRefusal(cause) ? Effect.fail(new OutputUnwritable({ folder, problem: cause.message })) : Effect.die(cause)
      )
    )

const isRefusal = (cause: unknown): cause is NodeJS.ErrnoException =>
  cause instanceof Error && "syscall" in cause && "code" in cause

const mustBeFree =
  (attempt: Attempt) =>
  (file: string): Effect.Effect<void, OutputExists | OutputUnwritable> =>
    Effect.flatMap(
      attempt(() => stat(file).then(() => true, isMissing)),
      (exists) => (exists ? Effect.fail(new OutputExists({ file })) : Effect.void)
    )

const isMissing = (cause: unknown): false => {
  // Where the folder is a file, making it will say so.
  if (isRefusal(cause) && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return false
  throw cause
}

/** A file that grows. */
class Unfinished {
  private readonly path: string
  private readonly attempt: Attempt
  private handle: FileHandle | undefined
  private parts: Array<string> = []
  private length = 0

  constructor(path: string, attempt: Attempt) {
    this.path = path
    this.attempt = attempt
  }

  readonly open: Effect.Effect<void, OutputUnwritable> = Effect.suspend(() =>
    this.attempt(async () => {
      this.handle = await open(this.path, "wx")
    })
  )

  readonly write: Write = (text) =>
    Effect.suspend(() => {
      this.parts.push(text)
      this.length += text.length
      return this.length < BUFFER ? Effect.void : this.flush
    })

  private readonly flush: Effect.Effect<void, OutputUnwritable> = Effect.suspend(() => {
    const text = this.parts.join("")
    this.parts = []
    this.length = 0
    return this.attempt(async () => this.handle?.appendFile(text))
  })

  /** Everything is on the disk before the file gets its name. */
  readonly finish: Effect.Effect<void, OutputUnwritable> = Effect.andThen(
    this.flush,
    Effect.suspend(() => this.attempt(async () => this.handle?.sync()))
  )

  readonly close: Effect.Effect<void> = Effect.promise(async () => {
    await this.handle?.close()
  })
}
