import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { HumdrumError } from '../errors.ts';

/** Asked for twice at a terminal, without showing it; else the first line of standard input. Errors: `input-invalid`. */
export async function readNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/)[0] ?? '';
  const password = await ask('Password: ');
  if (password === (await ask('Once more: '))) return password;
  throw new HumdrumError('input-invalid', 'The two passwords are not the same.');
}

async function ask(question: string): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: unseen, terminal: true });
  const given = new AbortController();
  lines.once('SIGINT', () => given.abort());
  lines.once('close', () => given.abort());
  process.stderr.write(question);
  try {
    return await lines.question('', { signal: given.signal });
  } catch (cause) {
    throw new HumdrumError('input-invalid', 'No password was given.', { cause });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
