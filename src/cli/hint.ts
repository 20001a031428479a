import { didYouMean } from '../errors.ts';
import { listSchedules } from '../http/contract/schedules.ts';
import { listTypes } from '../http/contract/types.ts';
import type { Client } from '../http/client.ts';
import { plain, say } from './output.ts';

const WORDS = {
  type: { noun: 'job type', list: 'types' },
  queue: { noun: 'queue', list: 'queues' },
  schedule: { noun: 'schedule', list: 'schedules list' },
} as const;
type What = keyof typeof WORDS;

/** After an empty result, points out names that the server does not know, which may be misspelt. */
export async function hintAtWords(
  client: Client,
  asked: { [what in What]?: string | string[] | undefined },
): Promise<void> {
  for (const what of ['type', 'queue', 'schedule'] as const) {
    const words = [asked[what] ?? []].flat();
    if (words.length === 0) continue;
    const known = await namesOf(client, what);
    for (const word of words.filter((one) => !known.includes(one))) {
      const { noun, list } = WORDS[what];
      const hint = didYouMean(word, known) || ` List them with: humdrum ${list}`;
      say(`humdrum: There is no ${noun} "${plain(word)}".${hint}`);
    }
  }
}

async function namesOf(client: Client, what: What): Promise<string[]> {
  if (what === 'schedule') {
    const { schedules } = await client.call(listSchedules);
    return schedules.map(({ schedule }) => schedule);
  }
  const { types } = await client.call(listTypes);
  return [...new Set(types.map((one) => one[what]))];
}
