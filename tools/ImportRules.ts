import { readdirSync } from "node:fs"
import { join } from "node:path"
import { cruise, type IFlattenedRuleSet, type ICruiseResult } from "dependency-cruiser"

/*
 * Which way imports may run: app → adapters → domain, out of the domain nowhere but to the stable part of effect, and out
 * of what a browser runs nowhere but to what it is given.
 */

/** What a browser runs. */
const BROWSER = "^packages/app/src/(console|page)/"

const SOURCES = "^packages/[^/]+/src/"

/** effect's root and its stable modules, which begin with a capital; folders such as effect/http are unstable. */
const STABLE_EFFECT = "node_modules/effect/(dist|src)/(index|[A-Z]\\w*)\\.(d\\.ts|js|ts)$"

const ruleSet: IFlattenedRuleSet = {
  forbidden: [
    {
      name: "domain-is-pure",
      comment: "The domain imports its own files and effect's stable modules",
      severity: "error",
      from: { path: "^packages/domain/src/" },
      to: { pathNot: ["^packages/domain/src/", STABLE_EFFECT] }
    },
    {
      name: "adapters-below-app",
      comment: "Adapters know nothing of the app",
      severity: "error",
      from: { path: "^packages/adapters/src/" },
      to: { path: "^packages/app/" }
    },
    {
      name: "packages-by-their-index",
      comment: "A package is used by its public index only",
      severity: "error",
      from: { path: "^packages/([^/]+)/src/" },
      to: { path: "^packages/[^/]+/", pathNot: ["^packages/$1/", "^packages/[^/]+/src/index\\.ts$"] }
    },
    {
      name: "console-runs-in-a-browser",
      comment:
        "The console and what it shares with the report page run on preact and d3 alone; of the API they know types",
      severity: "error",
      from: { path: BROWSER },
      to: {
        pathNot: [BROWSER, "node_modules/(preact|d3-scale|d3-shape|@types/d3-scale|@types/d3-shape)/"],
        dependencyTypesNot: ["type-only"]
      }
    },
    {
      name: "no-tests-in-sources",
      severity: "error",
      from: { path: SOURCES },
      to: { path: ["^packages/[^/]+/test/", "^tools/"] }
    },
    { name: "no-cycles", severity: "error", from: { path: SOURCES }, to: { circular: true } },
    { name: "everything-is-found", severity: "error", from: { path: SOURCES }, to: { couldNotResolve: true } }
  ]
}

/** What was looked at and what was found. */
export interface ImportReport {
  /** Source files whose imports were read. */
  readonly files: number
  /** Source files that are on the disk; fewer checked than these means that the tool did not see them. */
  readonly filesOnDisk: number
  readonly imports: number
  /** `rule: from → to`, one for each forbidden import. */
  readonly violations: ReadonlyArray<string>
}

const sourcesOnDisk = (root: string): number =>
  readdirSync(join(root, "packages")).flatMap((name) =>
    readdirSync(join(root, "packages", name), { recursive: true, encoding: "utf8" }).filter(
      (file) => /^src[\\/]/.test(file) && file.endsWith(".ts") && !file.endsWith(".d.ts")
    )
  ).length

/** Reads the imports of every source file under `root`, types included, and holds them against the rules. */
export const checkImports = async (root: string): Promise<ImportReport> => {
  const { output } = await cruise(
    readdirSync(join(root, "packages")).map((name) => `packages/${name}/src`),
    {
      baseDir: root,
      ruleSet,
      validate: true,
      tsPreCompilationDeps: true,
      doNotFollow: { path: "node_modules" },
      exclude: { path: "^packages/[^/]+/(dist/|src/.*\\.(js|d\\.ts)$)" },
      enhancedResolveOptions: {
        exportsFields: ["exports"],
        conditionNames: ["import", "types", "node", "default"],
        mainFields: ["module", "main", "types"],
        extensions: [".ts", ".js"]
      }
    },
    { extensions: [".ts", ".js"] }
  )
  const result = output as ICruiseResult
  const sources = result.modules.filter(({ source }) => new RegExp(SOURCES).test(source))
  return {
    files: sources.length,
    filesOnDisk: sourcesOnDisk(root),
    imports: sources.reduce((sum, { dependencies }) => sum + dependencies.length, 0),
    violations: result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)
  }
}
