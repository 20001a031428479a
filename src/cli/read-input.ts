import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { errorMessage, HumdrumError } from '../errors.ts';
import { parseJson } from './arguments.ts';

export const INPUT_HELP = 'input: JSON, @file, or - for standard input';

/** The input that `--input` gives. Errors: `input-invalid`. */
export async function readInput(given: string | undefined): Promise<unknown> {
  if (given === undefined) return undefined;
  if (given === '-') return parseJson(await text(process.stdin), 'Standard input');
  if (!given.startsWith('@')) return parseJson(given, '--input');
  const file = given.slice(1);
  try {
    return parseJson(await readFile(file, 'utf8'), file);
  } catch (cause) {
    if (cause instanceof HumdrumError) throw cause;
    throw new HumdrumError('input-invalid', `Cannot read ${file}: ${errorMessage(cause)}`, {
      cause,
    });
  }
}
