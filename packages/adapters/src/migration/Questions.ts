/**
 * Functions that answer about the past: what an account's lots held on both clocks, how far the log was known at an
 * instant, and the instant at which a policy is recorded. No table and no index: appends cost what they cost before.
 */
import type { Kysely } from "kysely"
import { sql } from "kysely"
import type { Migration } from "kysely/migration"
import { LOOKUPS_ONLY } from "./Functions.ts"

/**
 * A line of a lot: when it was earned and when it ends, its name, and `held`, which is what it held and what of that was
 * restored, as text. Instants are as they lie in the row (`Moment.fromSent`) and nothing is formatted by `concat`: that
 * took more time than finding the lots. No line for a lot that `held` says nothing of.
 */
const line = (held: string): string => `string_agg(
        encode(timestamptz_send(l.earned_at) || timestamptz_send(coalesce(l.expires_at, 'infinity')), 'hex')
          || l.lot_id || E'\\x1f' || ${held}, E'\\x1e')`

const held = (points: string, restored: string): string => `${points} || E'\\x1f' || ${restored}`

const LIVE = `l.partition = at_partition and l.program = of_program and l.account_key = of_key
      and (l.expires_at is null or l.expires_at > as_of) and l.opened_at <= as_of`

const OF_LOT = `q.partition = at_partition and q.program = of_program and q.account_key = of_key and q.lot_id = l.lot_id
          and q.occurred_at <= as_of and q.recorded_at <= known`

const LAST_POSTING = `(select ${held("q.total", "q.restored")} from postings q
        where ${OF_LOT} order by q.occurred_at desc, q.recorded_at desc limit 1)`

const ADDED_UP = `(select ${held(
  "sum(case when q.credit = 'lot' then q.points else -q.points end)",
  `coalesce(sum(case when q.debit = 'redeemed' then q.points when q.credit = 'expiredOnReversal' then -q.points end), 0)`
)} from postings q where ${OF_LOT})`

// Answers one text, which is planned and read faster than rows: a line of what is known of the account, then its lots.
// Where nothing was recorded out of its time, the last posting of a lot that counts says what the lot held, since it
// carries the running totals; one that has late facts is added up. What expired by time did so at the lot's end, which
// no live lot has reached. A lot that nothing happened to since is its own answer.
/** The function that answers an account's lots; `onUnknown` is what it does where there is no such program (see 0009). */
export const accountLots = (onUnknown = ""): string => `
create function account_lots(of_program text, of_number text, as_of timestamptz, known_at timestamptz)
returns text
language plpgsql stable ${LOOKUPS_ONLY} as $fn$
declare
  known timestamptz := coalesce(known_at, 'infinity');
  safe text;
  program_known text;
  policy text;
  at_partition int;
  of_key text;
  present text;
  body text;
  more text;
  late text;
  moved boolean := true;
  some_late boolean;
begin
  if known_at is not null then
    select case when isfinite(min(h.recorded_at)) then micros(min(h.recorded_at))::text end into safe
      from log_heads h where h.partition < (select s.partitions from settings s);
  end if;
  select 'known' into program_known from programs g where g.program = of_program;${onUnknown}
  select o.policy::text into policy from policies o
    where o.program = of_program and o.recorded_at <= known order by o.version desc limit 1;
  -- Any of its numbers finds an account; it is shown by its present one.
  select n.partition, n.account_key, c.account_number into at_partition, of_key, present from account_numbers n
    join account_numbers c on c.program = n.program and c.account_key = n.account_key and c.current
    where n.program = of_program and n.account_number = of_number;
  if not found then
    -- An account whose number was erased is called by its key.
    select e.partition, e.account_key, e.account_key into at_partition, of_key, present from erasures e
      where e.program = of_program and e.account_key = of_number;
  end if;
  if of_key is not null and known_at is null then
    select ${line(held("l.total", "l.restored"))} filter (where l.last_at <= as_of and l.total > 0),
        coalesce(bool_or(l.last_at > as_of), false)
      into body, moved
      from lots l where ${LIVE};
  end if;
  if of_key is not null and moved then
    select ${line(LAST_POSTING)} filter (where not l.late), bool_or(l.late) into more, some_late
      from lots l where ${LIVE} and (known_at is not null or l.last_at > as_of);
    if some_late then
      select ${line(ADDED_UP)} into late
        from lots l where ${LIVE} and l.late and (known_at is not null or l.last_at > as_of);
    end if;
  end if;
  return concat_ws(E'\\x1e', array_to_string(array[safe, program_known, policy, at_partition::text, of_key, present], E'\\x1f', ''),
    body, more, late);
end $fn$`

// recorded_at increases with the position, so that the position is found by halving.
const positionKnownAt = `
create function position_known_at(of_partition int, known_at timestamptz) returns bigint
language plpgsql stable ${LOOKUPS_ONLY} as $fn$
declare
  low bigint := 0;
  high bigint := coalesce((select h.position from log_heads h where h.partition = of_partition), 0);
  middle bigint;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select e.recorded_at <= known_at from events e where e.partition = of_partition and e.position = middle) then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end $fn$`

// A policy counts from the instant of its recording on, for ever (L11). So it is recorded as an event is: under a head,
// after everything that was safe to ask about, and no instant is safe from there on until it is committed.
const policyInstant = `
create function policy_instant() returns timestamptz language sql volatile security definer
  set search_path from current as $fn$
  update log_heads h set recorded_at = greatest(current_instant(), h.recorded_at + interval '1 microsecond')
    where h.partition = 0 returning h.recorded_at
$fn$`

export const questions: Migration = {
  up: async (kysely: Kysely<unknown>) => {
    for (const statement of [accountLots(), positionKnownAt, policyInstant]) await sql.raw(statement).execute(kysely)
  }
}
