/** The page that the console begins with, and the policy by which browsers run it. */
import { createHash } from "node:crypto"
import { createElement, type VNode } from "preact"
import { renderToString } from "preact-render-to-string"
import { h } from "../../page/Element.ts"
import { type ConsoleFile, fileOf, IMPORTS, MAIN } from "./Files.ts"

const IMPORT_MAP = JSON.stringify({ imports: IMPORTS })

// Browsers take an import map from the page alone; its hash is in the policy.
const importMap = (): VNode =>
  createElement("script", { type: "importmap", dangerouslySetInnerHTML: { __html: IMPORT_MAP } }) as VNode

/**
 * Nothing is loaded but our own files, nothing runs but our own modules, nobody is talked to but this server; no form goes
 * anywhere by itself, no text becomes a script.
 */
export const POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash("sha256").update(IMPORT_MAP).digest("base64")}'`,
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join("; ")

const NO_SCRIPT =
  "The console needs JavaScript, which is off in this browser. The same answers come from the command line " +
  "(pointback aging, redemptions, history, breaks, roll-forward) and from the HTTP API; pointback report writes a page " +
  "without any script."

/** The page over the files. Its addresses are relative, so it works below any path of a proxy. */
export const page = (files: ReadonlyArray<ConsoleFile>): ConsoleFile => {
  const modules = files.filter(({ path }) => /^(app|page|lib)\//.test(path))
  const document = h(
    "html",
    { lang: "en" },
    h(
      "head",
      null,
      h("meta", { charSet: "utf-8" }),
      h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      h("meta", { name: "color-scheme", content: "light dark" }),
      h("meta", { name: "referrer", content: "no-referrer" }),
      h("meta", { name: "robots", content: "noindex" }),
      h("title", null, "Pointback console"),
      h("link", { rel: "icon", href: "icon.svg", type: "image/svg+xml" }),
      h("link", { rel: "stylesheet", href: "style.css" }),
      importMap(),
      modules.map(({ path }) => h("link", { rel: "modulepreload", href: path })),
      h("script", { type: "module", src: MAIN })
    ),
    h(
      "body",
      null,
      h("noscript", null, h("main", null, h("h1", null, "Pointback console"), h("p", null, NO_SCRIPT))),
      h("div", { id: "console" })
    )
  )
  return fileOf("", "text/html; charset=utf-8", `<!doctype html>\n${renderToString(document)}\n`)
}
