/**
 * A page of the documentation: its blocks, with what comments before them say to the test that runs them, its headings and
 * its links. docs/internals/testing.md says how a page is written.
 */

/** Comments that the test understands, `<!-- keyword: text -->`; those of the first kind belong to the next block. */
const OF_BLOCKS = ["not run", "file", "shape", "around", "before", "later", "now", "rolled back"] as const
const OF_PAGES = ["page"] as const

type BlockKeyword = (typeof OF_BLOCKS)[number]

/** What a page can say of itself: its commands find no database but the embedded one that they make. */
type PageKind = "embedded"

/** A fenced block. */
export interface Block {
  /** The line of its fence, from 1. */
  readonly line: number
  readonly language: string
  /** Its lines, each with its end. */
  readonly text: string
  readonly notes: Readonly<Partial<Record<BlockKeyword, string>>>
}

/** A link of the page's text. */
export interface Link {
  readonly line: number
  /** As it is written: an address, a path, `#anchor`. */
  readonly target: string
}

/** What was read of a page. */
export interface Page {
  readonly kind: PageKind | undefined
  readonly blocks: ReadonlyArray<Block>
  readonly links: ReadonlyArray<Link>
  /** The anchors of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>
  /** What is wrong with its comments and fences. */
  readonly problems: ReadonlyArray<string>
}

const COMMENT = /^<!--\s*([a-z ]+?):\s*([\s\S]*?)\s*-->$/

const isOneOf = <Word extends string>(words: ReadonlyArray<Word>, word: string): word is Word =>
  (words as ReadonlyArray<string>).includes(word)

/** Reads a page. Problems are told by line and never thrown, so that one run tells them all. */
export const readPage = (markdown: string): Page => {
  const reader = new Reader()
  for (const [index, line] of markdown.split("\n").entries()) reader.line(line, index + 1)
  return reader.end()
}

interface Fence {
  readonly line: number
  readonly language: string
  text: string
}

interface Comment {
  readonly line: number
  text: string
}

class Reader {
  #kind: PageKind | undefined
  readonly #blocks: Array<Block> = []
  readonly #links: Array<Link> = []
  readonly #anchors = new Set<string>()
  readonly #problems: Array<string> = []
  #notes: Partial<Record<BlockKeyword, string>> = {}
  #fence: Fence | undefined
  #comment: Comment | undefined

  line(line: string, number: number): void {
    if (this.#fence !== undefined) return this.#inFence(line, this.#fence)
    if (this.#comment !== undefined) {
      this.#comment.text += `\n${line}`
      if (line.includes("-->")) this.#endComment(this.#comment)
      return
    }
    const fence = /^```(.*)$/.exec(line)
    if (fence !== null) {
      this.#fence = { line: number, language: (fence[1] ?? "").trim(), text: "" }
    } else if (line.startsWith("<!--")) {
      this.#comment = { line: number, text: line }
      if (line.includes("-->")) this.#endComment(this.#comment)
    } else if (line.trim() !== "") {
      this.#prose(line, number)
    }
  }

  end(): Page {
    if (this.#fence !== undefined) this.#problems.push(`line ${this.#fence.line}: the block does not end`)
    if (this.#comment !== undefined) this.#problems.push(`line ${this.#comment.line}: the comment does not end`)
    this.#refuseNotes("the end of the page")
    return {
      kind: this.#kind,
      blocks: this.#blocks,
      links: this.#links,
      anchors: this.#anchors,
      problems: this.#problems
    }
  }

  #inFence(line: string, fence: Fence): void {
    if (!/^```\s*$/.test(line)) {
      fence.text += `${line}\n`
      return
    }
    this.#blocks.push({ ...fence, notes: this.#notes })
    this.#notes = {}
    this.#fence = undefined
  }

  #endComment({ line, text }: Comment): void {
    this.#comment = undefined
    const [, keyword = "", said = ""] = COMMENT.exec(text.trim()) ?? []
    if (isOneOf(OF_BLOCKS, keyword)) {
      if (said === "") this.#problems.push(`line ${line}: "${keyword}" says nothing`)
      if (keyword in this.#notes) this.#problems.push(`line ${line}: "${keyword}" stands twice`)
      this.#notes = { ...this.#notes, [keyword]: said }
    } else if (isOneOf(OF_PAGES, keyword) && said === "embedded") {
      this.#kind = said
    } else {
      this.#problems.push(`line ${line}: no such comment: ${text}`)
    }
  }

  #refuseNotes(before: string): void {
    const notes = Object.keys(this.#notes)
    if (notes.length > 0) this.#problems.push(`"${notes.join('", "')}" stands before ${before}, not before a block`)
    this.#notes = {}
  }

  #prose(line: string, number: number): void {
    this.#refuseNotes(`line ${number}`)
    const heading = /^#{1,6} (.*)$/.exec(line)
    if (heading !== null) this.#anchors.add(this.#newAnchor(anchorOf(heading[1] ?? "")))
    for (const [, target = ""] of line.replaceAll(/`[^`]*`/g, "`").matchAll(/\]\(([^)\s]+)\)/g)) {
      this.#links.push({ line: number, target })
    }
  }

  #newAnchor(anchor: string): string {
    let taken = 0
    while (this.#anchors.has(taken === 0 ? anchor : `${anchor}-${taken}`)) taken++
    return taken === 0 ? anchor : `${anchor}-${taken}`
  }
}

/** What GitHub makes of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
    .trim()
    .replaceAll(" ", "-")

/** A command of a console block, and what the page shows that it prints. */
export interface Shown {
  /** Its line in the page. */
  readonly line: number
  readonly command: string
  readonly output: ReadonlyArray<string>
}

/** The commands of a console block. What stands before the first one is nobody's output: it is a problem. */
export const commandsOf = (block: Block): ReadonlyArray<Shown> => {
  const commands: Array<{ line: number; command: string; output: Array<string> }> = []
  for (const [index, line] of block.text.replace(/\n$/, "").split("\n").entries()) {
    const last = commands.at(-1)
    const number = block.line + 1 + index
    if (line.startsWith("$ ")) commands.push({ line: number, command: line.slice(2), output: [] })
    else if (last === undefined) throw new Error(`line ${number}: a console block begins with "$ "`)
    else if (last.command.endsWith("\\") && last.output.length === 0) last.command += `\n${line}`
    else last.output.push(line)
  }
  return commands
}
