/**
 * Where somebody is in the console. It stands in the fragment of the address, which browsers keep to themselves: an account
 * number in it reaches no server and no log of one.
 */
import { useEffect, useState } from "preact/hooks"

const VIEWS = [
  "account",
  "redemption",
  "lot",
  "program",
  "roll-forward",
  "cell",
  "in-flight",
  "breaks",
  "break"
] as const
export type View = (typeof VIEWS)[number]

/** What a view is about. */
export interface Params {
  readonly program?: string | undefined
  readonly account?: string | undefined
  readonly redemption?: string | undefined
  readonly lot?: string | undefined
  readonly break?: string | undefined
  readonly asOf?: string | undefined
  readonly knownAt?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly period?: string | undefined
  readonly column?: string | undefined
  readonly type?: string | undefined
  readonly all?: string | undefined
}

export interface Place extends Params {
  readonly view: View
}

/** The fragment of a place; what is empty is left out. */
export const fragment = (view: View, params: Params): string => {
  const given = Object.entries({ ...params }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""
  )
  return `#/${view}${given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`}`
}

/** The place of a fragment; whatever is none is where one begins. */
export const placeOf = (hash: string): Place => {
  const [, name = "", query = ""] = /^#\/([a-z-]*)(?:\?(.*))?$/.exec(hash) ?? []
  const view = VIEWS.find((one) => one === name) ?? "account"
  return { ...Object.fromEntries(new URLSearchParams(query)), view }
}

/** Goes somewhere. */
export const go = (view: View, params: Params): void => {
  location.hash = fragment(view, params)
}

/** Where one is now. */
export const usePlace = (): Place => {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const changed = () => setHash(location.hash)
    addEventListener("hashchange", changed)
    return () => removeEventListener("hashchange", changed)
  }, [])
  return placeOf(hash)
}
