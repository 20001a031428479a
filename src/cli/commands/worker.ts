import { Command, Option } from 'commander';
import type { Humdrum } from '../../engine/humdrum.ts';
import { probes } from '../../http/probes.ts';
import { listen, type Server } from '../../http/server.ts';
import { collectMetrics } from '../../telemetry/metrics.ts';
import { toAddress } from '../arguments.ts';
import { createLog, logTo } from '../log.ts';
import { openHumdrum } from '../session.ts';
import { signalFor, untilSignal } from '../signal.ts';
import { say } from '../output.ts';

type Address = ReturnType<typeof toAddress>;

export function workerCommand(): Command {
  return new Command('worker')
    .description(
      'start a scheduler and worker without HTTP; any number can share a PostgreSQL database',
    )
    .addOption(
      new Option(
        '--probes <address>',
        'serve /livez, /readyz, /startupz and /metrics without authentication at 9464 or 0.0.0.0:9464',
      )
        .env('HUMDRUM_PROBES')
        .argParser(toAddress),
    )
    .action(async (options: { probes?: Address }, command: Command) => {
      const signalled = untilSignal(() => process.exit(1));
      const { humdrum } = await openHumdrum(command, logTo(createLog()));
      const server = options.probes ? await serveProbes(humdrum, options.probes) : null;
      try {
        await humdrum.start();
        say(
          `${await signalFor(humdrum.database, signalled)} received. Finishing running jobs, then stopping. Send it again to stop at once.`,
        );
        await humdrum.stop(); // The probes report it in the meantime.
      } finally {
        await server?.close();
        await humdrum.close();
      }
    });
}

async function serveProbes(humdrum: Humdrum, { hostname, port }: Address): Promise<Server> {
  const app = probes(humdrum, { metrics: collectMetrics(humdrum), expectWorker: true });
  const server = await listen(app, port, hostname).catch(async (error: unknown) => {
    await humdrum.close();
    throw error;
  });
  say(`Probes listen at ${server.url}.`);
  return server;
}
