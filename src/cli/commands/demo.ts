import { Argument, Command, InvalidArgumentError } from 'commander';
import { closest } from 'fastest-levenshtein';
import { arcadeStory } from '../demo/arcade.ts';
import { quizStory } from '../demo/quiz.ts';
import { simulate } from '../demo/simulate.ts';
import { tellArcade, tellQuiz } from '../demo/tell.ts';
import { toAtMost } from '../arguments.ts';
import { refuseDryRun } from '../dry-run.ts';
import { count, plain, print, printJson, say } from '../output.ts';
import { refuseUrl } from '../session.ts';

interface DemoFlags {
  players: number;
  seed: string;
  json?: true;
}

const MOST_PLAYERS = 2_000;
const PLAYERS = 200;

type Demo = (flags: DemoFlags) => Promise<{ week: object; text: string }>;

const DEMOS: Record<string, Demo> = {
  async quiz({ players, seed }) {
    const week = await simulate(quizStory(players, seed));
    return { week, text: tellQuiz(week) };
  },
  async arcade({ players, seed }) {
    const week = await simulate(arcadeStory(players, seed));
    return { week, text: tellArcade(week) };
  },
};

export function demoCommand(): Command {
  return new Command('demo')
    .description('simulate a week of a pack in memory and report the results; stores nothing')
    .addArgument(new Argument('<pack>', 'quiz or arcade').argParser(toPack))
    .option('--players <number>', 'number of players', toAtMost(MOST_PLAYERS), PLAYERS)
    .option('--seed <text>', 'a different seed gives a different week', 'humdrum')
    .option('--json', 'print JSON')
    .action(async (pack: string, flags: DemoFlags, command: Command) => {
      refuseUrl(command);
      refuseDryRun('simulate: a demo writes nothing, but it runs jobs in memory');
      say(`Simulating a week of ${pack} with ${count(flags.players)} players in memory.`);
      const { week, text } = await (DEMOS[pack] as Demo)(flags);
      const { players, seed, json } = flags;
      if (json) printJson({ pack, players, seed, ...week });
      else print(text);
    });
}

function toPack(text: string): string {
  const names = Object.keys(DEMOS);
  if (names.includes(text)) return text;
  throw new InvalidArgumentError(
    `There is no demo "${plain(text)}". Did you mean "${closest(text, names)}"?`,
  );
}
