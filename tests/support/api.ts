import type { Hono } from 'hono';
import type { Database } from '../../src/database/database.ts';
import type { Humdrum, HumdrumOptions } from '../../src/index.ts';
import { API } from '../../src/http/api-path.ts';
import { createApp, type AppOptions } from '../../src/http/app.ts';
import { Client } from '../../src/http/client.ts';
import { identifyLocal } from '../../src/http/loopback.ts';
import { openEngine, type EventLog } from './engine.ts';

export interface OpenApi {
  humdrum: Humdrum;
  events: EventLog;
  app: Hono;
  /** Calls the API in-process through the typed client. */
  client: Client;
  /** Sends a raw request in-process. */
  send: (path: string, init?: RequestInit) => Promise<Answered>;
}

export interface Answered {
  status: number;
  body: { success: boolean; data?: unknown; error?: { code: string; message: string } };
}

/** Opens an engine on `database` and its API. */
export async function openApi(
  database: Database,
  options: Omit<HumdrumOptions, 'database'> = {},
  more: Partial<AppOptions> = {},
): Promise<OpenApi> {
  const { humdrum, events } = await openEngine(database, options);
  const app = createApp(humdrum, { identify: identifyLocal, ...more });
  const fetch = async (request: Request): Promise<Response> => app.fetch(request);
  const client = new Client({ base: `http://localhost${more.basePath ?? ''}${API}`, fetch });
  const send: OpenApi['send'] = async (path, init) => {
    const answer = await app.request(`${more.basePath ?? ''}${API}${path}`, init);
    return { status: answer.status, body: (await answer.json()) as Answered['body'] };
  };
  return { humdrum, events, app, client, send };
}

export function jsonBody(body: unknown, method = 'POST'): RequestInit {
  return {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}
