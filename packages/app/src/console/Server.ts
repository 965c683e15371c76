/** Asks the server that the console comes from: the HTTP API, with the key of whoever signed in. */

/** Values of an address' query; those that are empty are left out. */
export type Query = Readonly<Record<string, string | undefined>>

/** Why there is no answer. */
export class Trouble extends Error {
  /** What kind it is: the problem's type without its prefix, or `unreachable` where nothing was answered. */
  readonly kind: string
  readonly status: number
  /** Seconds after which to try again, where the server says so. */
  readonly retryAfter: string | null
  /** By what its line of the server's log is found. */
  readonly request: string | null

  constructor(
    kind: string,
    detail: string,
    { request = null, retryAfter = null, status = 0 }: Partial<Pick<Trouble, "status" | "retryAfter" | "request">> = {}
  ) {
    super(detail)
    this.kind = kind
    this.status = status
    this.retryAfter = retryAfter
    this.request = request
  }
}

/** The address of something, by its parts, each a name of any letters. */
export const address = (parts: ReadonlyArray<string>, query: Query = {}): string => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? "") !== "")
  const search = given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`
  return `v1/${parts.map(encodeURIComponent).join("/")}${search}`
}

/** The address of something of a program. */
export const ofProgram = (program: string, parts: ReadonlyArray<string>, query?: Query): string =>
  address(["programs", program, ...parts], query)

// A browser reads a part of an address that is `.` or `..` as a step, and would ask for something else.
const isStep = (path: string): boolean =>
  path
    .replace(/\?.*$/, "")
    .split("/")
    .some((part) => part === "." || part === "..")

const PREFIX = "urn:pointback:problem:"

const troubleOf = async (response: Response): Promise<Trouble> => {
  const problem = (await response.json().catch(() => ({}))) as { readonly type?: string; readonly detail?: string }
  const told = {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    request: response.headers.get("x-request-id")
  }
  const detail = problem.detail ?? `the server answered with status ${response.status}`
  return new Trouble((problem.type ?? "unknown").replace(PREFIX, ""), detail, told)
}

/** Asks, or with a body records something. Fails with a `Trouble`. */
export const ask = async <A>(
  key: string,
  path: string,
  { body, signal }: { readonly body?: object; readonly signal?: AbortSignal } = {}
): Promise<A> => {
  if (isStep(path))
    throw new Trouble("invalid-request", "a name that is . or .. cannot be asked for here", { status: 400 })
  const headers = {
    authorization: `Bearer ${key}`,
    ...(body === undefined ? {} : { "content-type": "application/json" })
  }
  const sent = { headers, cache: "no-store", ...(signal === undefined ? {} : { signal }) } as const
  // The console stands in a folder beside the API, below whatever path a proxy gives to both.
  const url = new URL(`../${path}`, document.baseURI)
  const response = await fetch(
    url,
    body === undefined ? sent : { ...sent, method: "POST", body: JSON.stringify(body) }
  ).catch((cause: unknown) => {
    if (signal?.aborted === true) throw cause
    throw new Trouble("unreachable", "the server cannot be reached")
  })
  if (!response.ok) throw await troubleOf(response)
  return (await response.json()) as A
}
