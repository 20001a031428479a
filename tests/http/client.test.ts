import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { API } from '../../src/http/api-path.ts';
import { Client } from '../../src/http/client.ts';
import { createKey } from '../../src/http/contract/access.ts';
import { listJobs, showJob } from '../../src/http/contract/jobs.ts';
import { listQueues } from '../../src/http/contract/queues.ts';

const clientOf = (app: Hono): Client =>
  new Client({ base: `http://localhost${API}`, fetch: (request) => app.fetch(request) });

describe('the client', () => {
  it('sends nothing that the API would not take, and says what that is', async () => {
    const app = new Hono();
    app.all('*', () => {
      throw new Error('Nothing should have been sent.');
    });
    const client = clientOf(app);
    await expect(client.call(listJobs, { query: { limit: 5_000 } })).rejects.toMatchObject({
      code: 'request-invalid',
      message: 'Invalid query: limit must be a whole number from 1 to 1,000 (got 5000).',
    });
    await expect(client.call(showJob, { params: { id: 0.5 } })).rejects.toMatchObject({
      code: 'request-invalid',
      message: expect.stringMatching(/^Invalid path: id must .* \(got 0\.5\)/) as string,
    });
    const body = { name: 'ci', role: 'viewer', expiresAt: new Date(8.64e15) } as const;
    await expect(client.call(createKey, { body })).rejects.toMatchObject({
      code: 'request-invalid',
      message: expect.stringMatching(/^Invalid body: expiresAt must/) as string,
    });
  });

  it('says that a server is of another version, or is no such server', async () => {
    const other = new Hono();
    other.get(`${API}/queues`, (c) => c.json({ success: true, data: { queues: 'none' } }));
    other.get(`${API}/jobs`, (c) => c.text('Welcome to nginx'));
    await expect(clientOf(other).call(listQueues)).rejects.toMatchObject({
      code: 'server-unreachable',
      message:
        "This version of humdrum does not understand the server's answer (listQueues). Check that both have the same version.",
    });
    await expect(clientOf(other).call(listJobs)).rejects.toMatchObject({
      code: 'server-unreachable',
      message: expect.stringMatching(
        /is not from a Humdrum server\. Check the address\.$/,
      ) as string,
    });
  });
});
