import {
  countConnections,
  deadRows,
  horizonHolders,
  readClockDifference,
  readDurability,
  readServer,
  type HorizonHolder,
} from '../../database/server-facts.ts';
import { RESERVED, workerSettings } from '../../engine/worker/options.ts';
import { count, duration } from '../output.ts';
import { ok, problem, warning, type Finding, type Patient } from './finding.ts';

const OLDEST_VERSION = 140_000;

export async function checkServer({ database }: Patient): Promise<Finding> {
  const { backend, version, versionNumber } = await readServer(database);
  if (versionNumber < OLDEST_VERSION) {
    return problem(
      'database',
      `PostgreSQL ${version} is too old: it takes 14.`,
      'Move to PostgreSQL 14 or later: pg_upgrade, or a new server and pg_dump.',
    );
  }
  return ok('database', `${backend === 'pglite' ? 'embedded ' : ''}PostgreSQL ${version} answers`);
}

const CLOCK = { warnMs: 2_000, wrongMs: 60_000 };

/** The database's clock alone decides what is due: another clock here misleads people who read logs. */
export async function checkClock({ database }: Patient): Promise<Finding> {
  const { aheadMs, withinMs } = await readClockDifference(database);
  const apartMs = Math.max(Math.abs(aheadMs) - withinMs, 0);
  if (apartMs < CLOCK.warnMs) return ok('clock', "this machine's and the database's agree");
  const says = `The database's clock is ${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's.`;
  const fix = 'Let both machines take their time from NTP: timedatectl set-ntp true';
  return apartMs < CLOCK.wrongMs ? warning('clock', says, fix) : problem('clock', says, fix);
}

export async function checkConnections({ database, options }: Patient): Promise<Finding> {
  if (database.exclusive) return ok('connections', 'one, as the embedded database has');
  const { used, most } = await countConnections(database);
  const needed = workerSettings(options.worker).concurrency + RESERVED;
  const says = `${used} of ${most} connections are taken; a worker of this configuration takes up to ${needed}.`;
  const fix = `Lower worker.concurrency, raise max_connections (alter system set max_connections = ${most * 2}; then restart PostgreSQL), or put PgBouncer in between.`;
  if (used >= most * 0.95) return problem('connections', says, fix);
  if (used + needed > most) return warning('connections', says, fix);
  return ok('connections', says);
}

export async function checkDurability({ database }: Patient): Promise<Finding> {
  if (database.backend === 'pglite') {
    return warning(
      'durability',
      'The embedded database does not fsync: when the machine crashes, what was committed last can be lost.',
      'For production, name a PostgreSQL server: export DATABASE_URL=postgres://…',
    );
  }
  const { fsync, synchronousCommit } = await readDurability(database);
  if (!fsync) {
    return problem(
      'durability',
      'fsync is off: when the machine crashes, the database can be lost.',
      'In psql: alter system set fsync = on; select pg_reload_conf();',
    );
  }
  if (synchronousCommit === 'off') {
    return warning(
      'durability',
      'synchronous_commit is off: when the server crashes, jobs that were acknowledged can be lost.',
      'In psql: alter system set synchronous_commit = on; select pg_reload_conf();',
    );
  }
  return ok('durability', `fsync is on, synchronous_commit is ${synchronousCommit}`);
}

const LONG_SECONDS = 300;
const MANY_TRANSACTIONS = 1_000_000;

/** What is held open keeps dead rows where claims walk over them. */
export async function checkHorizon({ database }: Patient): Promise<Finding[]> {
  if (database.exclusive) return [ok('horizon', 'nobody else can hold it')];
  const holders = (await horizonHolders(database)).filter(
    ({ kind, seconds, transactions }) =>
      transactions > MANY_TRANSACTIONS ||
      (kind === 'transaction' && (seconds ?? 0) > LONG_SECONDS) ||
      kind === 'prepared transaction',
  );
  if (holders.length === 0) return [ok('horizon', 'no transaction is open for long')];
  return holders.map((holder) => warning('horizon', wordHolder(holder), FIX[holder.kind](holder)));
}

function wordHolder({ kind, who, doing, seconds, transactions }: HorizonHolder): string {
  const since = seconds === null ? '' : ` for ${duration(seconds * 1_000)}`;
  const what = doing ? ` (${doing.replaceAll(/\s+/g, ' ').trim()})` : '';
  return `The ${kind} ${who}${what} keeps dead rows from being removed${since}; ${count(transactions)} transactions have begun since.`;
}

const FIX: Record<HorizonHolder['kind'], (holder: HorizonHolder) => string> = {
  transaction: ({ who }) => `In psql: select pg_terminate_backend(${who});`,
  'prepared transaction': ({ who }) => `In psql: rollback prepared '${who.replaceAll("'", "''")}';`,
  'replication slot': ({ who }) =>
    `Start its replica again, or: select pg_drop_replication_slot('${who.replaceAll("'", "''")}');`,
  replica: () =>
    'On the replica: alter system set hot_standby_feedback = off; or end its long queries.',
};

const MANY_DEAD = 50_000;

export async function checkDeadRows({ database, options }: Patient): Promise<Finding[]> {
  const schemas = ['humdrum', ...(options.packs ?? []).map(({ name }) => name)];
  const tables = await deadRows(database, schemas);
  const bad = tables.filter(({ live, dead }) => dead > MANY_DEAD && dead > live / 2);
  if (bad.length === 0) return [ok('dead rows', 'no table has many')];
  return bad.map(({ table, live, dead }) =>
    warning(
      'dead rows',
      `${table} has ${count(dead)} dead rows beside ${count(live)} living ones.`,
      `In psql: vacuum (verbose) ${table}; and see that autovacuum is on, and "horizon" above.`,
    ),
  );
}
