import { Command } from 'commander';
import { createLog, logTo } from '../log.ts';
import { facts, print, say } from '../output.ts';
import { listeningOptions, serve, type Listening } from '../serve.ts';
import { openHumdrum } from '../session.ts';
import { signalFor, untilSignal } from '../signal.ts';

const NO_WORKER =
  'Only one process can use the embedded database, so no worker can run jobs. Use `humdrum start`, which includes a worker.';

export function serverCommand(): Command {
  const made = new Command('server')
    .description('start the HTTP API only, without scheduler and worker')
    .action(async (listening: Listening, command: Command) => {
      const signalled = untilSignal(() => process.exit(1));
      const { humdrum, setting } = await openHumdrum(command, logTo(createLog()));
      try {
        await humdrum.register();
        const server = await serve(humdrum, setting, listening);
        const link = await server.loginLink();
        try {
          if (humdrum.database.exclusive) say(NO_WORKER);
          print(
            facts([
              ['listening', `${server.url}/api/v1`],
              ['log in', link],
            ]),
          );
          say(`${await signalFor(humdrum.database, signalled)} received. Stopping.`);
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
