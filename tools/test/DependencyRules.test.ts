import { execFile } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { gunzipSync } from "node:zlib"
import { expect, test } from "vitest"
import * as Rules from "../DependencyRules.ts"

const DIGEST = `sha512-${"A".repeat(86)}==`

const lockfile = (resolution: string) => `lockfileVersion: '9.0'

packages:

  '@scope/a@1.0.0':
    resolution: {integrity: ${DIGEST}}
    engines: {node: '>=18'}

  b@1.0.0:
    resolution: ${resolution}

snapshots:

  b@1.0.0: {}
`

test("a lockfile whose packages have digests passes, and is counted", () => {
  expect(Rules.lockfile("x", lockfile(`{integrity: ${DIGEST}}`))).toEqual({
    check: "lockfile x",
    looked: 2,
    problems: []
  })
  expect(Rules.lockfile("x", "lockfileVersion: '9.0'\n").looked).toBe(0)
})

test.each([
  "{tarball: https://example.com/b.tgz}",
  `{integrity: ${DIGEST}, tarball: https://example.com/b.tgz}`,
  "{integrity: sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=}",
  "{commit: abc, repo: https://github.com/b/b, type: git}",
  "{directory: ../b, type: directory}"
])("a package is refused that is locked as %s", (resolution) => {
  expect(Rules.lockfile("x", lockfile(resolution)).problems).toEqual([expect.stringMatching(/^b@1.0.0: /)])
})

test("licences are those that are known; what users install may not have those that are for development only", () => {
  const mit = { MIT: [{ name: "a" }], "(BSD-3-Clause OR GPL-2.0)": [{ name: "b" }], "(MIT AND ISC)": [{ name: "c" }] }
  expect(Rules.licences(mit, mit)).toEqual({ check: "licences", looked: 3, problems: [] })
  const mpl = { "MPL-2.0": [{ name: "d" }] }
  expect(Rules.licences(mpl, {}).problems).toEqual([])
  expect(Rules.licences(mpl, mpl).problems).toEqual([expect.stringContaining("for our users")])
  for (const licence of ["GPL-3.0", "Unknown", "(MIT AND GPL-2.0)", "SEE LICENSE IN x"]) {
    expect(Rules.licences({ [licence]: [{ name: "e" }] }, {}).problems).toHaveLength(1)
  }
})

test.each(["^1.0.0", "1.x", ">=1", "latest", "github:a/b", "file:../a", "*"])(
  "the version %s is not exact",
  (version) => {
    expect(Rules.pins([{ name: "x", dependencies: { a: version }, devDependencies: { b: "1.0.0-beta.1" } }])).toEqual({
      check: "pinned versions",
      looked: 2,
      problems: [`x: a ${version} is no exact version`]
    })
  }
)

test("a package that runs a script when it is installed is one that somebody decided about", () => {
  const workspace = 'packages:\n  - x\n\nallowBuilds:\n  "@a/allowed": true\n  refused: false\n\nother: 1\n'
  const one = (name: string, script: string, builds = false) => ({
    manifest: { name, scripts: { [script]: "x" } },
    builds
  })
  const installed = [one("@a/allowed", "postinstall"), one("refused", "install"), one("plain", "test")]
  expect(Rules.scripts(installed, workspace)).toEqual({ check: "installation scripts", looked: 3, problems: [] })
  for (const wrong of [
    one("new", "preinstall"),
    one("new", "install"),
    one("new", "postinstall"),
    one("new", "test", true)
  ]) {
    expect(Rules.scripts([...installed, wrong], workspace).problems).toEqual([expect.stringMatching(/^new: /)])
  }
})

/** A registry that answers every question for advisories with this one; its packages are counted. */
const registry = async (status: number, answer: object) => {
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const body = Buffer.concat(chunks)
      const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(body).toString() : body.toString()
      for (const name of Object.keys(JSON.parse(text || "{}") as object)) asked.add(name)
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer))
    })
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  return { asked, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

const tool = async (status: number, answer: object, environment: Record<string, string> = {}) => {
  const { asked, server, url } = await registry(status, answer)
  try {
    const env = { ...process.env, POINTBACK_AUDIT_REGISTRY: url, ...environment }
    const path = fileURLToPath(new URL("../dependencies.ts", import.meta.url))
    const ran = await new Promise<{ code: unknown; out: string }>((resolve) =>
      execFile(process.execPath, [path, "vulnerabilities"], { env }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, out: stdout + stderr })
      )
    )
    return { ...ran, asked }
  } finally {
    server.close()
  }
}

let id = 1

const advisory = (severity: string) => [
  { id: id++, url: "https://example.com/1", title: "a hole", severity, vulnerable_versions: "<999" }
]

test("this workspace passes where the registry knows of nothing, and everything that users install was asked about", async () => {
  const { asked, code, out } = await tool(200, {})
  expect(out).toMatch(/known vulnerabilities: \d{3} looked at, 0 problems/)
  for (const name of ["effect", "kysely", "pg", "jose", "node-forge"]) expect(asked).toContain(name)
  expect(code).toBe(0)
})

test("a grave hole in what users install fails, a peer dependency's too; others are told", async () => {
  const { code, out } = await tool(200, {
    effect: advisory("critical"),
    kysely: advisory("high"),
    pg: advisory("low"),
    vitest: advisory("high")
  })
  expect(code).toBe(1)
  expect(out).toMatch(/known vulnerabilities: \d{3} looked at, 2 problems/)
  expect(out).toContain("1 critical")
  expect(out).toContain("effect: critical, a hole (https://example.com/1)")
  expect(out).toContain("vitest: high, a hole (https://example.com/1), for development only")
})

test("a grave hole that is counted and not listed is one", () => {
  const vulnerabilities = { low: 0, high: 1, critical: 1 }
  const found = Rules.vulnerabilities({ advisories: {}, metadata: { vulnerabilities, totalDependencies: 3 } }, [])
  expect(found.problems).toEqual([expect.stringMatching(/^2 grave ones are counted and 0 listed/)])
})

test("a registry without an answer is said so, and fails where an answer is required", async () => {
  const { code, out } = await tool(405, {})
  expect(out).toContain("known vulnerabilities: NOT CHECKED, the registry gave no answer")
  expect(code).toBe(0)
  expect((await tool(405, {}, { POINTBACK_AUDIT: "required" })).code).toBe(1)
})
