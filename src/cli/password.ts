import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { HumdrumError } from '../errors.ts';

/** Prompts twice at a terminal, without echo. Otherwise reads the first line of standard input. Errors: `input-invalid`. */
export async function readNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/)[0] ?? '';
  const password = await ask('Password: ');
  if (password === (await ask('Repeat password: '))) return password;
  throw new HumdrumError('input-invalid', 'The passwords do not match.');
}

async function ask(question: string): Promise<string> {
  const noEcho = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: noEcho, terminal: true });
  const cancelled = new AbortController();
  lines.once('SIGINT', () => cancelled.abort());
  lines.once('close', () => cancelled.abort());
  process.stderr.write(question);
  try {
    return await lines.question('', { signal: cancelled.signal });
  } catch (cause) {
    throw new HumdrumError('input-invalid', 'No password was entered.', { cause });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
