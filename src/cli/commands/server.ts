import { Command, Option } from 'commander';
import { createApp } from '../../http/app.ts';
import { identifyLocal } from '../../http/loopback.ts';
import { listen } from '../../http/server.ts';
import { toPort } from '../arguments.ts';
import { announceServer } from '../announce-server.ts';
import { createLog, logTo } from '../log.ts';
import { facts, print, say } from '../output.ts';
import { isDryRun, openHumdrum, untilSignal } from '../session.ts';

const NOBODY =
  'The embedded database lets no other process in, so nobody runs the jobs that come: `humdrum start` has a worker too.';

export function serverCommand(): Command {
  return new Command('server')
    .description('HTTP API without scheduler and worker: jobs that it takes run elsewhere')
    .addOption(
      new Option('--port <number>', 'port on loopback, 0 for any')
        .env('PORT')
        .argParser(toPort)
        .default(3001),
    )
    .action(async ({ port }: { port: number }, command: Command) => {
      const signalled = untilSignal(() => process.exit(1));
      const { humdrum, setting } = await openHumdrum(command, logTo(createLog()), {
        dryRun: isDryRun(),
      });
      try {
        await humdrum.register();
        const server = await listen(createApp(humdrum, { identify: identifyLocal }), port);
        await announceServer(setting.database, server.url);
        try {
          if (humdrum.database.exclusive) say(NOBODY);
          print(facts([['listens', `${server.url}/api/v1`]]));
          say(`${await signalled}: stopping.`);
        } finally {
          await server.close();
        }
      } finally {
        await humdrum.close();
      }
    });
}
