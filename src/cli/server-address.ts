import { readFile } from 'node:fs/promises';
import { errorMessage, HumdrumError } from '../errors.ts';
import { API } from '../http/api-path.ts';
import type { GlobalFlags } from './config.ts';
import { say } from './output.ts';

export interface ServerAddress {
  /** URL of its API. */
  base: string;
  key?: string;
}

/** The running server to use: `--url`, or `HUMDRUM_URL` if there is no `--database`. Null if neither is set. */
export async function serverAddress(flags: GlobalFlags): Promise<ServerAddress | null> {
  const { url, database } = flags;
  if (url !== undefined && database !== undefined) {
    throw new HumdrumError(
      'config-invalid',
      'Use either --url or --database, not both: the server has its own database.',
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
      `"${address}" is not a server URL. Expected something like http://127.0.0.1:3001.`,
    );
  }
  const trimmed = address.replace(/\/+$/, '');
  return trimmed.endsWith(API) ? trimmed : `${trimmed}${API}`;
}

/** Reads the key from a file or the environment, never from a flag: other users of the machine can see command lines. */
async function readKey({ keyFile }: GlobalFlags): Promise<string | null> {
  if (keyFile === undefined) return process.env['HUMDRUM_KEY'] || null;
  let text: string;
  try {
    text = await readFile(keyFile, 'utf8');
  } catch (cause) {
    const why = errorMessage(cause);
    throw new HumdrumError('config-invalid', `Cannot read ${keyFile}: ${why}`, { cause });
  }
  const key = text.trim();
  if (/^\S+$/.test(key)) return key;
  throw new HumdrumError(
    'config-invalid',
    `${keyFile} does not contain a key. It must be a single word.`,
  );
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function warnOfPlainText(base: string): void {
  const { protocol, hostname } = new URL(base);
  if (protocol === 'https:' || LOOPBACK.has(hostname)) return;
  say(`humdrum: Warning: the key is sent to ${hostname} unencrypted. Use https.`);
}
