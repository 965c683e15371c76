/**
 * The functions that load and append. A function's statements are planned once for each connection, whatever the driver
 * and through whatever pooler, and read a batch as lines of text, which costs a tenth of reading it as JSON.
 *
 * Rows come as lines that end with U+001E and have fields that end with U+001F; neither stands in any value. An empty
 * field is null. The first fields number the row's command, from 1.
 */

/** Plans are made before tables have grown: only those that look rows up by their keys are right at every size. */
export const LOOKUPS_ONLY = `set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off
  set enable_mergejoin = off set jit = off set timezone = 'UTC' set datestyle = 'ISO' set search_path from current`

const lines = (parameter: string): string =>
  `(select string_to_array(line, E'\\x1f', '') as x from string_to_table(${parameter}, E'\\x1e') as line offset 0) as r`

const ISO = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`

/** An instant in the bytes that are hashed, as `Chain.ts` writes it too. */
const iso = (expression: string): string => `to_char(${expression} at time zone 'UTC', ${ISO})`

const chain = [
  // What is hashed of an event: where it stands, and what its command said. `Chain.ts` computes the same.
  `create function event_envelope(partition int, log_position bigint, program text, account_key text, recorded_at timestamptz)
    returns text language plpgsql stable as $$ begin
      return concat_ws(E'\\x1f', partition, log_position, program, account_key, ${iso("recorded_at")}, '');
    end $$`,
  `create function event_content(event_id uuid, stream text, version bigint, account_version bigint, type text,
      schema_version int, payload text, occurred_at timestamptz, correlation_id text, causation_id text,
      idempotency_key text, actor text)
    returns text language plpgsql stable as $$ begin
      return array_to_string(array[event_id::text, stream, version::text, account_version::text, type,
        schema_version::text, payload, ${iso("occurred_at")}, correlation_id, causation_id, idempotency_key, actor],
        E'\\x1f', '');
    end $$`,
  `create function chain_next(state bytea, head bytea, bytes text) returns bytea language plpgsql immutable as $$ begin
      return sha256(coalesce(state, head) || convert_to(bytes, 'UTF8'));
    end $$`,
  `create aggregate chain(head bytea, bytes text) (sfunc = chain_next, stype = bytea)`
]

const AT = "rec[x[1]::int] + x[2]::int * interval '1 microsecond'"
const PLACE = "ps[x[1]::int], progs[x[1]::int], accs[x[1]::int]"

const newAccounts = `
  if numbers is not null then
    -- Whoever makes the same program or account, or changes the scale, may keep his transaction open for long. Under a
    -- head nobody is waited for: what meets him is decided again.
    insert into programs (program, scale)
      select distinct on (u.g) u.g, u.s from unnest(progs, numbers, scales) as u (g, n, s)
      where u.n is not null and not exists (select from programs p where p.program = u.g)
        and pg_try_advisory_xact_lock(hashtextextended(u.g, 0))
      order by 1 on conflict (program) do nothing;
    for i in 1 .. n loop refused[i] := numbers[i] is not null; end loop;
    -- Whoever changes a program's scale locks its row and looks for accounts; we lock it and look at the scale.
    for t in select program, scale from programs where program = any(
        select u.g from unnest(progs, numbers) as u (g, n) where u.n is not null) order by program for share skip locked loop
      for i in 1 .. n loop
        if progs[i] = t.program and scales[i] = t.scale then refused[i] := false; end if;
      end loop;
    end loop;
    for i in select u.o from unnest(progs, numbers) with ordinality as u (g, n, o) where u.n is not null
        order by u.g collate "C", u.n collate "C" loop
      continue when refused[i] or not ps[i] = any(held);
      if not pg_try_advisory_xact_lock(hashtextextended(progs[i] || E'\\x1f' || numbers[i], 0)) then
        refused[i] := true;
        continue;
      end if;
      insert into account_numbers (program, account_number, partition, account_key)
        values (progs[i], numbers[i], ps[i], accs[i]) on conflict (program, account_number) do nothing;
      if not found then refused[i] := true; end if;
    end loop;
  end if;`

/** Where a function does what it is told to do first. */
const FIRST = "\n  -- first"

const APPEND = `
create function append_batch(wait boolean, ps int[], progs text[], accs text[], numbers text[], scales int[],
  expected bigint[], counts int[], stream_versions bigint[], new_events text, new_postings text, new_lots text,
  new_redemptions text, new_keys text)
