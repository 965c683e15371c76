/** The lines of an import file. */
export { FileLines as ImportLines, MAXIMUM_LINE_BYTES } from "@pointback/adapters"
