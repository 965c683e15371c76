import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type DatabaseLocked, type FolderLock, holdFolder } from "../../src/database/FolderLock.ts"
import { currentProcess } from "../../src/database/ProcessIdentity.ts"
import { startEmbeddedProcess } from "../support/EmbeddedProcess.ts"

let parent: string
let folder: string
let file: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "pointback-lock-"))
  folder = join(parent, "data")
  file = `${folder}.lock`
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

/** The lock, held while `use` runs. */
const holding = <A>(use: (lock: FolderLock) => A): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.map(
        holdFolder(folder, (cause) => new Error("file system", { cause })),
        use
      )
    )
  )

const refusal = (): Promise<DatabaseLocked> =>
  Effect.runPromise(Effect.flip(Effect.scoped(holdFolder(folder, (cause) => cause)))) as Promise<DatabaseLocked>

const token = "00000000-0000-4000-8000-000000000000"

const writeLock = (owner: object) => writeFileSync(file, JSON.stringify({ ...currentProcess(), token, ...owner }))

/** The number of a process that has ended. */
const deadPid = (): number => spawnSync("true").pid

describe("a folder's lock", () => {
  test("names its owner while it is held, and is gone afterwards", async () => {
    const content = await holding(() => JSON.parse(readFileSync(file, "utf8")) as object)
    expect(content).toMatchObject({ pid: process.pid, host: hostname() })
    expect(readdirSync(parent)).toEqual([])
  })

  test("refuses a second owner in the same process", async () => {
    const error = await holding(() => refusal())
    expect(error).toMatchObject({ _tag: "DatabaseLocked", pid: process.pid, file, foreign: false })
  })

  test("refuses while another process lives, and says which and what to do", async () => {
    writeLock({ pid: process.ppid, started: startOf(process.ppid) })
    const error = await refusal()
    expect(error.pid).toBe(process.ppid)
    expect(error.message).toContain(`process ${process.ppid}`)
    expect(error.message).toContain("Stop that process")
    expect(error.message).toContain(file)
    expect(readdirSync(parent)).toEqual(["data.lock"])
  })

  test("is taken over from a process that has ended", async () => {
    writeLock({ pid: deadPid(), started: "1" })
    await holding(() => undefined)
    expect(readdirSync(parent)).toEqual([])
  })

  test.runIf(process.platform === "linux")("is taken over when the number is another process's by now", async () => {
    writeLock({ pid: process.ppid, started: "1" })
    await holding(() => undefined)
    writeLock({ pid: process.ppid, started: startOf(process.ppid), boot: "before the last reboot" })
    await holding(() => undefined)
  })

  test("is refused when the owner cannot be looked at from here", async () => {
    writeLock({ host: "elsewhere", pid: deadPid() })
    const error = await refusal()
    expect(error).toMatchObject({ foreign: true, host: "elsewhere" })
    expect(error.message).toContain(`delete ${file}`)
    writeLock({ namespace: "pid:[1]", pid: deadPid() })
    expect(await refusal()).toMatchObject({ foreign: true })
  })

  test.each(["", "{", "12345", '{"pid":"x"}', JSON.stringify({ ...currentProcess(), token: "../../elsewhere" })])(
    "is taken over when its file holds nothing of ours: %s",
    async (content) => {
      writeFileSync(file, content)
      await holding(() => undefined)
      expect(readdirSync(parent)).toEqual([])
    }
  )

  test("is taken over also when a process died in the middle of taking it over", async () => {
    const dead = { ...currentProcess(), pid: deadPid(), started: "1" }
    const second = token.replace("4000", "4001")
    writeLock({ pid: dead.pid, started: "1" })
    writeFileSync(`${file}.after-${token}`, JSON.stringify({ ...dead, token: second }))
    writeFileSync(`${file}.draft-${dead.pid}-${second}`, JSON.stringify({ ...dead, token: second }))
    await holding(() => expect(readdirSync(parent)).toEqual(["data.lock"]))
    expect(readdirSync(parent)).toEqual([])
  })

  test("is refused while a living process takes it over", async () => {
    writeLock({ pid: deadPid(), started: "1" })
    const taker = { ...currentProcess(), pid: process.ppid, started: startOf(process.ppid) }
    writeFileSync(`${file}.after-${token}`, JSON.stringify({ ...taker, token: token.replace("4000", "4001") }))
    expect(await refusal()).toMatchObject({ _tag: "DatabaseLocked", pid: process.ppid })
  })

  test("leaves a lock alone that somebody else has taken since", async () => {
    await holding(() => {
      rmSync(file)
      writeLock({ pid: process.ppid, started: startOf(process.ppid) })
    })
    expect(readdirSync(parent)).toEqual(["data.lock"])
  })

  test("stays until the process ends when the folder could not be closed", async () => {
    await holding((lock) => lock.keepUntilExit())
    expect(readdirSync(parent)).toEqual(["data.lock"])
  })

  test("gives on what the file system refuses", async () => {
    rmSync(parent, { recursive: true })
    await expect(holding(() => undefined)).rejects.toThrow("file system")
  })

  test("goes from dead process to dead process, one at a time", async () => {
    const children = Array.from({ length: 8 }, () => startEmbeddedProcess("contend", folder))
    expect(await Promise.all(children.map((child) => child.ended))).toEqual(children.map(() => "SIGKILL"))
    expect(children.map((child) => child.lines)).toEqual(children.map(() => ["alone"]))
    await holding(() => expect(readdirSync(parent)).toEqual(["data.inside", "data.lock"]))
  })
})

function startOf(pid: number): string {
  const stat = process.platform === "linux" ? readFileSync(`/proc/${pid}/stat`, "utf8") : ""
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
}
