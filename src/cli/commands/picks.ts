import { Argument, Command } from 'commander';
import type { Database } from '../../database/database.ts';
import { requireMigrated } from '../../database/migrate.ts';
import { migrationSets } from '../../engine/job/pack.ts';
import { isDryRunSet } from '../../engine/base/dry-run.ts';
import { importGames, picks, placeBets } from '../../packs/picks/index.ts';
import { toWhole } from '../arguments.ts';
import { amount, count, print, printJson, say } from '../output.ts';
import { Progress } from '../progress.ts';
import { withHumdrum } from '../session.ts';

export function picksCommand(): Command {
  const made = new Command('picks').description('the sports-picks pack');
  made.addCommand(importGamesCommand());
  made.addCommand(placeBetsCommand());
  return made;
}

/** The configuration may be without this pack. Errors: `schema-outdated`. */
async function inTables<T>(command: Command, act: (db: Database) => Promise<T>): Promise<T> {
  return withHumdrum(command, async ({ database }) => {
    await requireMigrated(database, migrationSets([picks]));
    return isDryRunSet() ? rolledBack(database, act) : act(database);
  });
}

class RolledBack extends Error {}

/** Does it, returns what it has done, and undoes it. */
async function rolledBack<T>(database: Database, act: (db: Database) => Promise<T>): Promise<T> {
  const done: T[] = [];
  await database
    .transaction(async () => {
      done.push(await act(database));
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  say('JOB_DRY_RUN is set: all of this was rolled back.');
  return done[0] as T;
}

function importGamesCommand(): Command {
  return new Command('import-games')
    .description('import the games of a CSV file, all or none')
    .addArgument(
      new Argument(
        '<file>',
        'season,week,date,home_team,away_team,home_score,away_score,home_line,total_line,neutral_site',
      ),
    )
    .option('--json', 'print JSON')
    .action(async (path: string, options: { json?: true }, command: Command) => {
      const progress = new Progress('importing');
      const show = (done: number, of: number): void => progress.show(done, of);
      const result = await inTables(command, (database) =>
        importGames(database, { path }, show).finally(() => progress.end()),
      );
      if (options.json) return printJson(result);
      const { games, inserted, updated, unchanged } = result;
      print(
        `${amount(games, 'game')}: ${count(inserted)} new, ${count(updated)} updated, ${count(unchanged)} unchanged.`,
      );
    });
}

function placeBetsCommand(): Command {
  return new Command('place-bets')
    .description('place sample bets: one on each side of each market of each game')
    .option('--stake-cents <number>', 'stake of each bet', toWhole, 1_000)
    .option('--json', 'print JSON')
    .action(async (options: { stakeCents: number; json?: true }, command: Command) => {
      const result = await inTables(command, (database) =>
        placeBets(database, { stakeCents: options.stakeCents, everySide: true }),
      );
      if (options.json) printJson(result);
      else
        print(
          `${amount(result.bets, 'bet')} on ${amount(result.games, 'game')} by ${amount(result.players, 'player')}.`,
        );
    });
}
