/** The addresses that secrets may be sent to. */
import { Result } from "effect"

const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/

/** Whether a host is this machine. */
export const isLoopback = (hostname: string): boolean => LOOPBACK.test(hostname)

/** Reads a URL: https, or http to this machine; no user, no query. Fails with what is wrong in words. */
export const readUrl = (text: string, example: string): Result.Result<URL, string> => {
  if (!URL.canParse(text)) return Result.fail(`a URL such as ${example} is expected`)
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return Result.fail("its scheme must be https")
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return Result.fail("it must be https: only this machine may be called by http")
  }
  if (url.username !== "" || url.password !== "") return Result.fail("it must not carry a user or a password")
  if (url.search !== "" || url.hash !== "") return Result.fail("it must not carry a query or a fragment")
  url.pathname = url.pathname.replace(/\/+$/, "")
  return Result.succeed(url)
}
