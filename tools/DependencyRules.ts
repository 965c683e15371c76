/*
 * What must hold of everything that is installed: pinned, with a digest in the lockfile, under a licence that we know, without
 * scripts that run at installation, and without a known vulnerability in what our users install. Pure; `dependencies.ts` reads.
 */

/** What a check looked at and found; none that looked at nothing has passed. */
export interface Finding {
  readonly check: string
  readonly looked: number
  readonly problems: ReadonlyArray<string>
}

/** Licences of what our users install: they ask nothing but a notice. */
const FOR_USERS = [
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Unlicense"
]

/** Licences of what we work with besides: nothing of it is passed on. */
const FOR_US = [...FOR_USERS, "CC-BY-4.0", "MPL-2.0", "Python-2.0"]

/** One alternative of an expression is enough; all of what is joined by AND must be allowed. */
const isAllowed = (expression: string, allowed: ReadonlyArray<string>): boolean =>
  expression
    .replaceAll(/[()]/g, "")
    .split(" OR ")
    .some((alternative) => alternative.split(" AND ").every((licence) => allowed.includes(licence.trim())))

/** What `pnpm licenses list --json` prints: packages by licence. */
export type Licences = Readonly<Record<string, ReadonlyArray<{ readonly name: string }>>>

/** Licences of all packages, and of those that our users install. */
export const licences = (all: Licences, forUsers: Licences): Finding => {
  const wrong = (licences_: Licences, allowed: ReadonlyArray<string>, what: string) =>
    Object.entries(licences_)
      .filter(([licence]) => !isAllowed(licence, allowed))
      .flatMap(([licence, packages]) =>
        packages.map(({ name }) => `${name}: ${licence} is no licence that we know ${what}`)
      )
  return {
    check: "licences",
    looked: Object.values(all).flat().length,
    problems: [...wrong(all, FOR_US, "for development"), ...wrong(forUsers, FOR_USERS, "for our users")]
  }
}

/** Packages of a lockfile: each has a digest of SHA-512, which only what comes from a registry has. */
export const lockfile = (name: string, text: string): Finding => {
  const packages = (/^packages:\n([\s\S]*?)(?=^\S)/m.exec(`${text}\nend:\n`)?.[1] ?? "").matchAll(
    /^ {2}(\S[^\n]*):\n((?: {4}[^\n]*\n|\n)*)/gm
  )
  const entries = Array.from(packages, ([, id = "", body = ""]) => ({ id: id.replaceAll("'", ""), body }))
  return {
    check: `lockfile ${name}`,
    looked: entries.length,
    problems: entries
      .filter(({ body }) => !/^ {4}resolution: \{integrity: sha512-[A-Za-z0-9+/]{86}==\}$/m.test(body))
      .map(({ id }) => `${id}: the lockfile has no SHA-512 of it, or it comes from elsewhere than a registry`)
  }
}

/** The parts of a package.json that are looked at. */
export interface Manifest {
  readonly name?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const EXACT = /^(\d+\.\d+\.\d+(-[\w.]+)?|workspace:.*|catalog:.*)$/

/** Versions in our own manifests are exact, or those of the workspace's catalog. */
export const pins = (manifests: ReadonlyArray<Manifest>): Finding => {
  const versions = manifests.flatMap(({ dependencies, devDependencies, name, optionalDependencies }) =>
    [dependencies, devDependencies, optionalDependencies].flatMap((named) =>
      Object.entries(named ?? {}).map(([dependency, version]) => ({ of: name, dependency, version }))
    )
  )
  return {
    check: "pinned versions",
    looked: versions.length,
    problems: versions
      .filter(({ version }) => !EXACT.test(version))
      .map(({ dependency, of, version }) => `${of}: ${dependency} ${version} is no exact version`)
  }
}

/** An installed package. `builds`: it has a `binding.gyp`, which npm and pnpm take for a script. */
export interface Installed {
  readonly manifest: Manifest
  readonly builds: boolean
}

const AT_INSTALLATION = ["preinstall", "install", "postinstall"]

/** Packages that would run something when they are installed are those that `allowBuilds` names, or have been looked at. */
export const scripts = (installed: ReadonlyArray<Installed>, workspace: string): Finding => {
  const section = /^allowBuilds:\n((?: {2}[^\n]*\n)*)/m.exec(workspace)?.[1] ?? ""
  const named = Array.from(section.matchAll(/^ {2}"?([^":\n]+)"?: (?:true|false)$/gm), ([, name]) => name)
  return {
    check: "installation scripts",
    looked: installed.length,
    problems: installed
      .filter(
        ({ builds, manifest }) => builds || AT_INSTALLATION.some((script) => manifest.scripts?.[script] !== undefined)
      )
      .filter(({ manifest }) => !named.includes(manifest.name))
      .map(
        ({ manifest }) => `${manifest.name}: it runs a script when it is installed; allow or refuse it in allowBuilds`
      )
  }
}

/** What `pnpm audit --json` prints. */
export interface Audit {
  readonly advisories: Readonly<
    Record<
      string,
      {
        readonly module_name: string
        readonly severity: string
        readonly title: string
        readonly url: string
        readonly findings: ReadonlyArray<{ readonly dev: boolean }>
      }
    >
  >
  readonly metadata: {
    readonly vulnerabilities: Readonly<Record<string, number>>
    readonly totalDependencies: number
  }
}

const GRAVE = ["high", "critical"]

/** Known vulnerabilities: grave ones in what our users install, `peers` included, are problems; the rest is told. */
export const vulnerabilities = (
  { advisories, metadata }: Audit,
  peers: ReadonlyArray<string>
): Finding & { readonly told: ReadonlyArray<string> } => {
  const found = Object.values(advisories).map(({ findings, module_name, severity, title, url }) => {
    const forUsers = peers.includes(module_name) || findings.some(({ dev }) => !dev)
    return {
      grave: forUsers && GRAVE.includes(severity),
      text: `${module_name}: ${severity}, ${title} (${url})${forUsers ? "" : ", for development only"}`
    }
  })
  const text = (grave: boolean) => found.filter((one) => one.grave === grave).map((one) => one.text)
  const counted = GRAVE.reduce((sum, severity) => sum + (metadata.vulnerabilities[severity] ?? 0), 0)
  const listed = Object.values(advisories).filter(({ severity }) => GRAVE.includes(severity)).length
  // Two that share an id are listed once.
  const hidden =
    counted > listed ? [`${counted} grave ones are counted and ${listed} listed: look with \`pnpm audit\``] : []
  const counts = Object.entries(metadata.vulnerabilities).map(([severity, count]) => `${count} ${severity}`)
  return {
    check: "known vulnerabilities",
    looked: metadata.totalDependencies,
    problems: [...text(true), ...hidden],
    told: [counts.join(", "), ...text(false)]
  }
}
