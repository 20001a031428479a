import { closest } from 'fastest-levenshtein';
import { listTypes } from '../http/contract/types.ts';
import type { Client } from '../http/client.ts';
import { plain, say } from './output.ts';

const NOUN = { type: 'job type', queue: 'queue' } as const;

/** Where nothing was found: names that the server does not know may be misspelt. */
export async function hintAtWords(
  client: Client,
  asked: { type?: string | string[] | undefined; queue?: string | string[] | undefined },
): Promise<void> {
  if (asked.type === undefined && asked.queue === undefined) return;
  const { types } = await client.call(listTypes);
  const known = {
    type: types.map(({ type }) => type),
    queue: [...new Set(types.map(({ queue }) => queue))],
  };
  for (const what of ['type', 'queue'] as const) {
    for (const word of [asked[what] ?? []].flat()) {
      if (known[what].length === 0 || known[what].includes(word)) continue;
      const nearest = closest(word, known[what]);
      say(`humdrum: There is no ${NOUN[what]} "${plain(word)}" here. Did you mean "${nearest}"?`);
    }
  }
}
