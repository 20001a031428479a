/** `npm run bench`: compares Humdrum with its peers. See README.md in this folder. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../tests/support/postgres-server.ts';
import { loadScenario, loadSystem, scenarioNames, systemNames } from './catalogue.ts';
import { onPostgres } from './databases.ts';
import { parseFlags, USAGE, type Flags } from './flags.ts';
import { machine, machineSlug } from './machine.ts';
import { measureApart } from './measure-apart.ts';
import { REDIS_SETTINGS, startRedis } from './redis.ts';
import { report } from './report.ts';
import type { Outcome, Results } from './results.ts';
import type { Scale, Scenario } from './scenario.ts';
import { rotated } from './statistics.ts';
import type { System } from './system.ts';
import { freshName, writeResults } from './write-results.ts';

const RESULTS = fileURLToPath(new URL('results', import.meta.url));

const QUICK_LANES = 4;

type Named<Item> = readonly (readonly [name: string, item: Item])[];

interface Servers {
  readonly postgres: string;
  readonly redis: string | null;
  /** Versions and settings for the report. */
  readonly facts: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

async function named<Item>(
  names: readonly string[],
  load: (name: string) => Promise<Item>,
): Promise<Named<Item>> {
  return Promise.all(names.map(async (name) => [name, await load(name)] as const));
}

/** The scenarios named with `--only`, otherwise all that are not on demand. */
async function chosenScenarios({ only, quick }: Flags): Promise<Named<Scenario>> {
  const all = await named(only ?? scenarioNames(), loadScenario);
  return all.filter(([, { onDemand }]) => only !== null || quick || onDemand !== true);
}

async function startServers(systems: Named<System>): Promise<Servers> {
  const postgres = await startPostgres({ fsync: true });
  const wanted = systems.some(([, { store }]) => store === 'redis');
  const redis = wanted ? await startRedis() : null;
  const facts: Record<string, string> = {
    [`PostgreSQL ${postgres.version}`]: await postgresSettings(postgres.url),
  };
  if (redis) {
    const settings = Object.entries(REDIS_SETTINGS).map(([name, value]) => `${name} ${value}`);
    facts[`Redis ${redis.version}`] =
      `on the same machine, ${settings.join(', ')}: a crash may cost the last second`;
  } else if (wanted) {
    facts['Redis'] = 'not installed, and not to be installed here: its rows are left out';
  }
  return {
    postgres: postgres.url,
    redis: redis?.url ?? null,
    facts,
    stop: async () => {
      await redis?.stop();
      await postgres.stop();
    },
  };
}

async function postgresSettings(url: string): Promise<string> {
  const names = [
    'max_connections',
    'fsync',
    'synchronous_commit',
    'full_page_writes',
    'shared_buffers',
    'max_wal_size',
  ];
  const settings = await onPostgres(url, (query) =>
    query('select name, current_setting(name) as value from unnest($1::text[]) name', [names]),
  );
  const shown = settings.map(({ name, value }) => `${String(name)} ${String(value)}`);
  return `on the same machine, stock settings: ${shown.join(', ')}`;
}

/** Writes dirty pages before measuring, so that no system pays for the one before it. */
async function checkpoint(url: string): Promise<void> {
  await onPostgres(url, (query) => query('checkpoint')).catch(() => undefined);
}

/** Runs before measuring: the first heavy writer would otherwise pay for files that the others can reuse. */
async function warmUp({ jobs }: Flags, servers: Servers, systems: Named<System>): Promise<void> {
  const scale: Scale = { jobs: Math.ceil(jobs / 5), quick: true };
  const { postgres, redis } = servers;
  for (const [system] of systems) {
    await measureApart({ scenario: 'drain', system, scale, postgres, redis });
  }
}

interface Task {
  readonly run: number;
  readonly scenario: string;
  readonly system: string;
  readonly store: System['store'];
}

/** Ordered by run, then scenario. Systems take turns. */
function tasksOf({ runs }: Flags, systems: Named<System>, scenarios: Named<Scenario>): Task[] {
  return Array.from({ length: runs }, (_, run) =>
    scenarios.flatMap(([scenario, { suits }]) =>
      rotated(systems, run).flatMap(([system, facts]) =>
        suits?.(system, facts) === false ? [] : [{ run, scenario, system, store: facts.store }],
      ),
    ),
  ).flat();
}

