import { Client, TypeOverrides } from 'pg';

const INT8 = 20;
const types = new TypeOverrides();
types.setTypeParser(INT8, Number);

/** A connection of the suite's own, straight to the server, for as long as `use` takes. */
export async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, types });
  // A server that is stopped ends this connection between two statements: the next one says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Tries until the server is there and `use` has an answer. */
export async function eventually<T>(
  url: string,
  use: (client: Client) => Promise<T>,
  withinMs = 30_000,
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    try {
      return await withClient(url, use);
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await sleep(200);
    }
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
