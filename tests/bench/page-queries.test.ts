import { expect, it } from 'vitest';
import { fillHistory, HISTORY_TYPES } from '../../bench/history-rows.ts';
import { questions } from '../../bench/page-queries.ts';
import { openPostgres } from '../../dist/database/postgres.js';
import { createHumdrum, type Database } from '../../dist/index.js';
import { ALL, freshUrl } from '../support/databases.ts';

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Plan[];
}

const JOBS = 120_000;
/** Whatever is asked: a page looks through so many rows of the history at most, and mostly through fewer. */
const MOST_ROWS = 45_000;
/** A few cancellations may be read one after another. */
const LARGE = /^(job|attempt)_\d+$|^audit$/;
const HISTORY = /^(job|attempt|cancellation|effect)_\d+$|^audit$/;

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** The same database, which notes the plan of every statement before it runs it. */
function explaining(database: Database, plans: Plan[]): Database {
  const query: Database['query'] = async <Row>(sql: string, params?: unknown[]) => {
    const { rows } = await database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (analyze, timing off, format json) ${sql}`,
      params,
    );
    for (const row of rows) plans.push(...nodesOf(row['QUERY PLAN'][0].Plan));
    return database.query<Row>(sql, params);
  };
  return new Proxy(database, {
    get: (target, name) => (name === 'query' ? query : (Reflect.get(target, name) as unknown)),
  });
}

it.runIf(ALL)('no question of a page reads through the history', { timeout: 240_000 }, async () => {
  const url = await freshUrl();
  await fillHistory(url, JOBS, () => undefined);
  const database = await openPostgres(url);
  const plans: Plan[] = [];
  const humdrum = await createHumdrum({
    database: explaining(database, plans),
    jobs: HISTORY_TYPES,
  });
  const scanned: string[] = [];
  const read: Record<string, number> = {};
  for (const [name, ask] of Object.entries(questions(Date.now()))) {
    plans.length = 0;
    await ask(humdrum);
    const onHistory = plans.filter((plan) => HISTORY.test(plan['Relation Name'] ?? ''));
    expect(plans.length, name).toBeGreaterThan(0);
    read[name] = onHistory.reduce((sum, plan) => sum + rowsOf(plan), 0);
    const whole = onHistory.filter(
      (plan) =>
        LARGE.test(plan['Relation Name'] ?? '') &&
        plan['Node Type'] === 'Seq Scan' &&
        rowsOf(plan) > 0,
    );
    scanned.push(...whole.map((plan) => `${name}: ${plan['Relation Name']}`));
  }
  await database.close();
  expect(scanned).toEqual([]);
  expect(Object.entries(read).filter(([, rows]) => rows > MOST_ROWS)).toEqual([]);
});

function rowsOf(plan: Plan): number {
  const removed =
    (plan['Rows Removed by Filter'] ?? 0) + (plan['Rows Removed by Index Recheck'] ?? 0);
  return (plan['Actual Rows'] + removed) * plan['Actual Loops'];
}
