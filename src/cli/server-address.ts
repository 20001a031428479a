import { readFile } from 'node:fs/promises';
import { errorMessage, HumdrumError } from '../errors.ts';
import { API } from '../http/api-path.ts';
import type { GlobalFlags } from './config.ts';
import { say } from './output.ts';

export interface ServerAddress {
  /** Where its API is. */
  base: string;
  key?: string;
}

/** The running server to ask, where one is named: `--url`, or `HUMDRUM_URL` where no `--database` is given. */
export async function serverAddress(flags: GlobalFlags): Promise<ServerAddress | null> {
  const { url, database } = flags;
  if (url !== undefined && database !== undefined) {
    throw new HumdrumError(
      'config-invalid',
      'Name a server with --url or a database with --database, not both: the server has its own.',
    );
  }
  const address = url ?? (database === undefined ? process.env['HUMDRUM_URL'] : undefined);
  if (!address) return null;
  const base = baseOf(address);
  const key = await readKey(flags);
  if (key === null) return { base };
  warnOfPlainText(base);
  return { base, key };
}

function baseOf(address: string): string {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new HumdrumError(
      'config-invalid',
      `"${address}" is no address of a server. It looks like http://127.0.0.1:3001.`,
    );
  }
  const trimmed = address.replace(/\/+$/, '');
  return trimmed.endsWith(API) ? trimmed : `${trimmed}${API}`;
}

/** Never from the command line itself: other users of a machine can read that. */
async function readKey({ keyFile }: GlobalFlags): Promise<string | null> {
  if (keyFile === undefined) return process.env['HUMDRUM_KEY'] || null;
  let text: string;
  try {
    text = await readFile(keyFile, 'utf8');
  } catch (cause) {
    const why = errorMessage(cause);
    throw new HumdrumError('config-invalid', `${keyFile} cannot be read: ${why}`, { cause });
  }
  const key = text.trim();
  if (/^\S+$/.test(key)) return key;
  throw new HumdrumError('config-invalid', `${keyFile} holds no key: it should be one word.`);
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function warnOfPlainText(base: string): void {
  const { protocol, hostname } = new URL(base);
  if (protocol === 'https:' || LOOPBACK.has(hostname)) return;
  say(`humdrum: the key goes to ${hostname} in plain text. Use https where others can listen.`);
}
