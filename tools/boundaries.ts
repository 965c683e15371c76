import { fileURLToPath } from "node:url"
import { checkImports } from "./ImportRules.ts"

/*
 * Proves the direction of imports and the purity of the domain: `pnpm boundaries`.
 */

const { files, filesOnDisk, imports, violations } = await checkImports(fileURLToPath(new URL("..", import.meta.url)))

for (const violation of violations) {
  console.error(violation)
}
console.log(`boundaries: ${files} files checked, ${imports} imports, ${violations.length} violations`)
if (files === 0 || files < filesOnDisk) {
  console.error(`There are ${filesOnDisk} source files, so some were not checked: the tool, not the code, is at fault`)
}
process.exitCode = violations.length > 0 || files === 0 || files < filesOnDisk ? 1 : 0
