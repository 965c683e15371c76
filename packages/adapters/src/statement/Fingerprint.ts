/**
 * What a set of lines is known by, whatever their order: a resumed run must have the records that it began with. Guards
 * against a mistake, not against somebody who looks for two sets of one fingerprint.
 */
export class Fingerprint {
  #first = 0
  #second = 0
  #count = 0

  add(line: string): void {
    let a = 0x811c9dc5
    let b = 0x9747b28c
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i)
      a = Math.imul(a ^ code, 0x01000193)
      b = Math.imul(b, 31) + code
    }
    this.#first = (this.#first + finish(a)) >>> 0
    this.#second = (this.#second + finish(b)) >>> 0
    this.#count++
  }

  toString(): string {
    return [this.#count, this.#first, this.#second].map((part) => part.toString(36)).join("-")
  }
}

// The finish of MurmurHash3: every bit of the result depends on every bit of the line.
const finish = (hash: number): number => {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const more = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return more ^ (more >>> 16)
}
