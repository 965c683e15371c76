/** One line of a file as JSON. */
import { MAXIMUM_LINE_BYTES } from "./FileLines.ts"

/** What is said of a line with more bytes than any has that is right. */
export const TOO_LONG = `more than ${MAXIMUM_LINE_BYTES} bytes`

/** What is said of bytes that are no text. */
export const NO_UTF8 = "no UTF-8 text"

/** What is said of a text that is no JSON, or not an object. */
export const NO_OBJECT = "no JSON object"

// Takes no byte for another: an account number in a foreign encoding would be one that nobody has. Leaves a byte order
// mark out.
const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Makes a reader of lines whose JSON `read` reads: nothing in a blank one, and what is wrong where it cannot be read. */
export const reader =
  <A>(read: (json: unknown) => A | string) =>
  (bytes: Buffer): A | string | undefined => {
    if (bytes.length > MAXIMUM_LINE_BYTES) return TOO_LONG
    let text: string
    try {
      text = utf8.decode(bytes)
    } catch {
      return NO_UTF8
    }
    if (text.trim() === "") return undefined
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      return NO_OBJECT
    }
    return read(json)
  }
