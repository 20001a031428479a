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

/** The address to listen on. */
export interface Listening {
  port: number;
  host: string;
}

export function listeningOptions(): Option[] {
  return [
    new Option('--port <number>', 'port to listen on; 0 for any free one')
      .env('PORT')
      .argParser(toPort)
      .default(3001),
    new Option('--host <address>', 'address to listen on; 0.0.0.0 for all')
      .env('HUMDRUM_HOST')
      .default('127.0.0.1'),
  ];
}

export interface Served extends Server {
  /** Creates a one-time login link. Null if users can log in by other means. */
  loginLink(): Promise<string | null>;
}

/**
 * Serves the API of an engine. Without any credentials configured, accepts only loopback. Errors: `config-invalid`,
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
  // Processes that find the embedded database locked name this URL in their error.
  if (isFolder(database)) await noteServer(database, server.url);
  const loginLink = async (): Promise<string | null> =>
    open ? null : `${server.url}/login/link?token=${await makeLoginLink(humdrum.database)}`;
  return { ...server, loginLink };
}

/** Whether anyone could log in. If not, the server is for this machine only. Errors: `config-invalid`. */
async function mayOpen(humdrum: Humdrum, { oidc }: AccessOptions, host: string): Promise<boolean> {
  if (oidc || (await hasCredentials(humdrum.database))) return true;
  if (isLoopback(host)) return false;
  throw new HumdrumError(
    'config-invalid',
    `Cannot listen on ${host} without any users or keys, because other machines could reach it. First create a user ` +
      '(humdrum users add NAME --role admin) or a key (humdrum keys create NAME --role admin), or omit --host to listen only on this machine.',
  );
}
