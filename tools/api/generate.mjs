/**
 * Writes the API reference, and holds the public exports against the rule that each has a docstring: typedoc's own rule
 * passes over much, such as an interface whose members have comments. A field needs one only where its name does not say
 * all, which no program can tell. Counts are printed; none, a warning or a missing docstring is a failure.
 */
import { Application, ReflectionKind } from "typedoc"

/** What must have a docstring: exports, namespaces' exports, and what is called on an instance. */
const KINDS =
  ReflectionKind.Function |
  ReflectionKind.Class |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Variable |
  ReflectionKind.Enum |
  ReflectionKind.Method

const hasComment = (reflection) =>
  [reflection, ...(reflection.signatures ?? []), ...(reflection.type?.declaration?.signatures ?? [])].some(
    ({ comment }) => comment?.hasVisibleComponent() === true
  )

/** What overrides a method of the language says what it does by its name. */
const OF_THE_LANGUAGE = ["toJSON", "toString"]

const app = await Application.bootstrapWithPlugins({ options: "typedoc.json" })
const project = await app.convert()
if (project === undefined) throw new Error("typedoc could not read the sources")
app.validate(project)

const reflections = project.getReflectionsByKind(KINDS).filter(({ name }) => !OF_THE_LANGUAGE.includes(name))
/** A schema and the type of the same name are one thing with one docstring. */
const documented = new Set(reflections.filter(hasComment).map((reflection) => reflection.getFullName()))
const missing = reflections.filter((reflection) => !documented.has(reflection.getFullName()))
for (const reflection of missing) {
  console.error(`no docstring: ${ReflectionKind.singularString(reflection.kind)} ${reflection.getFullName()}`)
}
const counts = Object.entries(Object.groupBy(reflections, ({ kind }) => ReflectionKind.pluralString(kind)))
console.log(
  `docstrings: ${reflections.length} exports of ${project.children?.length ?? 0} entry points (${counts
    .map(([kind, of]) => `${of.length} ${kind.toLowerCase()}`)
    .join(", ")}), ${missing.length} without`
)
const isWhole =
  project.children?.length === app.options.getValue("entryPoints").length &&
  project.children.every((entry) => reflections.some((reflection) => reflection.getFullName().startsWith(entry.name)))
if (!isWhole) console.error("not every entry point has exports")

if (missing.length > 0 || !isWhole || app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
else await app.generateOutputs(project)
