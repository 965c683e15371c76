/**
 * The files of the console: the modules of `src/console` and `src/page` as they are, and the modules of the kept libraries
 * that they import, as those publish them. Nothing is bundled. They are read once, into a table; no path is ever read from
 * a request.
 */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { createRequire, stripTypeScriptTypes } from "node:module"
import { fileURLToPath } from "node:url"
import { ICON, STYLE } from "./Style.ts"

/** A file as it is served. */
export interface ConsoleFile {
  /** Below `/console/`. */
  readonly path: string
  readonly contentType: string
  readonly body: string
  /** A digest of the body. */
  readonly etag: string
}

export const fileOf = (path: string, contentType: string, body: string): ConsoleFile => ({
  path,
  contentType,
  body,
  etag: `"${createHash("sha256").update(body).digest("base64url")}"`
})

const JAVASCRIPT = "text/javascript; charset=utf-8"

/** Where the browser finds our modules, and where they are: side by side in both, so that they find each other. */
const FOLDERS = { app: "../../console/", page: "../../page/" }

/** Sources in a checkout, what was built from them in a package. */
const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js"

/** The module that begins. */
export const MAIN = `app/Main${EXTENSION}`

const isModule = (name: string): boolean => name.endsWith(EXTENSION) && !name.endsWith(".d.ts")

// Node says that this function is experimental, once and on standard error, where whoever runs a server reads JSON.
const quietly = <A>(work: () => A): A => {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return work()
  } finally {
    process.emitWarning = emitWarning
  }
}

/** A browser knows no types: they become blanks, so that lines stay where they are. */
const plain = (source: string): string => (EXTENSION === ".ts" ? quietly(() => stripTypeScriptTypes(source)) : source)

const ownModules = (): ReadonlyArray<ConsoleFile> =>
  Object.entries(FOLDERS).flatMap(([name, place]) => {
    const folder = new URL(place, import.meta.url)
    return readdirSync(folder)
      .filter(isModule)
      .toSorted()
      .map((file) => fileOf(`${name}/${file}`, JAVASCRIPT, plain(readFileSync(new URL(file, folder), "utf8"))))
  })

/** The libraries, each with who imports it: a package finds what it depends on, and nobody else does. */
const LIBRARIES: ReadonlyArray<readonly [specifier: string, importedBy?: string]> = [
  ["preact"],
  ["preact/hooks"],
  ["d3-scale"],
  ["d3-shape"],
  ["d3-array", "d3-scale"],
  ["d3-format", "d3-scale"],
  ["d3-interpolate", "d3-scale"],
  ["d3-color", "d3-interpolate"],
  ["d3-time", "d3-scale"],
  ["d3-time-format", "d3-scale"],
  ["d3-path", "d3-shape"]
]

const libraryPath = (specifier: string): string => `lib/${specifier.replace("/", "-")}.js`

const libraries = (): ReadonlyArray<ConsoleFile> => {
  const places = new Map<string, string>()
  for (const [specifier, importedBy] of LIBRARIES) {
    const from = importedBy === undefined ? fileURLToPath(import.meta.url) : (places.get(importedBy) as string)
    places.set(specifier, createRequire(from).resolve(specifier))
  }
  return Array.from(places, ([specifier, place]) =>
    fileOf(libraryPath(specifier), JAVASCRIPT, readFileSync(place, "utf8"))
  )
}

/** Which file each library is, for the browser. */
export const IMPORTS: Readonly<Record<string, string>> = Object.fromEntries(
  LIBRARIES.map(([specifier]) => [specifier, `./${libraryPath(specifier)}`])
)

/** Reads all of them. A file that is missing is a broken installation, and throws. */
export const read = (): ReadonlyArray<ConsoleFile> => [
  ...ownModules(),
  ...libraries(),
  fileOf("style.css", "text/css; charset=utf-8", STYLE),
  fileOf("icon.svg", "image/svg+xml", ICON)
]
