import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"

/**
 * Which process, on which machine: what a lock file records, so that another process can tell whether its owner lives.
 *
 * `boot`, `namespace` and `started` come from Linux's /proc and are empty elsewhere. A process number alone is not
 * enough: numbers are used again, and in another container the same number is another process.
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly host: string
  /** The kernel's id of this boot of the machine. */
  readonly boot: string
  /** The namespace that the process number is from. */
  readonly namespace: string
  /** When the process started, in the kernel's ticks since the boot. */
  readonly started: string
}

const orEmpty = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ""
  }
}

/** State and start time from /proc/<pid>/stat; the command in it is in brackets and may hold anything, brackets too. */
const statOf = (pid: number): { readonly state: string; readonly started: string } => {
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return { state: fields[0] ?? "", started: fields[19] ?? "" }
}

/** This very process. */
export const currentProcess = (): ProcessIdentity => ({
  pid: process.pid,
  host: hostname(),
  boot: orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
  namespace: orEmpty(() => readlinkSync("/proc/self/ns/pid")),
  started: statOf(process.pid).started
})

/** Whether a process of this machine has that number now. */
const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Ended, though its parent has not yet taken notice. */
const ENDED_STATES = new Set(["Z", "X"])

/**
 * `alive`, `dead`, or `foreign`: on another machine or in another container, where we cannot look.
 */
export const livenessOf = (other: ProcessIdentity): "alive" | "dead" | "foreign" => {
  const self = currentProcess()
  if (other.host !== self.host) {
    return "foreign"
  }
  if (other.boot !== self.boot) {
    return "dead"
  }
  if (other.namespace !== self.namespace) {
    return "foreign"
  }
  if (!exists(other.pid)) {
    return "dead"
  }
  const stat = statOf(other.pid)
  // Where /proc is missing, or hides other users' processes, the number is all we have.
  const known = stat.state !== ""
  return known && (ENDED_STATES.has(stat.state) || stat.started !== other.started) ? "dead" : "alive"
}
