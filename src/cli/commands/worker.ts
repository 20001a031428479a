import { Command } from 'commander';
import { createLog, logTo } from '../log.ts';
import { isDryRun, openHumdrum, untilSignal } from '../session.ts';
import { say } from '../output.ts';

export function workerCommand(): Command {
  return new Command('worker')
    .description('scheduler and worker, without HTTP; start as many as you like on one PostgreSQL')
    .action(async (_options: object, command: Command) => {
      const signalled = untilSignal(() => process.exit(1));
      const { humdrum } = await openHumdrum(command, logTo(createLog()), { dryRun: isDryRun() });
      try {
        await humdrum.start();
        say(`${await signalled}: finishing what runs, and stopping. Once more stops at once.`);
      } finally {
        await humdrum.close();
      }
    });
}
