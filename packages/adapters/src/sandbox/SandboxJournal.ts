/**
 * What happened in a sandbox, in lines from which it can be carried out again. They hold commands and not their
 * outcomes: the bank is a pure function of the commands and their instants.
 */
import type { Instant } from "@pointback/domain"
import { Result, Schema } from "effect"
import type { SandboxCommand } from "./SandboxBank.ts"
import type { CallSubject } from "./SandboxFaultPlan.ts"
import type { Fault } from "./SandboxFaults.ts"

/** Something that happened. */
export type JournalEntry =
  /** A command was carried out, or refused by the bank. */
  | {
      readonly kind: "command"
      readonly at: Instant.Instant
      readonly command: SandboxCommand
      readonly fault: Fault | undefined
    }
  /** A command was promised for a later instant. */
  | {
      readonly kind: "promised"
      readonly at: Instant.Instant
      readonly due: Instant.Instant
      readonly command: SandboxCommand
      readonly fault: Fault
    }
  /** A fault befell a call, which changed nothing. */
  | { readonly kind: "note"; readonly at: Instant.Instant; readonly subject: CallSubject; readonly fault: Fault }
  /** The clock was advanced. */
  | { readonly kind: "clock"; readonly at: Instant.Instant }

/** Writes entries down. */
export interface Journal {
  /**
   * Writes an entry. When it returns, the entry survives a kill, and with `isEffect` a power failure too. Throws
   * `SandboxStateNotWritten`.
   */
  readonly append: (entry: JournalEntry, isEffect: boolean) => void
}

/** The sandbox could not keep what it was about to do, and did not do it. */
export class SandboxStateNotWritten extends Schema.TaggedError<SandboxStateNotWritten>()("SandboxStateNotWritten", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `The sandbox could not write ${this.file}: ${this.problem}. Nothing was changed. Make room for it and start the sandbox again`
  }
}

/** The first line of a file: what it is, and the id that its sandbox began with. */
export interface JournalHead {
  readonly format: "pointback-sandbox"
  readonly version: 1
  readonly firstId: bigint
}

// JSON has no bigint, and a text could be anybody's id: an object with one member of this name is in no command.
const BIGINT = "#"

/** Writes a line, without its end. */
export const write = (line: JournalEntry | JournalHead): string =>
  JSON.stringify(line, (_, value: unknown) => (typeof value === "bigint" ? { [BIGINT]: value.toString() } : value))

const revive = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && BIGINT in value ? BigInt(value[BIGINT] as string) : value

const isHead = (line: unknown): line is JournalHead => {
  const head = line as Partial<JournalHead> | null
  return head?.format === "pointback-sandbox" && head.version === 1 && typeof head.firstId === "bigint"
}

const KINDS: ReadonlyArray<string> = ["command", "promised", "note", "clock"] satisfies ReadonlyArray<
  JournalEntry["kind"]
>

const isEntry = (line: unknown): line is JournalEntry => {
  const entry = line as { readonly kind?: unknown; readonly at?: unknown } | null
  return KINDS.includes(entry?.kind as string) && typeof entry?.at === "bigint"
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text, revive)
  } catch {
    return undefined
  }
}

/** Reads the first line; what is wrong with it otherwise. */
export const readHead = (text: string): Result.Result<JournalHead, string> => {
  const line = parse(text)
  return isHead(line) ? Result.succeed(line) : Result.fail("it is no state of a sandbox, or one of another version")
}

/** Reads any further line; what is wrong with it otherwise. */
export const readEntry = (text: string): Result.Result<JournalEntry, string> => {
  const line = parse(text)
  return isEntry(line) ? Result.succeed(line) : Result.fail("it is no entry of a sandbox's state")
}
