import { createHumdrum, type TypeCounts } from 'humdrum';
import { startPostgres, type PostgresServer } from '../support/postgres-server.ts';
import { withClient } from './connection.ts';
import { Striker } from './faults.ts';
import { Fleet, urlFor } from './fleet.ts';
import { checkTables } from './invariants.ts';
import { chaosProgram } from './jobs.ts';
import { Monitor } from './monitor.ts';
import { planFaults, type PlanOptions } from './plan.ts';
import { Proxy } from './proxy.ts';
import type { Finding, Report } from './report.ts';
import { makeTables } from './tables.ts';
import { drained, Workload } from './workload.ts';

export interface ChaosOptions extends PlanOptions {
  jobs: number;
  fence: boolean;
  /** Told what happens while it does. */
  say: (line: string) => void;
}

const CONCURRENCY = 6;
const PATIENCE_MS = 30_000;
/** A sweep every 5 s and a tenth, the last transactions of a lost worker, and what a busy machine takes besides. */
const RESCUED_WITHIN_MS = 5_500 + 15_000 + 3_000;

/** Runs jobs while workers, connections and the server fail by plan, lets all come to its end, and looks at what is there. */
export async function runChaos(options: ChaosOptions): Promise<Report> {
  const server = await startPostgres({ fsync: options.fsync });
  try {
    if (!server.halt) {
      throw new Error('This suite stops and starts its server: unset the URL of a given one.');
    }
    return await runOn(server, options);
  } finally {
    await server.stop();
  }
}

async function runOn(server: PostgresServer, options: ChaosOptions): Promise<Report> {
  const { seed, durationMs, jobs, leaseMs, fence, say } = options;
  const { url } = server;
  await prepare(url, fence);
  const { hostname: host, port } = new URL(url);
  const driverProxy = await Proxy.to({ host, port: Number(port) });
  const monitor = new Monitor(urlFor(url, 'chaos-monitor'), RESCUED_WITHIN_MS);
  const fleet = await Fleet.start({
    url,
    leaseMs,
    fence,
    count: options.workers,
    concurrency: CONCURRENCY,
  });
  try {
    monitor.start();
    const driverUrl = urlFor(url, 'chaos-driver', driverProxy.port);
    const workload = new Workload({ seed, jobs, durationMs, url: driverUrl });
    const striker = new Striker({ server, url, fleet, driverProxy });
    await Promise.all([
      workload.run(),
      striker.carryOut(planFaults({ ...options })).finally(() => {
        driverProxy.leaveAlone();
        fleet.calm();
        say('The faults are over.');
      }),
    ]);
    say(`Acknowledged: ${workload.acknowledged.ids.length} jobs. Now they come to their end.`);
    if (!(await drained(url, PATIENCE_MS))) say('Not all of them: nothing moves any more.');
    await fleet.stop();
    await monitor.stop();
    say('The workers have stopped. Now the tables are checked.');
    const findings = await withClient(url, (client) => checkTables(client, workload.acknowledged));
    const events = new Map([...fleet.told, ...(await auditCounts(url))]);
    return {
      seed,
      fence,
      events,
      faults: striker.struck,
      findings: sortFindings([
        ...findings,
        ...(await checkStats(url)),
        ...watched(monitor),
        ...alive(fleet, events),
      ]),
    };
  } finally {
    await monitor.stop();
    await fleet.stop();
    await driverProxy.close();
  }
}

async function prepare(url: string, fence: boolean): Promise<void> {
  const humdrum = await createHumdrum({ database: url, ...chaosProgram(null) });
  await humdrum.close();
  await withClient(url, (client) => makeTables(client, fence));
}

async function auditCounts(url: string): Promise<[string, number][]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ event: string; times: number }>(
      'select event, count(*) as times from humdrum.audit group by event',
    );
    return rows.map(({ event, times }) => [`audit: ${event}`, times]);
  });
}

/** The statistics against the audit, which is written by other statements than the one that counts. */
async function checkStats(url: string): Promise<Finding[]> {
  const humdrum = await createHumdrum({ database: url });
  const stats = await humdrum.getStats({ system: true });
  const byType = await humdrum.countJobs();
  await humdrum.close();
  const counts = new Map(await auditCounts(url));
  const completed = counts.get('audit: completed') ?? 0;
  const failed = counts.get('audit: failed') ?? 0;
  const expected = {
    totalExecutions: completed + failed,
    successfulExecutions: completed,
    failedExecutions: failed,
  };
  const misses = Object.entries(expected).flatMap(([name, count]) => {
    const shown = stats[name as keyof typeof expected];
    return shown === count ? [] : [`${name} ${shown}, counted ${count}`];
  });
  return [
    {
      invariant: 'I7',
      checked: 'the statistics equal a recount of the audit',
      count: stats.totalExecutions,
      misses,
    },
    await checkCounts(url, byType),
  ];
}

/** What is counted by type and status against the jobs themselves, one by one. */
async function checkCounts(url: string, byType: readonly TypeCounts[]): Promise<Finding> {
  const counted = new Map(
    byType.flatMap(({ type, ...counts }) =>
      Object.entries(counts)
        .filter(([, count]) => count !== 0)
        .map(([status, count]) => [`${type}, ${status}`, count]),
    ),
  );
  const { rows } = await withClient(url, (client) =>
    client.query<{ what: string; jobs: number }>(
      `select type || ', ' || status as what, count(*) as jobs from humdrum.jobs group by 1`,
    ),
  );
  const there = new Map(rows.map(({ what, jobs }) => [what, jobs]));
  const misses = [...new Set([...counted.keys(), ...there.keys()])].flatMap((what) =>
    counted.get(what) === there.get(what)
      ? []
      : [`${what}: ${counted.get(what) ?? 0}, there are ${there.get(what) ?? 0}`],
  );
  return {
    invariant: 'I7',
    checked: 'the counts by type and status equal a recount of the jobs',
    count: rows.length,
    misses,
  };
}

function watched(monitor: Monitor): Finding[] {
  const worst = (monitor.worstOverdueMs / 1_000).toFixed(1);
  return [
    {
      invariant: 'I2',
      checked: 'looks at the running system: each job in one place, under one lease',
      count: monitor.looks,
      misses: [...monitor.twice],
    },
    {
      invariant: 'I8',
      checked: `a lease is gone ${RESCUED_WITHIN_MS / 1_000} s after its time (the latest: ${worst} s)`,
      count: monitor.leasesSeen,
      misses: monitor.overdue,
    },
  ];
}

/** A worker that ends by itself has a defect, and a run without a single rescue has tried nothing. */
function alive(fleet: Fleet, events: ReadonlyMap<string, number>): Finding[] {
  const rescued = events.get('audit: rescued') ?? 0;
  return [
    {
      invariant: '',
      checked: 'no worker ends by itself',
      count: events.get('worker-started') ?? 0,
      misses: fleet.crashes,
    },
    {
      invariant: '',
      checked: 'attempts were lost and rescued: the faults did strike',
      count: rescued,
      misses: rescued > 0 ? [] : ['none'],
    },
  ];
}

function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => (a.invariant || 'J').localeCompare(b.invariant || 'J'));
}
