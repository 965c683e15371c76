/** `pointback heads` */
import { KeptHeads, takeHeads } from "@pointback/adapters"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { writeFile } from "node:fs/promises"
import { withBackend } from "../Backend.ts"
import * as HeadsInput from "../HeadsInput.ts"
import { InvalidInput } from "../Input.ts"
import * as Output from "../Output.ts"

export const heads = Command.make(
  "heads",
  {
    out: Flag.String("out").pipe(
      Flag.withDescription("A new file for the heads [standard output]"),
      Flag.withMetavar("file"),
      Flag.optional
    ),
    signKey: Flag.String("sign-key").pipe(
      Flag.withDescription("An Ed25519 private key (PEM) that signs them"),
      Flag.withMetavar("file"),
      Flag.optional
    )
  },
  Effect.fn("heads")(function* ({ out, signKey }) {
    const taken = yield* takeHeads
    const kept = Option.isNone(signKey)
      ? taken
      : yield* HeadsInput.withFile("sign-key", signKey.value, (key) => KeptHeads.signed(taken, key))
    const document = KeptHeads.print(kept)
    if (Option.isNone(out)) return yield* Console.log(document.trimEnd())
    yield* writeNew(out.value, document)
    yield* Output.answer(
      { file: out.value, log: kept.log, takenAt: kept.takenAt, partitions: kept.heads.length },
      () => `wrote the heads of ${Output.count(kept.heads.length, "partition")} as of ${kept.takenAt} to ${out.value}`
    )
  }, withBackend)
).pipe(Command.withDescription("Print the heads of the log, to be kept elsewhere and verified against"))

// Heads that were kept are never written over.
const writeNew = (file: string, text: string) =>
  Effect.tryPromise({
    try: () => writeFile(file, text, { flag: "wx" }),
    catch: (cause) =>
      new InvalidInput({ flag: "out", value: file, problem: cause instanceof Error ? cause.message : String(cause) })
  })
