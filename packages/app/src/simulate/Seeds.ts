/** Seeds of histories are whole numbers below this. */
export const SEEDS = 2 ** 31
