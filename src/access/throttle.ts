import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Database, Queryable } from '../database/database.ts';
import { TooManyAttempts } from './too-many-attempts.ts';

/** So many attempts may fail before the next must wait. An address may be that of a whole office. */
const FREE = { account: 5, address: 30 };
type Kind = keyof typeof FREE;

/** 1 s, 2 s, 4 s … and never more than 15 min, so that nobody can keep an account's owner out for a day. */
const WAIT = `interval '1 second' * least(900, power(2, least(20, known.failures - $2)))`;

// Counted before the password is looked at, or many at once would all be let through. What is an hour old is forgotten.
const TAKE = `
insert into humdrum.login_attempt as known (subject, failures, last_at) values ($1, 1, humdrum.clock())
on conflict (subject) do update
set last_at = excluded.last_at,
  failures = case when known.last_at < excluded.last_at - interval '1 hour' then 1 else known.failures + 1 end
where known.failures < $2 or known.last_at + ${WAIT} <= excluded.last_at
returning failures`;

const BLOCKED = `
select ceil(extract(epoch from last_at + ${WAIT} - humdrum.clock()))::integer as seconds
from humdrum.login_attempt as known where subject = $1`;

// What nobody has asked about for a day. Skips what others have in hand: nobody waits for a cleaning.
const FORGET = `
delete from humdrum.login_attempt where subject in (
  select subject from humdrum.login_attempt where last_at < humdrum.clock() - interval '1 day'
  order by last_at limit 100 for update skip locked
)`;

export interface Attempt {
  account: string;
  address: string;
}

/** Counts an attempt as one that has failed. An attempt that must wait counts for nothing. Errors: `too-many-attempts`. */
export async function countAttempt(db: Database, attempt: Attempt): Promise<void> {
  await db.query(FORGET);
  await db.transaction(async (tx) => {
    for (const [kind, subject] of subjectsOf(attempt)) {
      const { rows } = await tx.query(TAKE, [subject, FREE[kind]]);
      if (rows.length === 0) throw await refusal(tx, kind, subject);
    }
  });
}

async function refusal(tx: Queryable, kind: Kind, subject: Buffer): Promise<TooManyAttempts> {
  const { rows } = await tx.query<{ seconds: number }>(BLOCKED, [subject, FREE[kind]]);
  return new TooManyAttempts(Math.max(1, rows[0]?.seconds ?? 1));
}

/** It was right after all. The address gets back that one attempt: whoever has an account may still try others from there. */
export async function forgiveAttempt(tx: Queryable, attempt: Attempt): Promise<void> {
  const [account, address] = subjectsOf(attempt).map(([, subject]) => subject);
  await tx.query('delete from humdrum.login_attempt where subject = $1', [account]);
  await tx.query(
    'update humdrum.login_attempt set failures = greatest(0, failures - 1) where subject = $1',
    [address],
  );
}

/** In the order in which their rows are locked, always. */
function subjectsOf({ account, address }: Attempt): [Kind, Buffer][] {
  return [
    ['account', subjectOf('account', account)],
    ['address', subjectOf('address', blockOf(address))],
  ];
}

const subjectOf = (kind: Kind, text: string): Buffer =>
  createHash('sha256').update(`${kind}:${text}`).digest();

/** Who has one IPv6 address has 2^64 of them. */
function blockOf(address: string): string {
  if (!isIPv6(address)) return address;
  const { hostname } = new URL(`http://[${address.split('%')[0]}]`);
  const [front = '', back] = hostname.slice(1, -1).split('::');
  const head = front.split(':').filter(Boolean);
  const tail = (back ?? '').split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...(back === undefined ? [] : zeros), ...tail].slice(0, 4).join(':');
}
