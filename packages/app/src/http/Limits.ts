/** What the HTTP API takes at most. */
import { Duration } from "effect"

/** Bytes of a JSON body: a credit that names every lot of a large redemption has a tenth of it. */
export const BODY_BYTES = 256 * 1024

/** Bytes of an uploaded file of records: a larger one is imported with the command line, which reads it from disk. */
export const FILE_BYTES = 64 * 1024 * 1024

/** Credits of one uploaded file: they are carried out while the caller waits. */
export const FILE_CREDITS = 10_000

/** Requests that one key may send within `RATE_WINDOW`, unless its entry says otherwise. */
export const RATE = 600
export const RATE_WINDOW = Duration.seconds(60)

/** Requests that are carried out at once. A pool of ten connections serves more slowly, not faster, with more. */
export const CONCURRENT_REQUESTS = 256

/** How long a question may take: longer than any answer that was measured, shorter than a proxy's patience. */
export const QUESTION_TIMEOUT = Duration.seconds(50)

/** How long open connections may take to end after the server was asked to stop; what is in flight goes on after it. */
export const CLOSING_TIMEOUT = Duration.seconds(20)

/** How long headers may take to arrive, against clients that send them a byte at a time. */
export const HEADERS_TIMEOUT_MS = 10_000

/** How long a whole request may take to arrive: a file of the largest size over a slow line. */
export const REQUEST_TIMEOUT_MS = 300_000

/** Bytes of all headers of a request. */
export const HEADER_BYTES = 16 * 1024

/** Items of a page unless the caller asks for another number, and at most. */
export const PAGE = 100
export const MAXIMUM_PAGE = 1000

/** Long jobs at once: an export, a verification or a rebuild holds up to five of a pool of ten connections. */
export const LONG_JOBS = 2

/** How long a long job may take. What takes longer belongs on the command line, which has no limit. */
export const JOB_TIMEOUT = Duration.minutes(30)

/** Pieces of an export that wait for whoever downloads it; each is a page of the database's cursor. */
export const EXPORT_AHEAD = 2

/** How long a download may stand still before its cursor is closed: the database ends a silent transaction after 30 s. */
export const EXPORT_STALL = Duration.seconds(20)

/** How long a download's connection may carry nothing: the longest statement of the database, and what a stall takes. */
export const DOWNLOAD_SILENCE_MS = 90_000
