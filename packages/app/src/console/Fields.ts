/** Fields of forms: a label, a native control, and a hint that belongs to it. */
import type { ComponentChildren, VNode } from "preact"
import { h } from "../page/Element.ts"
import type { OwnKey } from "./Answers.ts"
import { storedProgram } from "./Session.ts"

export interface Field {
  readonly name: string
  readonly label: string
  readonly value?: string | undefined
  readonly hint?: string
  readonly required?: boolean
  /** How much room it takes on a wide page: what is left, that of a date, or that of a date with its time. */
  readonly room?: "grow" | "short" | "long"
}

const around = ({ hint, label, name, room }: Field, control: VNode): VNode =>
  h(
    "div",
    { class: room === undefined ? "field" : `field ${room}` },
    h("label", { for: `field-${name}` }, label),
    control,
    hint === undefined ? null : h("span", { class: "hint", id: `hint-${name}` }, hint)
  )

const common = ({ hint, name, required }: Field) => ({
  id: `field-${name}`,
  name,
  required,
  ...(hint === undefined ? {} : { "aria-describedby": `hint-${name}` })
})

/** A field for text, a date (`date`), or a date with its time (`datetime-local`). */
export const input = (field: Field, type: "text" | "date" | "datetime-local" | "password" = "text"): VNode =>
  around(
    field,
    h("input", {
      ...common(field),
      type,
      defaultValue: field.value,
      autoComplete: "off",
      ...(type === "datetime-local" ? { step: 1 } : {}),
      ...(type === "text" ? { spellCheck: false, autoCapitalize: "none" } : {})
    })
  )

export const select = (field: Field, options: ReadonlyArray<readonly [value: string, text: string]>): VNode =>
  around(
    field,
    h(
      "select",
      common(field),
      options.map(([value, text]) => h("option", { value, selected: value === (field.value ?? "") }, text))
    )
  )

export const checkbox = ({ label, name }: Pick<Field, "name" | "label">, checked: boolean): VNode =>
  h(
    "div",
    { class: "field check" },
    h("input", { type: "checkbox", id: `field-${name}`, name, value: "true", defaultChecked: checked }),
    h("label", { for: `field-${name}` }, label)
  )

/** The program: one of those that the key is for, or any where it is for all. */
export const programField = ({ programs }: OwnKey, value: string | undefined): VNode => {
  const chosen = value ?? remembered(programs)
  const field = { name: "program", label: "Program", required: true, value: chosen, room: "short" } as const
  return programs.includes("*")
    ? input(field)
    : select(
        field,
        programs.map((program) => [program, program])
      )
}

// One that the key is not for is no help.
const remembered = (programs: ReadonlyArray<string>): string => {
  const last = storedProgram() ?? ""
  return programs.includes("*") || programs.includes(last) ? last : (programs[0] ?? "")
}

/** The two clocks of a question. */
export const clockFields = (asOf: string | undefined, knownAt: string | undefined): ReadonlyArray<VNode> => [
  input(
    { name: "asOf", label: "As of", value: asOf, hint: "the day’s first instant; empty: now", room: "short" },
    "date"
  ),
  knownField(knownAt)
]

export const knownField = (knownAt: string | undefined): VNode =>
  input(
    { name: "knownAt", label: "As known at", value: knownAt, hint: "in UTC; empty: all recorded by now", room: "long" },
    "datetime-local"
  )

/** A form that asks for something; what is in its fields, without blanks around it, goes to `submit`. */
export const form = (
  {
    label,
    submit,
    title
  }: {
    readonly label: string
    readonly title: string
    readonly submit: (fields: Readonly<Record<string, string>>) => void
  },
  ...fields: ReadonlyArray<ComponentChildren>
): VNode =>
  h(
    "form",
    {
      class: "ask",
      "aria-label": label,
      onSubmit: (event: SubmitEvent) => {
        event.preventDefault()
        const entries = Array.from(new FormData(event.currentTarget as HTMLFormElement))
        submit(
          Object.fromEntries(entries.map(([name, value]) => [name, typeof value === "string" ? value.trim() : ""]))
        )
      }
    },
    fields,
    h("button", { class: "first", type: "submit" }, title)
  )
