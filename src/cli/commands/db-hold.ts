import { Command, Option } from 'commander';
import { describeHold } from '../../engine/job/hold.ts';
import { hold, readHold, requireHolds, unhold } from '../../engine/transitions/hold.ts';
import { actor } from '../engine-options.ts';
import { plain, print, printJson } from '../output.ts';
import { withDatabase } from '../with-database.ts';
import { reasonOf } from './jobs-bulk.ts';

interface HoldFlags {
  reason: string;
  json?: true;
}

export function holdCommand(): Command {
  return holding('hold', 'hold the database: no job starts and no schedule fires', hold);
}

export function unholdCommand(): Command {
  return holding('unhold', 'end the hold of the database, so that its jobs start', unhold);
}

/** Does not ask whether all migrations are applied: a hold must work before anything else is done to a restored copy. */
function holding(name: string, description: string, act: typeof hold): Command {
  return new Command(name)
    .description(description)
    .addOption(
      new Option('--reason <text>', 'the reason, recorded in the audit log').makeOptionMandatory(),
    )
    .option('--json', 'print JSON')
    .action(async (flags: HoldFlags, command: Command) => {
      const reason = reasonOf(flags);
      await withDatabase(command, { create: false }, async (db) => {
        await requireHolds(db);
        const changed = await act(db, { actor: actor(), reason });
        const held = await readHold(db);
        if (flags.json) return printJson({ changed, held });
        const unchanged = changed ? '' : ' Nothing was changed.';
        if (held) print(`The database is held ${plain(describeHold(held))}.${unchanged}`);
        else print(`The database is not held.${unchanged}`);
      });
    });
}