returns table (command int, outcome text, before bigint, recorded text)
language plpgsql security definer ${LOOKUPS_ONLY} as $fn$
#variable_conflict use_column
declare
  n int := array_length(ps, 1);
  i int := 1;
  t record;
  held int[] := '{}';
  refused boolean[] := array_fill(false, array[n]);
  hpos bigint[]; hrec timestamptz[]; hhash bytea[];
  bf bigint[]; rec timestamptz[];
begin${FIRST}
  -- Heads first, in ascending order: whoever waits here holds nothing that others wait for.
  if wait then
    perform 1 from log_heads where partition = any(ps) order by partition for no key update;
    held := ps;
  else
    held := array(select partition from log_heads where partition = any(ps) order by partition
      for no key update skip locked);
  end if;
  for t in select partition, position, recorded_at, hash from log_heads where partition = any(held) loop
    hpos[t.partition] := t.position;
    hrec[t.partition] := greatest(current_instant() - interval '1 microsecond', t.recorded_at);
    hhash[t.partition] := t.hash;
  end loop;
  ${newAccounts}
  i := 1;
  for t in
    insert into accounts as a (partition, program, account_key, version, stream_version, appended)
    select u.p, u.g, u.a, u.v + u.n, u.s, u.n
    from unnest(ps, progs, accs, expected, counts, stream_versions, refused) as u (p, g, a, v, n, s, r)
    where not u.r and u.p = any(held)
    on conflict (account_key, program, partition) do update
      set version = excluded.version, stream_version = excluded.stream_version, appended = coalesce(nullif(excluded.appended, 0), a.appended)
      where a.version = excluded.version - excluded.appended
    returning a.account_key, a.partition
  loop
    -- Rows come back in the order in which they went in.
    while accs[i] <> t.account_key loop i := i + 1; end loop;
    bf[i] := hpos[t.partition];
    rec[i] := hrec[t.partition];
    hpos[t.partition] := hpos[t.partition] + counts[i];
    hrec[t.partition] := hrec[t.partition] + counts[i] * interval '1 microsecond';
  end loop;
  if new_events is not null then
    with rows as (
      select ps[x[1]::int] as partition, progs[x[1]::int] as program, accs[x[1]::int] as account_key,
        bf[x[1]::int] + x[2]::int as position, ${AT} as recorded_at, x, line
      from (select string_to_array(line, E'\\x1f', '') as x, line from string_to_table(new_events, E'\\x1e') as line offset 0) as r
      where bf[x[1]::int] is not null
    ), chained as materialized (
      -- The content is the line without the numbers of command and event.
      select r.*, chain(hhash[partition], event_envelope(partition, position, program, account_key, recorded_at)
        || substr(line, length(x[1]) + length(x[2]) + 3)) over (partition by partition order by position) as hash
      from rows r
    ), inserted as (
      insert into events (partition, program, account_key, position, event_id, stream, version, account_version, type,
        schema_version, payload, occurred_at, recorded_at, correlation_id, causation_id, idempotency_key, actor, hash)
      select partition, program, account_key, position, x[3]::uuid, x[4], x[5]::bigint, x[6]::bigint, x[7], x[8]::int,
        x[9]::json, x[10]::timestamptz, recorded_at, x[11], x[12], x[13], x[14], hash
      from chained
    )
    update log_heads h set position = c.position, recorded_at = c.recorded_at, hash = c.hash
    from (select distinct on (partition) partition, position, recorded_at, hash from chained
      order by partition, position desc) as c
    where h.partition = c.partition;
  end if;
  if new_postings is not null then
    insert into postings (partition, program, account_key, position, recorded_at, line, debit, credit, lot_id,
      redemption_id, points, occurred_at, total, restored)
    select ${PLACE}, bf[x[1]::int] + x[2]::int, ${AT}, x[3]::int, x[4], x[5], x[6], x[7], x[8]::numeric,
      x[9]::timestamptz, x[10]::numeric, x[11]::numeric
    from ${lines("new_postings")} where bf[x[1]::int] is not null;
  end if;
  if new_lots is not null then
    insert into lots as l (partition, program, account_key, lot_id, earned_at, expires_at, opened_at, total, granted,
      restored, booked, swept, last_at, late)
    select ${PLACE}, x[2], x[3]::timestamptz, x[4]::timestamptz, x[5]::timestamptz, x[6]::numeric, x[7]::numeric,
      x[8]::numeric, x[9]::numeric, x[10]::boolean, x[11]::timestamptz, x[12]::boolean
    from ${lines("new_lots")} where bf[x[1]::int] is not null
    on conflict (account_key, lot_id, program, partition) do update set total = excluded.total,
      granted = excluded.granted, restored = excluded.restored, booked = excluded.booked, swept = excluded.swept,
      last_at = greatest(l.last_at, excluded.last_at), late = l.late or excluded.late;
  end if;
  if new_redemptions is not null then
    insert into redemptions as l (partition, program, account_key, redemption_id, redemption_type, processed_by,
      redeemed_at, version, points, credited, pending, pending_credit, state, lot_ids, draws, request)
    select ${PLACE}, x[2], x[3], x[4], x[5]::timestamptz, x[6]::bigint, x[7]::numeric, x[8]::numeric, x[9]::numeric,
      x[10], x[11], string_to_array(x[12], E'\\x1d'), x[13]::json, x[14]::json
    from ${lines("new_redemptions")} where bf[x[1]::int] is not null
    on conflict (account_key, redemption_id, program, partition) do update set version = excluded.version,
      credited = excluded.credited, pending = excluded.pending, pending_credit = excluded.pending_credit,
      state = excluded.state, draws = excluded.draws, request = excluded.request;
  end if;
  if new_keys is not null then
    insert into idempotency_keys (partition, program, account_key, kind, key, content, refusal)
    select ${PLACE}, x[2], x[3], x[4], x[5]::json from ${lines("new_keys")} where bf[x[1]::int] is not null;
  end if;
  return query select g, case when bf[g] is not null then 'appended' when ps[g] = any(held) then 'conflict' else 'busy' end,
    bf[g], micros(rec[g])::text from generate_series(1, n) as g;
