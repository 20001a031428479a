import { Option } from 'commander';
import { hasCredentials } from '../access/configured.ts';
import { makeLoginLink } from '../access/login-link.ts';
import { noteServer } from '../database/folder-lock.ts';
import { isFolder } from '../database/open.ts';
import type { Humdrum } from '../engine/humdrum.ts';
import { HumdrumError } from '../errors.ts';
import type { AccessOptions } from '../http/access-options.ts';
import { createApp, type AppOptions } from '../http/app.ts';
import { forLoopback, isLoopback } from '../http/loopback.ts';
import { listen, type Server } from '../http/server.ts';
import { toPort } from './arguments.ts';
import type { Setting } from './config.ts';

/** Where to listen. */
export interface Listening {
  port: number;
  host: string;
}

export function listeningOptions(): Option[] {
  return [
    new Option('--port <number>', '0 for any').env('PORT').argParser(toPort).default(3001),
    new Option('--host <address>', 'where to listen: 0.0.0.0 for all that this machine has')
      .env('HUMDRUM_HOST')
      .default('127.0.0.1'),
  ];
}

export interface Served extends Server {
  /** Makes a link that logs in once. Null: somebody can log in otherwise. */
  loginLink(): Promise<string | null>;
}

/**
 * The API of an engine, for whoever has credentials; while nobody has any, on loopback only. Errors: `config-invalid`,
 * `port-in-use`.
 */
export async function serve(
  humdrum: Humdrum,
  { config: { access = {} }, database }: Setting,
  { port, host }: Listening,
  options: Pick<AppOptions, 'metrics' | 'expectWorker'> = {},
): Promise<Served> {
  const open = await mayOpen(humdrum, access, host);
  const app = createApp(humdrum, { access, ...options });
  const server = await listen(open ? app : forLoopback(app), port, host);
  // Whoever finds the embedded database taken is told where to ask.
  if (isFolder(database)) await noteServer(database, server.url);
  const loginLink = async (): Promise<string | null> =>
    open ? null : `${server.url}/login/link?token=${await makeLoginLink(humdrum.database)}`;
  return { ...server, loginLink };
}

/** Whether somebody could log in. Without that it is for this machine alone. Errors: `config-invalid`. */
async function mayOpen(humdrum: Humdrum, { oidc }: AccessOptions, host: string): Promise<boolean> {
  if (oidc || (await hasCredentials(humdrum.database))) return true;
  if (isLoopback(host)) return false;
  throw new HumdrumError(
    'config-invalid',
    `Others can reach ${host}, and nobody could log in there yet. Make a user (humdrum users add NAME --role admin) or a key ` +
      '(humdrum keys create NAME --role admin) first, or leave --host away to listen on this machine alone.',
  );
}
