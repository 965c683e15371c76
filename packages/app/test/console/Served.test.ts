/** How the console is served: its files, their headers, and what is not there. */
import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { problemOf } from "../http/Problems.ts"
import { type Answer, httpServer } from "../support/HttpServer.ts"

/** What a page of ours refers to. */
const referred = (page: string): ReadonlyArray<string> =>
  Array.from(page.matchAll(/(?:href|src)="([^"]+)"/g), ([, path]) => path as string)

describe("the console's files", () => {
  const server = httpServer()
  const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    server.get(path, { key: null, headers })

  it("are there without a key, each with its type, a digest, and headers that let nothing else in", async () => {
    const page = await get("/console/")
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"])
    const paths = referred(page.text)
    expect(paths.length).toBeGreaterThan(30)
    expect(paths).toContain("app/Main.ts")
    for (const path of ["", ...paths]) {
      const file = await get(`/console/${path}`)
      expect(file.status, path).toBe(200)
      const type =
        path === ""
          ? "text/html"
          : path.endsWith(".css")
            ? "text/css"
            : path.endsWith(".svg")
              ? "image/svg+xml"
              : "text/javascript"
      expect(file.headers["content-type"], path).toContain(type)
      expect(file.headers, path).toMatchObject({
        etag: `"${createHash("sha256").update(file.text).digest("base64url")}"`,
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin"
      })
    }
  })

  it("run under a policy that allows our own files and the one import map, and nothing inline", async () => {
    const page = await get("/console/")
    const [, map] = /<script type="importmap">(.*?)<\/script>/.exec(page.text)!
    const hash = createHash("sha256").update(map!).digest("base64")
    const policy = String(page.headers["content-security-policy"])
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `script-src 'self' 'sha256-${hash}'`,
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'"
    ])
    expect(page.text).not.toMatch(/\son\w+=|\sstyle=|https?:/)
    expect(page.text.match(/<script/g)).toHaveLength(2)
    expect(page.text).toContain("<noscript>")
    // The map names files that there are, and no other place.
    for (const path of Object.values((JSON.parse(map!) as { imports: Record<string, string> }).imports)) {
      expect((await get(`/console/${path.replace("./", "")}`)).status, path).toBe(200)
    }
  })

  it("have no types left in them, and import nothing that is not there", async () => {
    const paths = referred((await get("/console/")).text).filter((path) => /\.(ts|js)$/.test(path))
    const { imports } = JSON.parse(
      /<script type="importmap">(.*?)<\/script>/.exec((await get("/console/")).text)![1]!
    ) as { imports: Record<string, string> }
    let looked = 0
    for (const path of paths) {
      const { text } = await get(`/console/${path}`)
      expect(text, path).not.toMatch(/^import type |^export (type|interface) /m)
      for (const [, specifier = ""] of text.matchAll(/^(?:import|export)[^"'\n]*from ?["']([^"']+)["']/gm)) {
        looked++
        if (specifier.startsWith(".")) {
          expect(paths, `${path} imports ${specifier}`).toContain(
            new URL(specifier, `http://x/${path}`).pathname.slice(1)
          )
        } else expect(imports, `${path} imports ${specifier}`).toHaveProperty([specifier])
      }
    }
    expect(looked).toBeGreaterThan(50)
  })

  it("are not sent again to whoever has them", async () => {
    const { headers } = await get("/console/style.css")
    const etag = String(headers["etag"])
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await get("/console/style.css", { "if-none-match": known })
      expect([again.status, again.text, again.headers["etag"]]).toEqual([304, "", etag])
      expect(again.headers["content-security-policy"]).toBe(headers["content-security-policy"])
    }
    expect((await get("/console/style.css", { "if-none-match": '"other"' })).status).toBe(200)
  })

  it("begin in a folder, so that they work below any path of a proxy", async () => {
    const moved = await get("/console")
    expect([moved.status, moved.headers["location"]]).toEqual([308, "console/"])
  })

  it("are all that is there: no other file, above or beside, whatever the address says", async () => {
    for (const path of [
      "/console/package.json",
      "/console/app",
      "/console/app/../../package.json",
      "/console/..%2f..%2fpackage.json",
      "/console/%2e%2e/%2e%2e/etc/passwd",
      "/console/app/Main.ts%00.js",
      "/console//etc/passwd"
    ]) {
      const answer = await get(path)
      expect(answer.status, path).toBe(404)
      problemOf(answer)
    }
    expect((await server.ask("POST", "/console/", { key: null })).status).toBeGreaterThanOrEqual(400)
  })

  it("leave a line in the log by their route", async () => {
    const before = server.logged.length
    await get("/console/style.css?x=220094110178641288073796026652")
    expect(server.logged.slice(before).join("")).toContain('"route":"/console"')
    expect(server.logged.join("")).not.toContain("220094110178641288073796026652")
  })
})

describe("a server without the console", () => {
  const server = httpServer(undefined, { console: false })

  it("has no file of it", async () => {
    for (const path of ["/console", "/console/", "/console/style.css"]) {
      const answer = await server.get(path, { key: null })
      expect(answer.status).toBe(404)
      problemOf(answer)
    }
    expect((await server.get("/v1/key")).status).toBe(200)
  })
})
