import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { PGlite } from "@electric-sql/pglite"

/*
 * An empty PGlite database takes seconds to make and 0.3 s to load, so it is made once and kept, one for each version.
 */

const cache = fileURLToPath(new URL("../../../../node_modules/.cache/pointback/", import.meta.url))

const version = (): string => {
  const entry = createRequire(import.meta.url).resolve("@electric-sql/pglite")
  const manifest = readFileSync(join(dirname(entry), "..", "package.json"), "utf8")
  return (JSON.parse(manifest) as { readonly version: string }).version
}

/** The image of an empty database, for `EmbeddedDatabase.layerMemory({ image })`. */
export const emptyImage = async (): Promise<Blob> => {
  const file = join(cache, `pglite-${version()}.tar`)
  if (!existsSync(file)) {
    const engine = await PGlite.create()
    const image = await engine.dumpDataDir("none")
    await engine.close()
    mkdirSync(cache, { recursive: true })
    // Two workers may both get here; each moves a whole file into place.
    const draft = `${file}.${randomBytes(4).toString("hex")}`
    writeFileSync(draft, Buffer.from(await image.arrayBuffer()))
    renameSync(draft, file)
  }
  return new Blob([readFileSync(file)])
}
