import { randomUUID } from "node:crypto"
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { currentProcess, livenessOf, type ProcessIdentity } from "./ProcessIdentity.ts"

/*
 * One process at a time for a folder: a file beside it, which names its owner.
 *
 * The file is written elsewhere and linked into place, so it is never half there, and of two that link at once one
 * gets it. The lock of a dead owner X is taken over in three steps:
 *
 *   1. lock the file `<lock>.after-<X's token>`, in the same way as any lock;
 *   2. look whether `<lock>` is still X's. Whoever took it over before us had locked the same file and put its own
 *      lock in place before it let go, so here we see that and start again;
 *   3. rename our own lock over X's, then let go of the file of step 1.
 *
 * Step 1 admits one process at a time, and one that dies there is itself a dead owner, to be taken over the same way.
 */

/** A database folder that another process has open. */
export class DatabaseLocked extends Schema.TaggedError<DatabaseLocked>("@pointback/adapters/DatabaseLocked")(
  "DatabaseLocked",
  {
    folder: Schema.String,
    /** The lock file. */
    file: Schema.String,
    /** The owner's process number; `undefined` when the lock file cannot be read by this user. */
    pid: Schema.UndefinedOr(Schema.Int),
    host: Schema.String,
    /** True when the owner runs on another machine or in another container, so that we cannot see whether it lives. */
    foreign: Schema.Boolean
  }
) {
  override get message(): string {
    const owner = this.pid === undefined ? "another user's process" : `process ${this.pid} on ${this.host}`
    const deed = this.foreign
      ? `It cannot be seen from here whether that process still runs. If it does not, delete ${this.file}`
      : `Stop that process or use another folder (lock file: ${this.file})`
    return `The database in ${this.folder} is open in ${owner}. ${deed}`
  }
}

interface Owner extends ProcessIdentity {
  /** Different for every lock ever taken. */
  readonly token: string
}

const Owner = Schema.fromJsonString(
  Schema.Struct({
    pid: Schema.Int,
    host: Schema.String,
    boot: Schema.String,
    namespace: Schema.String,
    started: Schema.String,
    // It becomes part of a file name.
    token: Schema.String.check(Schema.isPattern(/^[0-9a-f-]{36}$/))
  })
)

const decodeOwner = Schema.decodeUnknownOption(Owner)

const hasCode = (error: unknown, ...codes: ReadonlyArray<string>): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? "")

/** What is in a lock file: its owner, or the token of a file that no process of ours wrote. */
type Content =
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Hidden" }
  | { readonly _tag: "Owned"; readonly token: string; readonly owner: Owner }
  | { readonly _tag: "Unreadable"; readonly token: string }

const read = (file: string): Content => {
  try {
    const text = readFileSync(file, "utf8")
    const owner = decodeOwner(text)
    if (owner._tag === "Some") {
      return { _tag: "Owned", token: owner.value.token, owner: owner.value }
    }
    // Ours are linked into place whole, so this is what a power failure left, or somebody's own: nobody holds it.
    const { ino, mtimeMs } = statSync(file)
    return { _tag: "Unreadable", token: `unreadable-${ino}-${Math.trunc(mtimeMs)}` }
  } catch (error) {
    if (hasCode(error, "ENOENT")) {
      return { _tag: "Absent" }
    }
    if (hasCode(error, "EACCES", "EPERM")) {
      return { _tag: "Hidden" }
    }
    throw error
  }
}

/** Thrown inside, and turned into a DatabaseLocked at the edge. */
class Held {
  readonly owner: Owner | undefined
  readonly foreign: boolean
  constructor(owner: Owner | undefined, foreign: boolean) {
    this.owner = owner
    this.foreign = foreign
  }
}

/** Each round is lost to another process that got on; more than a few in a row mean a bug or a broken disk. */
const MAX_ROUNDS = 1000

