import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { Schema } from "effect"

/** The major version of the PostgreSQL inside PGlite, as it stands in a database folder's PG_VERSION. */
const POSTGRES_MAJOR = "18"

/** The folder given for an embedded database cannot serve as one. `problem` says why, and `cause` what was thrown. */
export class DatabaseFolderUnusable extends Schema.TaggedError<DatabaseFolderUnusable>(
  "@pointback/adapters/DatabaseFolderUnusable"
)("DatabaseFolderUnusable", {
  folder: Schema.String,
  problem: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `The folder ${this.folder} cannot hold the database: ${this.problem}`
  }
}

/** What a folder is to us. */
export type FolderContent = "nothing" | "database"

/** The one path of a folder, links resolved, so that all who mean it find the same lock. Creates its parents. */
export const canonicalFolder = (folder: string): string => {
  const absolute = resolve(folder)
  mkdirSync(dirname(absolute), { recursive: true })
  try {
    return realpathSync.native(absolute)
  } catch {
    return join(realpathSync.native(dirname(absolute)), basename(absolute))
  }
}

const entriesOf = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return []
    }
    throw error
  }
}

/** Whether a database is there already; throws `DatabaseFolderUnusable` for anything but nothing and a database. */
export const inspectFolder = (folder: string): FolderContent => {
  const entries = entriesOf(folder)
  if (entries.length === 0) {
    return "nothing"
  }
  if (!entries.includes("PG_VERSION")) {
    throw new DatabaseFolderUnusable({ folder, problem: "it holds other files; choose an empty or a new folder" })
  }
  const version = readFileSync(join(folder, "PG_VERSION"), "utf8").trim()
  if (version !== POSTGRES_MAJOR) {
    throw new DatabaseFolderUnusable({
      folder,
      problem: `it was written by PostgreSQL ${version} and this is ${POSTGRES_MAJOR}; open it with the version of Pointback that wrote it`
    })
  }
  return "database"
}

/** Where a new database is made ready before it is moved to `folder`; the process number is for people who look. */
export const draftFolder = (folder: string, random: string): string => `${folder}.new-${process.pid}-${random}`

/** Removes drafts that were never finished. Only for the holder of the folder's lock: then nobody works on one. */
export const removeDrafts = (folder: string): void => {
  const prefix = `${basename(folder)}.new-`
  for (const entry of readdirSync(dirname(folder))) {
    if (entry.startsWith(prefix)) {
      rmSync(join(dirname(folder), entry), { recursive: true, force: true })
    }
  }
}
