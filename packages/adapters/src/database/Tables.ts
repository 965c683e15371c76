/**
 * The tables of Pointback's schema, one property a table, as kysely's `Kysely<Tables>` knows them.
 *
 * Columns have the types that {@link file://./ColumnTypes.ts} gives them in every dialect: `int8` is a safe integer,
 * `numeric`, `timestamptz` and `jsonb` are PostgreSQL's own text.
 */
export interface Tables {}