/** Takes the lock `file` and returns its token, or throws Held. `draft` makes a file that holds our lock's content. */
const take = (file: string, draft: () => { readonly path: string; readonly token: string }): string => {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const content = read(file)
    if (content._tag === "Hidden") {
      throw new Held(undefined, false)
    }
    if (content._tag === "Owned") {
      const liveness = livenessOf(content.owner)
      if (liveness !== "dead") {
        throw new Held(content.owner, liveness === "foreign")
      }
    }
    const own = draft()
    try {
      if (content._tag === "Absent") {
        linkSync(own.path, file)
        return own.token
      }
      if (takeOver(file, content.token, own.path, draft)) {
        return own.token
      }
    } catch (error) {
      // EEXIST: another process linked first. ENOENT: another process swept our draft away before it was whole.
      if (!hasCode(error, "EEXIST", "ENOENT")) {
        throw error
      }
    } finally {
      rmSync(own.path, { force: true })
    }
  }
  throw new Error(`The lock ${file} keeps changing hands`)
}

/** Steps 1 to 3 of above. False: somebody else was faster. */
const takeOver = (
  file: string,
  deadToken: string,
  ownPath: string,
  draft: () => { readonly path: string; readonly token: string }
): boolean => {
  const after = `${file}.after-${deadToken}`
  take(after, draft)
  try {
    const content = read(file)
    if (!("token" in content) || content.token !== deadToken) {
      return false
    }
    renameSync(ownPath, file)
    return true
  } finally {
    rmSync(after, { force: true })
  }
}

const release = (file: string, token: string): void => {
  const content = read(file)
  // Somebody may have deleted the file by hand, and another process may have locked the folder since.
  if (content._tag === "Owned" && content.token === token) {
    rmSync(file, { force: true })
  }
}

/** What processes left that died while they took the lock. Only its owner calls this. */
const sweep = (file: string): void => {
  const name = basename(file)
  for (const entry of readdirSync(dirname(file))) {
    const path = join(dirname(file), entry)
    const draft = entry.startsWith(`${name}.draft-`)
    const content = draft ? read(path) : undefined
    // A draft of a living process is about to be linked. Files of takeovers mean nothing while the lock is ours.
    const dead = content?._tag === "Unreadable" || (content?._tag === "Owned" && livenessOf(content.owner) === "dead")
    if (dead || entry.startsWith(`${name}.after-`)) {
      rmSync(path, { force: true })
    }
  }
}

const lock = (file: string): string => {
  const identity = currentProcess()
  const token = take(file, () => {
    const token = randomUUID()
    const path = `${file}.draft-${identity.pid}-${token}`
    writeFileSync(path, JSON.stringify({ ...identity, token } satisfies Owner), { flag: "wx" })
    return { path, token }
  })
  sweep(file)
  return token
}

/** A lock that is held. */
export interface FolderLock {
  /** Leaves the lock in place when the scope closes: it ends with this process. For a folder that did not close. */
  readonly keepUntilExit: () => void
}

/**
 * Holds the lock of a folder, `<folder>.lock`, for as long as the scope is open.
 *
 * Fails with `DatabaseLocked` when another process, or this one, holds it, and with `onFailure` of whatever the file
 * system refuses.
 */
export const holdFolder = <E>(
  folder: string,
  onFailure: (cause: unknown) => E
): Effect.Effect<FolderLock, DatabaseLocked | E, Scope.Scope> => {
  const file = `${folder}.lock`
  let kept = false
  const acquire = Effect.try({
    try: () => lock(file),
    catch: (cause) =>
      cause instanceof Held
        ? new DatabaseLocked({
            folder,
            file,
            pid: cause.owner?.pid,
            host: cause.owner?.host ?? "",
            foreign: cause.foreign
          })
        : onFailure(cause)
  })
  return Effect.as(
    Effect.acquireRelease(acquire, (token) =>
      kept ? Effect.void : Effect.ignore(Effect.try(() => release(file, token)))
    ),
    { keepUntilExit: () => void (kept = true) }
  )
}
