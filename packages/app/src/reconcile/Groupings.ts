/** What breaks are counted by. Apart, so that whoever only asks over HTTP loads nothing else. */
export const GROUPINGS = ["type", "age", "account"] as const
export type Grouping = (typeof GROUPINGS)[number]
