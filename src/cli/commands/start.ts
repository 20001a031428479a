import { Command } from 'commander';
import type { Humdrum } from '../../engine/humdrum.ts';
import { collectMetrics } from '../../telemetry/metrics.ts';
import { colors } from '../colors.ts';
import type { Setting } from '../config.ts';
import { createLog, logTo } from '../log.ts';
import { facts, instant, painted, print, say } from '../output.ts';
import { listeningOptions, serve, type Listening, type Served } from '../serve.ts';
import { openHumdrum } from '../session.ts';
import { signalFor, untilSignal } from '../signal.ts';

export function startCommand(): Command {
  const made = new Command('start')
    .description(
      'start scheduler, worker and HTTP API in one process; the default database is the embedded one',
    )
    .action(async (options: Listening, command: Command) => {
      const signalled = untilSignal(() => process.exit(1));
      const log = logTo(createLog());
      const { humdrum, setting } = await openHumdrum(command, log);
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
    say(
      `${await signalFor(humdrum.database, signalled)} received. Finishing running jobs, then stopping. Send it again to stop at once.`,
    );
    await humdrum.stop();
  } finally {
    await server.close();
  }
}

/** On a first start, loads the packs' sample data and enqueues each of their jobs once. */
async function loadSamples(humdrum: Humdrum, { config }: Setting): Promise<string[]> {
  const loaded: string[] = [];
  for (const pack of config.packs ?? []) {
    const summary = await pack.loadSample(humdrum.database);
    if (summary === null) continue;
    loaded.push(summary);
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
        ? 'is in dry-run mode (JOB_DRY_RUN): it creates and runs no jobs. Press Ctrl-C to stop.'
        : 'is running. Press Ctrl-C to stop.',
    ],
    ['database', where],
    ['sample', sample.length > 0 ? sample.join('\n') : null],
    ['listening', `${server.url}/api/v1/jobs/status`],
    ['log in', link && `${link}\nonce, within an hour, as an admin`],
    [
      'next',
      ticks.map((tick) => `${instant(tick.nextAt)} UTC  ${tick.schedule}`).join('\n') ||
        'no schedules',
    ],
  ]);
}