end $fn$`

const LOT = `array_to_string(array[l.c::text, lot_id, micros(earned_at)::text, micros(expires_at)::text,
  micros(opened_at)::text, total::text, granted::text, restored::text, booked::text, swept::text], E'\\x1f', '')`

/** Answers the chosen lots, and what moved in them after the horizon, where anything did. */
const answerLots = (chosen: string): string => `
    select string_agg(${LOT}, E'\\x1e'), bool_or(l.last_at > horizons[l.c]) into body, moved from (${chosen}) as l;
    kind := 'lots';
    return next;
    if moved then
      -- What a credit restores and expires at once is a pair that moves nothing. A lot may be chosen more than once.
      select string_agg(concat_ws(E'\\x1f', m.c, m.lot_id, micros(m.occurred_at), m.points), E'\\x1e'
        order by m.occurred_at, m.position) into body
      from (
        select l.c, l.lot_id, p.occurred_at, p.position,
          sum(case when p.credit = 'lot' then p.points else -p.points end) as points
        from (select distinct * from (${chosen}) as d) as l join postings p on p.partition = l.partition and p.program = l.program
          and p.account_key = l.account_key and p.lot_id = l.lot_id and p.occurred_at > horizons[l.c]
        where l.last_at > horizons[l.c] and 'lot' in (p.debit, p.credit) and 'expiredByTime' not in (p.debit, p.credit)
        group by l.c, l.lot_id, p.occurred_at, p.position
      ) as m
      where m.points <> 0;
      kind := 'movements';
      return next;
    end if;`

const LOTS_BY_ID = `
  select r.c, o.* from unnest(lot_commands, lot_names) as r (c, lot) join lots o on o.partition = ps[r.c]
    and o.program = progs[r.c] and o.account_key = accs[r.c] and o.lot_id = r.lot`

const LOTS_BY_RANGE = `
  select x[1]::int as c, o.* from ${lines("ranges")} join lots o on o.partition = ps[x[1]::int]
    and o.program = progs[x[1]::int] and o.account_key = accs[x[1]::int]
    and case x[2]
      when 'all' then true
      -- Also lots that hold nothing any more and did then: a late redemption answers the balance of its instant.
      when 'spendable' then (o.expires_at is null or o.expires_at > x[3]::timestamptz)
        and (o.total > 0 or o.last_at > x[3]::timestamptz)
      else o.expires_at <= x[3]::timestamptz and o.total <> o.booked
    end`

// Each kind of row is looked for only where a command asks for it: a plan over all partitions takes its time to begin.
const LOAD = `
create function load_batch(progs text[], numbers text[], horizons timestamptz[], lot_commands int[], lot_names text[],
  ranges text, wanted_redemptions text, wanted_keys text)
