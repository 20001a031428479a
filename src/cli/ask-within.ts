import type { Humdrum } from '../engine/humdrum.ts';
import { API } from '../http/api-path.ts';
import { createApp } from '../http/app.ts';
import { Client } from '../http/client.ts';
import type { Identity } from '../http/identity.ts';
import { actor } from './engine-options.ts';

/** Calls the API in-process. Rethrows unexpected errors as they are, because there is no server log to read. */
export async function askWithin<T>(
  humdrum: Humdrum,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  const troubles: unknown[] = [];
  const me: Identity = { actor: actor(), role: 'admin', ambient: false };
  const app = createApp(humdrum, {
    identify: async () => me,
    onError: (error) => troubles.push(error),
  });
  const client = new Client({
    base: `http://localhost${API}`,
    fetch: (request) => app.fetch(request),
  });
  try {
    return await act(client);
  } catch (error) {
    throw troubles[0] ?? error;
  }
}
