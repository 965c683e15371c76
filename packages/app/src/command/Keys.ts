/** What an idempotency key answers to a command (law L8). */
import type { EventStore } from "@pointback/adapters"
import { Refusal } from "@pointback/domain"
import { Result } from "effect"
import { KeyConflict } from "../error/AppError.ts"
import * as Content from "./Content.ts"

/** A key with the content of its command. */
export type KeyedContent = EventStore.Key & { readonly content: string }

/** What a known key answers to a command: nothing new, its refusal again, or a conflict where the content differs. */
export const repeat = (
  record: EventStore.KeyRecord,
  { content, key, kind }: KeyedContent
): Result.Result<void, KeyConflict | Refusal.Refusal> => {
  const fields = Content.differences(record.content, content)
  if (fields.length > 0) return Result.fail(new KeyConflict({ kind, key, fields }))
  return record.refusal === null ? Result.succeed(undefined) : Result.fail(Refusal.decode(record.refusal))
}
