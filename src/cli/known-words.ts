import type { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import { readSetting, type GlobalFlags } from './config.ts';
import { plain, say } from './output.ts';

/** Job types and queues of the configuration that is here: for completion and for hints, without asking a database. */
export async function knownWords(
  flags: GlobalFlags,
): Promise<{ type: readonly string[]; queue: readonly string[] }> {
  const { jobs = [], packs = [] } = (await readSetting(flags)).config;
  const types = [...packs.flatMap((pack) => pack.jobs), ...jobs];
  return {
    type: types.map(({ type }) => type),
    queue: [...new Set(types.map(({ queue }) => queue))],
  };
}

const NOUN = { type: 'job type', queue: 'queue' } as const;

/** Where nothing was found: names that nobody here knows may be misspelt. */
export async function hintAtWords(
  command: Command,
  asked: { type?: string | string[] | undefined; queue?: string | string[] | undefined },
): Promise<void> {
  const known = await knownWords(command.optsWithGlobals<GlobalFlags>());
  for (const what of ['type', 'queue'] as const) {
    for (const word of [asked[what] ?? []].flat()) {
      if (known[what].length === 0 || known[what].includes(word)) continue;
      const nearest = closest(word, [...known[what]]);
      say(`humdrum: There is no ${NOUN[what]} "${plain(word)}" here. Did you mean "${nearest}"?`);
    }
  }
}
