/** How many credits are in flight at once. Apart, so that whoever only asks over HTTP loads nothing else. */

/**
 * Credits in flight unless said otherwise: a call to Mastercard takes a good part of a second, and more than a hundred a
 * second are asked of few programs.
 */
export const DEFAULT_IN_FLIGHT = 64

/** Credits in flight at most: each has a connection of its own to Mastercard. */
export const MAXIMUM_IN_FLIGHT = 1000
