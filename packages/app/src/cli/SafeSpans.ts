/**
 * A tracer whose spans tell of a failure what kind it was and where, and not what it was about: messages of errors name
 * accounts, and what is exported leaves the machine.
 */
import { Cause, Effect, type Exit, Exit as Exits, Layer, Tracer } from "effect"
import { tagOf } from "./Output.ts"

/** The lines of a stack that are places; those before them repeat the message. */
const placesOf = (error: unknown): string =>
  error instanceof Error
    ? (error.stack ?? "")
        .split("\n")
        .filter((line) => /^\s+at /.test(line))
        .join("\n")
    : ""

/** The kind of an error: its tag, or the name of its class. */
const kindOf = (error: unknown): string => {
  const tag = tagOf(error)
  return tag !== "" && tag !== "Error" ? tag : error instanceof Error ? error.name : "Error"
}

const withoutContent = (error: unknown): Error => {
  const kind = kindOf(error)
  const safe = new Error(kind)
  safe.name = kind
  safe.stack = `${kind}\n${placesOf(error)}`
  return safe
}

const safeExit = (exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (Exits.isSuccess(exit)) return exit
  const reasons = exit.cause.reasons.map((reason) =>
    Cause.isFailReason(reason)
      ? Cause.makeFailReason(withoutContent(reason.error))
      : Cause.isDieReason(reason)
        ? Cause.makeDieReason(withoutContent(reason.defect))
        : reason
  )
  return Exits.failCause(Cause.fromReasons(reasons))
}

const safe = (tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    context: tracer.context,
    span: (options) => {
      const span = tracer.span(options)
      const end = span.end.bind(span)
      span.end = (time, exit) => end(time, safeExit(exit))
      return span
    }
  })

/** Makes the tracer of a layer safe. */
export const over = <A, E, R>(tracing: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.effect(Tracer.Tracer, Effect.map(Tracer.Tracer, safe)).pipe(Layer.provideMerge(tracing))
