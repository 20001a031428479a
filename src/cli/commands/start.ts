import { Command } from 'commander';
import type { Humdrum } from '../../engine/humdrum.ts';
import { collectMetrics } from '../../telemetry/metrics.ts';
import { colors } from '../colors.ts';
import type { Setting } from '../config.ts';
import { createLog, logTo } from '../log.ts';
import { facts, instant, painted, print, say } from '../output.ts';
import { listeningOptions, serve, type Listening, type Served } from '../serve.ts';
import { isDryRun, openHumdrum } from '../session.ts';
import { untilSignal } from '../signal.ts';

export function startCommand(): Command {
  const made = new Command('start')
    .description(
      'scheduler, worker and HTTP API in one process; with no configuration on the embedded database',
    )
    .action(async (options: Listening, command: Command) => {
      const signalled = untilSignal(() => process.exit(1));
      const log = logTo(createLog());
      const { humdrum, setting } = await openHumdrum(command, log, { dryRun: isDryRun() });
      try {
        await start(humdrum, setting, options, signalled);
      } finally {
        await humdrum.close();
      }
    });
  for (const option of listeningOptions()) made.addOption(option);
  return made;
}

async function start(
  humdrum: Humdrum,
  setting: Setting,
  listening: Listening,
  signalled: Promise<NodeJS.Signals>,
): Promise<void> {
  const metrics = collectMetrics(humdrum);
  const server = await serve(humdrum, setting, listening, { metrics, expectWorker: true });
  try {
    const sample = setting.isDefault && !humdrum.dryRun ? await loadSamples(humdrum, setting) : [];
    await humdrum.start();
    print(await banner(humdrum, setting, server, sample));
    say(`${await signalled}: finishing what runs, and stopping. Once more stops at once.`);
    await humdrum.stop();
  } finally {
    await server.close();
  }
}

/** Gives a first start something to do: the packs' sample data, and one run of each of their jobs. */
async function loadSamples(humdrum: Humdrum, { config }: Setting): Promise<string[]> {
  const loaded: string[] = [];
  for (const pack of config.packs ?? []) {
    const said = await pack.loadSample(humdrum.database);
    if (said === null) continue;
    loaded.push(said);
    await humdrum.enqueueMany(pack.jobs.map((type) => ({ type })));
  }
  return loaded;
}

async function banner(
  humdrum: Humdrum,
  setting: Setting,
  server: Served,
  sample: string[],
): Promise<string> {
  const ticks = await humdrum.nextTicks(5);
  const link = await server.loginLink();
  const where =
    humdrum.database.backend === 'pglite'
      ? `embedded, in ${setting.database}`
      : 'PostgreSQL server';
  return facts([
    [
      painted('humdrum', colors.bold),
      humdrum.dryRun
        ? 'only rehearses (JOB_DRY_RUN=1): no job is made or run. Ctrl-C stops it.'
        : 'is running. Ctrl-C stops it.',
    ],
    ['database', where],
    ['sample', sample.length > 0 ? sample.join('\n') : null],
    ['listens', `${server.url}/api/v1/jobs/status`],
    ['log in', link && `${link}\nonce, within an hour, as an admin`],
    [
      'next',
      ticks.map((tick) => `${instant(tick.nextAt)} UTC  ${tick.schedule}`).join('\n') ||
        'nothing is scheduled',
    ],
  ]);
}
