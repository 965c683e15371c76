/** The shapes that pages show as JSON, by the names that their comments use: `<!-- shape: name -->`. */
import { SandboxFaults } from "@pointback/adapters"
import { Result, Schema } from "effect"
import { fromJson as assumptionsFromJson } from "../../../adapters/src/mastercard/AssumptionsFile.ts"
import { ApiKey } from "../../src/http/ApiKeys.ts"
import { judge } from "../../src/import/RecordLine.ts"

type Decode = (text: string) => string | undefined

const strict = { errors: "all", onExcessProperty: "error" } as const

const decoded = <A, E>(result: Result.Result<A, E>): string | undefined =>
  Result.isSuccess(result) ? undefined : String(result.failure)

/** Every line is read as one. */
const eachLine =
  (read: (line: string) => unknown): Decode =>
  (text) =>
    text
      .trim()
      .split("\n")
      .map(read)
      .find((problem): problem is string => typeof problem === "string")

const SHAPES: Readonly<Record<string, Decode>> = {
  "API key": (text) => decoded(Schema.decodeUnknownResult(ApiKey)(JSON.parse(text), strict)),
  assumptions: (text) => decoded(assumptionsFromJson(text)),
  faults: (text) => decoded(SandboxFaults.decode(JSON.parse(text))),
  "import records": eachLine((line) => judge(JSON.parse(line)))
}

/** What is wrong with a block that is said to have a shape, or undefined. */
export const decodeShape = (shape: string, text: string): string | undefined => {
  const decode = SHAPES[shape]
  if (decode === undefined) return `no shape "${shape}" is known, only ${Object.keys(SHAPES).join(", ")}`
  try {
    const problem = decode(text)
    return problem === undefined ? undefined : `this is no ${shape}: ${problem}`
  } catch (error) {
    return `this is no JSON: ${(error as Error).message}`
  }
}
