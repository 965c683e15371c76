/**
 * Log partitions. Every account lives in one of a fixed number of them; positions and `recordedAt` are ordered per
 * partition, and nothing is locked across partitions.
 */
import { createHash } from "node:crypto"

/** Partitions of a new schema: enough that eight writers seldom meet, few enough to read them all. */
export const PARTITIONS = 8

/** The partition of an account, from a hash that every version of every runtime computes alike. */
export const partitionOf = (program: string, accountKey: string, partitions: number): number =>
  createHash("sha256").update(program).update("\0").update(accountKey).digest().readUInt32BE(0) % partitions
