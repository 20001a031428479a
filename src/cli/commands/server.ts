import { Command } from 'commander';
import { createLog, logTo } from '../log.ts';
import { facts, print, say } from '../output.ts';
import { listeningOptions, serve, type Listening } from '../serve.ts';
import { isDryRun, openHumdrum } from '../session.ts';
import { untilSignal } from '../signal.ts';

const NOBODY =
  'The embedded database lets no other process in, so nobody runs the jobs that come: `humdrum start` has a worker too.';

export function serverCommand(): Command {
  const made = new Command('server')
    .description('HTTP API without scheduler and worker: jobs that it takes run elsewhere')
    .action(async (listening: Listening, command: Command) => {
      const signalled = untilSignal(() => process.exit(1));
      const { humdrum, setting } = await openHumdrum(command, logTo(createLog()), {
        dryRun: isDryRun(),
      });
      try {
        await humdrum.register();
        const server = await serve(humdrum, setting, listening);
        const link = await server.loginLink();
        try {
          if (humdrum.database.exclusive) say(NOBODY);
          print(
            facts([
              ['listens', `${server.url}/api/v1`],
              ['log in', link],
            ]),
          );
          say(`${await signalled}: stopping.`);
        } finally {
          await server.close();
        }
      } finally {
        await humdrum.close();
      }
    });
  for (const option of listeningOptions()) made.addOption(option);
  return made;
}
