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
      `PostgreSQL ${version} is too old. The minimum is 14.`,
      'Upgrade to PostgreSQL 14 or later with pg_upgrade, or with pg_dump and a new server.',
    );
  }
  return ok('database', `${backend === 'pglite' ? 'embedded ' : ''}PostgreSQL ${version}`);
}

const CLOCK = { warnMs: 2_000, wrongMs: 60_000 };

/** Only the database's clock decides what is due. A different clock here makes log times misleading. */
export async function checkClock({ database }: Patient): Promise<Finding> {
  const { aheadMs, withinMs } = await readClockDifference(database);
  const apartMs = Math.max(Math.abs(aheadMs) - withinMs, 0);
  if (apartMs < CLOCK.warnMs)
    return ok('clock', 'the clocks of this machine and the database agree');
  const says = `The database's clock is ${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's.`;
  const fix = 'Synchronise both machines with NTP: timedatectl set-ntp true';
  return apartMs < CLOCK.wrongMs ? warning('clock', says, fix) : problem('clock', says, fix);
}

export async function checkConnections({ database, options }: Patient): Promise<Finding> {
  if (database.exclusive) return ok('connections', 'one (embedded database)');
  const { used, most } = await countConnections(database);
  const needed = workerSettings(options.worker).concurrency + RESERVED;
  const says = `${used} of ${most} connections are in use. A worker with this configuration needs up to ${needed}.`;
  const fix = `Lower worker.concurrency, raise max_connections (alter system set max_connections = ${most * 2}; then restart PostgreSQL), or use PgBouncer.`;
  if (used >= most * 0.95) return problem('connections', says, fix);
  if (used + needed > most) return warning('connections', says, fix);
  return ok('connections', says);
}

export async function checkDurability({ database }: Patient): Promise<Finding> {
  if (database.backend === 'pglite') {
    return warning(
      'durability',
      'The embedded database does not fsync, so a crash of the machine can lose recent commits.',
      'Use a PostgreSQL server in production: export DATABASE_URL=postgres://…',
    );
  }
  const { fsync, synchronousCommit } = await readDurability(database);
  if (!fsync) {
    return problem(
      'durability',
      'fsync is off, so a crash of the machine can corrupt the database.',
      'In psql: alter system set fsync = on; select pg_reload_conf();',
    );
  }
  if (synchronousCommit === 'off') {
    return warning(
      'durability',
      'synchronous_commit is off, so a crash of the server can lose acknowledged jobs.',
      'In psql: alter system set synchronous_commit = on; select pg_reload_conf();',
    );
  }
  return ok('durability', `fsync is on, synchronous_commit is ${synchronousCommit}`);
}

const LONG_SECONDS = 300;
const MANY_TRANSACTIONS = 1_000_000;

/** Dead rows that vacuum cannot remove slow down claims, which must skip them. */
export async function checkHorizon({ database }: Patient): Promise<Finding[]> {
  if (database.exclusive) return [ok('horizon', 'no other process can hold it back')];
  const holders = (await horizonHolders(database)).filter(
    ({ kind, seconds, transactions }) =>
      transactions > MANY_TRANSACTIONS ||
      (kind === 'transaction' && (seconds ?? 0) > LONG_SECONDS) ||
      kind === 'prepared transaction',
  );
  if (holders.length === 0) return [ok('horizon', 'no long transactions')];
  return holders.map((holder) =>
    warning('horizon', describeHolder(holder), FIX[holder.kind](holder)),
  );
}

function describeHolder({ kind, who, doing, seconds, transactions }: HorizonHolder): string {
  const since = seconds === null ? '' : ` for ${duration(seconds * 1_000)}`;
  const what = doing ? ` (${doing.replaceAll(/\s+/g, ' ').trim()})` : '';
  return `The ${kind} ${who}${what} has kept dead rows from being removed${since}. ${count(transactions)} transactions have begun since.`;
}

const FIX: Record<HorizonHolder['kind'], (holder: HorizonHolder) => string> = {
  transaction: ({ who }) => `In psql: select pg_terminate_backend(${who});`,
  'prepared transaction': ({ who }) => `In psql: rollback prepared '${who.replaceAll("'", "''")}';`,
  'replication slot': ({ who }) =>
    `Restart its replica, or in psql: select pg_drop_replication_slot('${who.replaceAll("'", "''")}');`,
  replica: () =>
    'On the replica, end long queries, or: alter system set hot_standby_feedback = off;',
};

const MANY_DEAD = 50_000;

export async function checkDeadRows({ database, options }: Patient): Promise<Finding[]> {
  const schemas = ['humdrum', ...(options.packs ?? []).map(({ name }) => name)];
  const tables = await deadRows(database, schemas);
  const bad = tables.filter(({ live, dead }) => dead > MANY_DEAD && dead > live / 2);
  if (bad.length === 0) return [ok('dead rows', 'no table has too many')];
  return bad.map(({ table, live, dead }) =>
    warning(
      'dead rows',
      `${table} has ${count(dead)} dead rows and ${count(live)} live ones.`,
      `In psql: vacuum (verbose) ${table}; then check that autovacuum is on, and see "horizon" above.`,
    ),
  );
}
