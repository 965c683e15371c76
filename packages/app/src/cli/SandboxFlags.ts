/** Reads the flags of `pointback sandbox` into the options of a sandbox. */
import { SandboxFaults, SandboxFaultText, type SandboxOptions, SandboxRules } from "@pointback/adapters"
import { Instant } from "@pointback/domain"
import { Effect, Option, type Result } from "effect"
import { readFile } from "node:fs/promises"
import { InvalidInput } from "./Input.ts"

/** The flags as they are typed. */
export interface SandboxFlags {
  readonly port: number
  readonly faults: string
  readonly seed: Option.Option<number>
  readonly rules: Option.Option<string>
  readonly state: Option.Option<string>
  readonly clock: Option.Option<string>
}

/** The options that the flags mean. */
export const read = Effect.fnUntraced(function* (
  flags: SandboxFlags
): Effect.fn.Return<Omit<SandboxOptions, "consumerKey" | "publicKey">, InvalidInput> {
  const { port } = flags
  if (port < 0 || port > 65_535) {
    return yield* new InvalidInput({ flag: "port", value: String(port), problem: "0 to 65535 is expected" })
  }
  const faults = yield* settings("faults", flags.faults, SandboxFaultText.parse)
  return {
    port,
    faults: SandboxFaults.toInput({ ...faults, seed: Option.getOrElse(flags.seed, () => faults.seed) }),
    ...(Option.isSome(flags.rules) ? { rules: yield* settings("rules", flags.rules.value, SandboxRules.parse) } : {}),
    ...(Option.isSome(flags.state) ? { state: flags.state.value } : {}),
    ...(Option.isSome(flags.clock) ? { standingAt: yield* instant(flags.clock.value) } : {})
  }
})

/** Reads settings, from a file where the text is `@<file>`. */
const settings = Effect.fnUntraced(function* <A>(
  flag: string,
  value: string,
  parse: (text: string) => Result.Result<A, { readonly problems: ReadonlyArray<{ path: string; problem: string }> }>
): Effect.fn.Return<A, InvalidInput> {
  const invalid = (problem: string) => new InvalidInput({ flag, value, problem })
  const text = value.startsWith("@")
    ? yield* Effect.tryPromise({
        try: () => readFile(value.slice(1), "utf8"),
        catch: (cause) => invalid(cause instanceof Error ? cause.message : "the file cannot be read")
      })
    : value
  return yield* Effect.mapError(Effect.fromResult(parse(text)), ({ problems }) =>
    invalid(problems.map(({ path, problem }) => (path === "" ? problem : `${path}: ${problem}`)).join("; "))
  )
})

const instant = (value: string): Effect.Effect<Instant.Instant, InvalidInput> =>
  Option.match(Instant.fromString(value), {
    onSome: Effect.succeed,
    onNone: () => Effect.fail(new InvalidInput({ flag: "clock", value, problem: Instant.EXPECTED }))
  })
