import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Audit, Finding, Installed, Licences, Manifest } from "./DependencyRules.ts"
import * as Rules from "./DependencyRules.ts"

/*
 * Checks everything that is installed: `pnpm dependencies`. Known vulnerabilities are asked of the registry; one that has no
 * answer is said so by name, and fails where POINTBACK_AUDIT is `required`; a mirror often has none, so that
 * POINTBACK_AUDIT_REGISTRY may name another registry to ask. The rest needs no network.
 */

const root = fileURLToPath(new URL("..", import.meta.url))

const read = (path: string): string => readFileSync(join(root, path), "utf8")

const manifest = (path: string): Manifest => JSON.parse(readFileSync(path, "utf8")) as Manifest

const pnpm = (...args: ReadonlyArray<string>) =>
  spawnSync("npx", ["-y", "pnpm@12", ...args], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 })

const licencesOf = (...args: ReadonlyArray<string>): Licences => {
  const { stderr, stdout } = pnpm("-r", "licenses", "list", "--json", ...args)
  try {
    return JSON.parse(stdout) as Licences
  } catch {
    throw new Error(`pnpm licenses list did not answer: ${stdout}${stderr}`)
  }
}

const LOCKFILES = ["pnpm-lock.yaml", "tools/api/pnpm-lock.yaml", "packages/app/bench/others/pnpm-lock.yaml"]

const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/package.json`)
const MANIFESTS = ["package.json", ...packages, "tools/api/package.json", "packages/app/bench/others/package.json"]

/** Every package of the virtual store stands once in a folder of its own, its dependencies beside it as links. */
const installed = (): ReadonlyArray<Installed> => {
  const store = join(root, "node_modules/.pnpm")
  return readdirSync(store, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .flatMap(({ name }) => {
      const folder = join(store, name, "node_modules")
      const own = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.name.startsWith("@")
          ? readdirSync(join(folder, entry.name), { withFileTypes: true }).map(
              (scoped) => [entry.name, scoped] as const
            )
          : [["", entry] as const]
      )
      return own
        .filter(([, entry]) => entry.isDirectory())
        .map(([scope, entry]) => join(folder, scope, entry.name))
        .filter((path) => existsSync(join(path, "package.json")))
        .map((path) => ({
          manifest: manifest(join(path, "package.json")),
          builds: existsSync(join(path, "binding.gyp"))
        }))
    })
}

const peers = packages.flatMap((path) =>
  Object.keys((manifest(join(root, path)) as { peerDependencies?: Record<string, string> }).peerDependencies ?? {})
)

// `pnpm audit` ends with 1 where it found something and where it could not ask; only an answer is JSON with its counts.
const audit = (): Audit | string => {
  const registry = process.env["POINTBACK_AUDIT_REGISTRY"]
  const { stderr, stdout } = pnpm("audit", "--json", ...(registry === undefined ? [] : ["--registry", registry]))
  try {
    const answer = JSON.parse(stdout) as Partial<Audit>
    if (answer.metadata !== undefined && answer.advisories !== undefined) return answer as Audit
  } catch {
    // Told below, with what it said.
  }
  return `${stdout}${stderr}`
    .replaceAll(/[│×\s]+/g, " ")
    .trim()
    .slice(0, 300)
}

const report = ({ check, looked, problems }: Finding): boolean => {
  console.log(`dependencies: ${check}: ${looked} looked at, ${problems.length} problems`)
  for (const problem of problems) console.error(`  ${problem}`)
  if (looked === 0) console.error("  nothing was looked at: the tool, not the dependencies, is at fault")
  return problems.length === 0 && looked > 0
}

/** What pnpm says where the registry has no audit or cannot be reached; any other failure is one. */
const NO_ANSWER = /ERR_PNPM_AUDIT_(BAD_RESPONSE|ENDPOINT_NOT_EXISTS)/

const audited = (): boolean => {
  const answer = audit()
  if (typeof answer !== "string") {
    const found = Rules.vulnerabilities(answer, peers)
    for (const line of found.told) console.log(`dependencies: known vulnerabilities: ${line}`)
    return report(found)
  }
  console.error(`dependencies: known vulnerabilities: NOT CHECKED, the registry gave no answer: ${answer}`)
  return process.env["POINTBACK_AUDIT"] !== "required" && NO_ANSWER.test(answer)
}

// `pnpm dependencies vulnerabilities` asks for those alone.
const only = process.argv[2] === "vulnerabilities"

const checked = (): ReadonlyArray<boolean> => [
  ...LOCKFILES.map((name) => report(Rules.lockfile(name, read(name)))),
  report(Rules.pins(MANIFESTS.map((path) => manifest(join(root, path))))),
  report(Rules.licences(licencesOf(), licencesOf("--prod"))),
  report(Rules.scripts(installed(), read("pnpm-workspace.yaml")))
]

const passed = [...(only ? [] : checked()), audited()]
process.exitCode = passed.every((one) => one) ? 0 : 1
