import { Command, Option } from 'commander';
import type { Humdrum } from '../../engine/humdrum.ts';
import { createApp } from '../../http/app.ts';
import { identifyLocal } from '../../http/loopback.ts';
import { listen } from '../../http/server.ts';
import { announceServer } from '../announce-server.ts';
import { collectMetrics } from '../../telemetry/metrics.ts';
import { toPort } from '../arguments.ts';
import { colors } from '../colors.ts';
import type { Setting } from '../config.ts';
import { createLog, logTo } from '../log.ts';
import { facts, instant, painted, print, say } from '../output.ts';
import { isDryRun, openHumdrum, untilSignal } from '../session.ts';

export function startCommand(): Command {
  return new Command('start')
    .description(
      'scheduler, worker and HTTP API in one process; with no configuration on the embedded database',
    )
    .addOption(
      new Option('--port <number>', 'port on loopback, 0 for any')
        .env('PORT')
        .argParser(toPort)
        .default(3001),
    )
    .action(async (options: { port: number }, command: Command) => {
      const signalled = untilSignal(() => process.exit(1));
      const log = logTo(createLog());
      const { humdrum, setting } = await openHumdrum(command, log, { dryRun: isDryRun() });
      try {
        await start(humdrum, setting, options.port, signalled);
      } finally {
        await humdrum.close();
      }
    });
}

async function start(
  humdrum: Humdrum,
  setting: Setting,
  port: number,
  signalled: Promise<NodeJS.Signals>,
): Promise<void> {
  const sample = setting.isDefault && !humdrum.dryRun ? await loadSamples(humdrum, setting) : [];
  const metrics = collectMetrics(humdrum);
  const app = createApp(humdrum, { identify: identifyLocal, metrics, expectWorker: true });
  const server = await listen(app, port);
  await announceServer(setting.database, server.url);
  try {
    await humdrum.start();
    print(await banner(humdrum, setting, server.url, sample));
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
  url: string,
  sample: string[],
): Promise<string> {
  const ticks = await humdrum.nextTicks(5);
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
    ['listens', `${url}/api/v1/jobs/status`],
    [
      'next',
      ticks.map((tick) => `${instant(tick.nextAt)} UTC  ${tick.schedule}`).join('\n') ||
        'nothing is scheduled',
    ],
  ]);
}
