import { sleep } from '../clock.ts';
import { numberFrom, onPostgres, walPosition } from '../databases.ts';
import { onPostgresOnly, type Scale, type Scenario } from '../scenario.ts';

const seconds = ({ quick }: Scale): number => (quick ? 1 : 20);

const TRANSACTIONS = 'select xact_commit + xact_rollback from pg_stat_database where datname = $1';

export const scenario: Scenario = {
  title: 'An idle worker',
  what: (scale) =>
    `One worker process and no jobs, over ${seconds(scale)} s: what it asks of the server (\`pg_stat_database\`), what the whole server writes to its log meanwhile, and what the process computes.`,
  metrics: {
    transactions: { label: 'transactions/s', better: 'less', digits: 2 },
    wal: { label: 'WAL bytes/s', better: 'less' },
    cpu: { label: 'worker CPU, ms/s', better: 'less', digits: 1 },
  },
  settings: 'best',
  suits: onPostgresOnly,
  async measure(bench) {
    const place = await bench.fresh();
    // Creating the tables leaves work for autovacuum, which must not count as the worker's.
    await onPostgres(place.postgres, (query) => query('vacuum analyze'));
    const worker = await bench.worker(place);
    await worker.go();
    await sleep(bench.scale.quick ? 1_000 : 10_000);
    const name = new URL(place.postgres).pathname.slice(1);
    // Queried from another database, whose transactions are not counted.
    return onPostgres(bench.server, async (query) => {
      const look = async (): Promise<number[]> => [
        await numberFrom(query, TRANSACTIONS, [name]),
        await walPosition(query),
        (await worker.tally()).cpuMs,
      ];
      const before = await look();
      await sleep(seconds(bench.scale) * 1_000);
      const after = await look();
      const [transactions = 0, wal = 0, cpu = 0] = after.map(
        (value, at) => (value - (before[at] ?? 0)) / seconds(bench.scale),
      );
      return { values: { transactions, wal, cpu } };
    });
  },
};