/** Quick runs measure nothing, so they run in parallel, except on Redis, which all systems share. */
async function measureAll(
  { jobs, quick }: Flags,
  { postgres, redis }: Servers,
  tasks: Task[],
  onOutcome: (outcome: Outcome) => Promise<void>,
): Promise<void> {
  const scale: Scale = { jobs, quick };
  let redisIsTaken = false;
  const lane = async (): Promise<void> => {
    for (;;) {
      const at = tasks.findIndex(({ store }) => store !== 'redis' || !redisIsTaken);
      const [task] = at < 0 ? [] : tasks.splice(at, 1);
      if (!task) return;
      const { store, ...measurement } = task;
      if (store === 'redis') redisIsTaken = true;
      await checkpoint(postgres);
      const outcome = await measureApart({ ...measurement, scale, postgres, redis });
      if (store === 'redis') redisIsTaken = false;
      await onOutcome({ ...measurement, ...outcome });
    }
  };
  await Promise.all(Array.from({ length: quick ? QUICK_LANES : 1 }, lane));
}

function versionOf({ package: name }: System): string {
  const file = name === null ? '../package.json' : `./node_modules/${name}/package.json`;
  const { version } = createRequire(import.meta.url)(file) as { version: string };
  return version;
}

async function main(flags: Flags): Promise<number> {
  const asked = await named(flags.systems ?? systemNames(), loadSystem);
  const scenarios = await chosenScenarios(flags);
  const servers = await startServers(asked);
  const systems = asked.filter(([, { store }]) => store !== 'redis' || servers.redis !== null);
  const outcomes: Outcome[] = [];
  const results: Results = {
    date: new Date().toISOString().slice(0, 10),
    command: commandOf(flags),
    machine: machine(),
    node: process.version,
    servers: servers.facts,
    scale: { jobs: flags.jobs, quick: flags.quick },
    runs: flags.runs,
    systems: systems.map(([name, system]) => ({ name, version: versionOf(system), ...system })),
    scenarios: scenarios.map(([name, { title, what, settings, metrics, chart = false }]) => ({
      name,
      title,
      settings,
      metrics,
      chart,
      what: what({ jobs: flags.jobs, quick: flags.quick }),
    })),
    outcomes,
  };
  const folder = flags.out ?? (flags.quick ? null : RESULTS);
  const name = freshName(folder, `${results.date}-${machineSlug()}`);
  try {
    if (!flags.quick) await warmUp(flags, servers, systems);
    await measureAll(flags, servers, tasksOf(flags, systems, scenarios), async (outcome) => {
      outcomes.push(outcome);
      tell(outcome, flags);
      // A run takes long, so partial results are saved in case it fails later.
      if (folder !== null) await writeResults(results, folder, name);
    });
  } finally {
    await servers.stop();
  }
  console.log(folder === null ? report(results, null) : `\n${join(folder, name)}.md`);
  return outcomes.some(({ error }) => error !== undefined) ? 1 : 0;
}

/** The command to repeat the run. Omits the output folder. */
function commandOf({ quick, jobs, runs, only, systems }: Flags): string {
  const parts = [
    ...(quick ? ['--quick'] : []),
    `--jobs ${jobs} --runs ${runs}`,
    ...(only ? [`--only ${only.join(',')}`] : []),
    ...(systems ? [`--systems ${systems.join(',')}`] : []),
  ];
  return `npm run bench -- ${parts.join(' ')}`;
}

function tell({ scenario, system, run, figures, error }: Outcome, { runs }: Flags): void {
  const values = Object.entries(figures?.values ?? {}).map(
    ([metric, value]) => `${metric} ${Number(value.toPrecision(4)).toLocaleString('en')}`,
  );
  const what = error ?? [...values, figures?.note ?? []].flat().join(', ');
  console.error(`${run + 1}/${runs} ${scenario} ${system}: ${what}`);
}

/** Null if the command line is invalid. Prints the error. */
function flagsFrom(args: readonly string[]): Flags | null {
  const names = { scenarios: scenarioNames(), systems: systemNames() };
  try {
    return parseFlags(args, names);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(`\n${USAGE}`);
    console.error(`scenarios: ${names.scenarios.join(', ')}\nsystems: ${names.systems.join(', ')}`);
    return null;
  }
}

// Lets the exit handlers clean up.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const flags = flagsFrom(process.argv.slice(2));
process.exitCode = flags === null ? 2 : await main(flags);
