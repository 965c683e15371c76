/** What the sandbox keeps of the past, up to a number of items: the oldest are dropped first, and counted. */
export class Recent<A> {
  readonly #maximum: number
  #items: Array<A> = []
  /** Items at the start of the array that are dropped already. */
  #gone = 0
  #dropped = 0

  /** `maximum` may be infinite. */
  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** Adds an item. */
  add(item: A): void {
    this.#items.push(item)
    if (this.#items.length - this.#gone <= this.#maximum) return
    this.#gone++
    this.#dropped++
    // Half of the array at once: moving all that is left for each single item would cost its length each time.
    if (this.#gone > this.#maximum) {
      this.#items = this.#items.slice(this.#gone)
      this.#gone = 0
    }
  }

  /** What is kept, oldest first. */
  items(): ReadonlyArray<A> {
    return this.#items.slice(this.#gone)
  }

  /** How many older items were dropped. */
  get dropped(): number {
    return this.#dropped
  }
}
