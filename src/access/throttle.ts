import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Database, Queryable } from '../database/database.ts';
import { TooManyAttempts } from './too-many-attempts.ts';

/** Failed attempts before the next must wait. More per address, because a whole office may share one. */
const FREE = { account: 5, address: 30 };
type Kind = keyof typeof FREE;

/** 1 s, 2 s, 4 s … up to 15 min, so that an attacker cannot lock the owner out of an account for a day. */
const WAIT = `interval '1 second' * least(900, power(2, least(20, known.failures - $2)))`;

// Counts the attempt before the password is checked: otherwise many concurrent attempts would all get through. The count
// restarts an hour after the last attempt.
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

// Deletes counts not used for a day. Skips locked rows, so that a login never waits for this cleanup.
const FORGET = `
delete from humdrum.login_attempt where subject in (
  select subject from humdrum.login_attempt where last_at < humdrum.clock() - interval '1 day'
  order by last_at limit 100 for update skip locked
)`;

export interface Attempt {
  account: string;
  address: string;
}

/** Counts an attempt as failed. An attempt refused for coming too early is not counted. Errors: `too-many-attempts`. */
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

/**
 * Undoes the count after a correct password. The address gets back only this one attempt: otherwise an attacker with an
 * account could reset the count by logging in to it.
 */
export async function forgiveAttempt(tx: Queryable, attempt: Attempt): Promise<void> {
  const [account, address] = subjectsOf(attempt).map(([, subject]) => subject);
  await tx.query('delete from humdrum.login_attempt where subject = $1', [account]);
  await tx.query(
    'update humdrum.login_attempt set failures = greatest(0, failures - 1) where subject = $1',
    [address],
  );
}

/** Always in this order, which is the lock order of their rows. */
function subjectsOf({ account, address }: Attempt): [Kind, Buffer][] {
  return [
    ['account', subjectOf('account', account)],
    ['address', subjectOf('address', blockOf(address))],
  ];
}

const subjectOf = (kind: Kind, text: string): Buffer =>
  createHash('sha256').update(`${kind}:${text}`).digest();

/** An IPv6 client usually controls a whole /64, so the first 64 bits count as one address. */
function blockOf(address: string): string {
  if (!isIPv6(address)) return address;
  const { hostname } = new URL(`http://[${address.split('%')[0]}]`);
  const [front = '', back] = hostname.slice(1, -1).split('::');
  const head = front.split(':').filter(Boolean);
  const tail = (back ?? '').split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...(back === undefined ? [] : zeros), ...tail].slice(0, 4).join(':');
}
