import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { arcade } from '../../src/packs/arcade/index.ts';
import { picks } from '../../src/packs/picks/index.ts';
import { quiz } from '../../src/packs/quiz/index.ts';
import { freshFolder } from '../support/databases.ts';

const ROOT = new URL('../../', import.meta.url);

/** Those that come along where no configuration file is. */
export const PACKS = [picks, quiz, arcade];

/** A folder with a configuration whose `jobs` are these, in JavaScript, with `defineJob` and `z` at hand. */
export async function projectWith(jobs: string): Promise<string> {
  const cwd = await freshFolder();
  const source = `
import { defineJob } from '${new URL('dist/index.js', ROOT).href}';
import { z } from '${import.meta.resolve('zod')}';
export default { jobs: [${jobs}] };
`;
  await writeFile(join(cwd, 'humdrum.config.mjs'), source);
  return cwd;
}

/** Doubles a number, and fails where there is none. */
export const DOUBLE = `defineJob({
  type: 'shop.double',
  input: z.object({ number: z.number().optional() }),
  retry: { attempts: 1 },
  run: (ctx, { number }) => {
    if (number === undefined) throw new RangeError('there is no number');
    return { doubled: 2 * number };
  },
})`;
