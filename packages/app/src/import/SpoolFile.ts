/** Where the lines of a large import file are kept. */
export { SpoolFile, SpoolUnusable } from "@pointback/adapters"