returns table (kind text, body text)
language plpgsql stable security definer ${LOOKUPS_ONLY} as $fn$
#variable_conflict use_column
declare
  t record;
  ps int[]; accs text[];
  found text[];
  moved boolean;
begin${FIRST}
  kind := 'accounts';
  body := '';
  for t in select u.o, a.partition, a.account_key, a.version, a.stream_version, case when not b.current then (
      select c.account_number from account_numbers c
      where c.program = b.program and c.account_key = b.account_key and c.current) end as replaced_by
    from unnest(progs, numbers) with ordinality as u (g, m, o)
    join account_numbers b on b.program = u.g and b.account_number = u.m
    join accounts a on a.partition = b.partition and a.program = b.program and a.account_key = b.account_key
  loop
    ps[t.o] := t.partition;
    accs[t.o] := t.account_key;
    body := body || concat_ws(E'\\x1f', t.o, t.partition, t.account_key, t.version, t.stream_version, t.replaced_by)
      || E'\\x1e';
  end loop;
  if coalesce(array_length(accs, 1), 0) < array_length(progs, 1) or array_position(accs, null) is not null then
    -- An account whose number was erased is called by its key.
    for t in select u.o, a.partition, a.account_key, a.version, a.stream_version
      from unnest(progs, numbers) with ordinality as u (g, m, o)
      join erasures b on b.program = u.g and b.account_key = u.m
      join accounts a on a.partition = b.partition and a.program = b.program and a.account_key = b.account_key
      where accs[u.o] is null
    loop
      ps[t.o] := t.partition;
      accs[t.o] := t.account_key;
      body := body || concat_ws(E'\\x1f', t.o, t.partition, t.account_key, t.version, t.stream_version) || E'\\x1e';
    end loop;
  end if;
  return next;
  kind := 'programs';
  select string_agg(array_to_string(array[p.program, (
      select o.policy::text from policies o where o.program = p.program order by o.version desc limit 1)], E'\\x1f', ''), E'\\x1e')
    into body from programs p where p.program = any(progs);
  return next;
  if accs is null then return; end if;
  if wanted_redemptions is not null then
    kind := 'redemptions';
    -- A list grows in its place; a text would be copied whole for each of an import's thousands of redemptions.
    found := '{}';
    for t in select x[1]::int as c, x[3] as state_too, x[4] as lots_too, d.*
      from ${lines("wanted_redemptions")} join redemptions d on d.partition = ps[x[1]::int]
        and d.program = progs[x[1]::int] and d.account_key = accs[x[1]::int] and d.redemption_id = x[2]
    loop
      if t.state_too is not null then
        found := array_append(found, array_to_string(array[t.c::text, t.redemption_id, t.redemption_type, t.processed_by,
          micros(t.redeemed_at)::text, t.version::text, t.points::text, t.credited::text, t.state, t.draws::text,
          t.pending_credit, t.request::text], E'\\x1f', ''));
      end if;
      if t.lots_too is not null then
        lot_commands := lot_commands || array_fill(t.c, array[cardinality(t.lot_ids)]);
        lot_names := lot_names || t.lot_ids;
      end if;
    end loop;
    body := array_to_string(found, E'\\x1e');
    return next;
  end if;
  if lot_commands is not null then${answerLots(LOTS_BY_ID)}
  end if;
  if ranges is not null then${answerLots(LOTS_BY_RANGE)}
  end if;
  if wanted_keys is not null then
    kind := 'keys';
    select string_agg(array_to_string(array[x[1], k.kind, k.key, k.content, k.refusal::text], E'\\x1f', ''), E'\\x1e')
      into body
      from ${lines("wanted_keys")} join idempotency_keys k on k.partition = ps[x[1]::int]
        and k.program = progs[x[1]::int] and k.account_key = accs[x[1]::int] and k.key = x[3] and k.kind = x[2];
    return next;
  end if;
end $fn$`

/** The function that appends; `guard` is what it does first. 0009 makes it anew, with a guard. */
export const append = (guard = ""): string => APPEND.replace(FIRST, () => guard)

/**
 * Loads what some decisions need; `guard` is what it does first. 0006 makes it anew, since then an account may have several
 * numbers; 0009 does, with a guard.
 */
export const load = (guard = ""): string => LOAD.replace(FIRST, () => guard)

/** What 0002 creates. */
export const functions: ReadonlyArray<string> = [
  `create function micros(at timestamptz) returns bigint language sql stable as
    'select (extract(epoch from at) * 1000000)::bigint'`,
  ...chain,
  append(),
  load()
]
