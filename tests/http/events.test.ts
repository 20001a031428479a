import { EventSource } from 'eventsource';
import { expect, it, onTestFinished } from 'vitest';
import type { HumdrumError } from '../../src/errors.ts';
import { Client } from '../../src/http/client.ts';
import { followChanges } from '../../src/http/events/follow.ts';
import { listen } from '../../src/http/server.ts';
import { openApi, type OpenApi } from '../support/api.ts';
import { anyBackend } from '../support/databases.ts';
import { job } from '../support/engine.ts';

const plain = job('test.plain', () => null);

interface Message {
  name: string;
  id: string;
  data: { id?: number; event?: string; jobId?: number };
}

/** Takes messages as they come. */
class Reader {
  readonly #body: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = '';

  constructor(answer: Response) {
    if (!answer.body) throw new Error('A stream has a body.');
    this.#body = answer.body.getReader();
    onTestFinished(() => this.close());
  }

  /** Null: it has ended. */
  async next(): Promise<Message | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const lines = this.#text.slice(0, end).split('\n');
        this.#text = this.#text.slice(end + 2);
        const of = (field: string) =>
          lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2) ?? '';
        if (of('event') === '') continue;
        const data = JSON.parse(of('data')) as Message['data'];
        return { name: of('event'), id: of('id'), data };
      }
      const { value, done } = await this.#body.read();
      if (done) return null;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async close(): Promise<void> {
    await this.#body.cancel().catch(() => undefined);
  }
}

async function follow(api: OpenApi, query = '', last?: string): Promise<Reader> {
  const headers = last === undefined ? {} : { 'last-event-id': last };
  const answer = await api.app.request(`/api/v1/events${query}`, { headers });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  return new Reader(answer);
}

anyBackend('the stream of changes', (fresh) => {
  it('tells what changes, and goes on behind the place that is given back', async () => {
    const api = await openApi(await fresh(), { jobs: [plain] });
    const { humdrum } = api;
    const before = await humdrum.enqueue(plain);
    const reader = await follow(api);
    expect(await reader.next()).toMatchObject({ name: 'ready', data: {} });
    const { id } = await humdrum.enqueue(plain);
    const first = await reader.next();
    expect(first).toMatchObject({ name: 'change', data: { event: 'created', jobId: id } });
    await reader.close();
    await humdrum.cancel(id, { reason: 'no\nneed' });
    await humdrum.cancel(before.id);
    const again = await follow(api, '', first?.id);
    expect(await again.next()).toMatchObject({ name: 'ready', id: first?.id });
    expect(await again.next()).toMatchObject({
      data: { event: 'cancelled', jobId: id, reason: 'no\nneed' },
    });
    const last = await again.next();
    expect(last?.data.jobId).toBe(before.id);
    const one = await follow(api, `?job=${id}&event=cancelled&event=created`, '0');
    const told = [await one.next(), await one.next(), await one.next()];
    expect(told.map((message) => message?.data.event)).toEqual([undefined, 'created', 'cancelled']);
    const lost = await follow(api, '', '999999');
    expect(await lost.next()).toMatchObject({ name: 'reset', id: last?.id });
    const refused = await api.send('/events', { headers: { 'last-event-id': 'yesterday' } });
    expect(refused.status).toBe(400);
    expect(refused.body.error?.message).toContain('Invalid Last-Event-ID: it must');
    expect((await api.send('/events?event=exploded')).status).toBe(400);
  });

  it('is read again for who is slow, and has an end', async () => {
    const stop = new AbortController();
    const api = await openApi(await fresh(), { jobs: [plain] }, { signal: stop.signal });
    const slow = await follow(api);
    const quick = await follow(api);
    await quick.next();
    const jobs = Array.from({ length: 9_000 }, () => ({ type: plain }));
    const ids = await api.humdrum.enqueueMany(jobs);
    for (const reader of [quick, slow]) {
      const seen = new Set<number>();
      let place = 0;
      while (seen.size < ids.length) {
        const message = await reader.next();
        if (!message) throw new Error('The stream has ended too early.');
        if (message.data.jobId !== undefined) seen.add(message.data.jobId);
        place = Number(message.id);
      }
      expect([...seen].toSorted((a, b) => a - b)).toEqual(ids);
      expect(place).toBeGreaterThan(0);
    }
    stop.abort();
    expect([await slow.next(), await quick.next()]).toEqual([null, null]);
    const late = await follow(api);
    expect(await late.next()).toBeNull();
  });

  it('is followed across ends, and told anew where its place is of another database', async () => {
    const first = await openApi(await fresh(), { jobs: [plain] });
    const other = await openApi(await fresh(), { jobs: [plain] });
    for (let times = 0; times < 3; times += 1) await first.humdrum.enqueue(plain);
    const server = await listen(first.app, 0);
    const client = new Client({ base: `${server.url}/api/v1` });
    const troubles: string[] = [];
    const onTrouble = ({ code }: HumdrumError): unknown => troubles.push(code);
    const query = { event: ['created' as const] };
    const news = followChanges(client, { query, onTrouble });
    const next = async () => (await news.next()).value;
    expect(await next()).toEqual({ kind: 'ready' });
    const { id } = await first.humdrum.enqueue(plain);
    expect(await next()).toMatchObject({
      kind: 'changes',
      changes: [{ event: 'created', jobId: id, at: expect.any(Date) as Date }],
    });
    await server.close();
    const coming = next();
    const again = await listen(other.app, Number(new URL(server.url).port));
    onTestFinished(() => again.close());
    expect(await coming).toEqual({ kind: 'reset' });
    await other.humdrum.enqueue(plain);
    expect(await next()).toMatchObject({ kind: 'changes', changes: [{ jobId: 1 }] });
    await news.return(undefined as never);
    expect(troubles.length).toBeLessThan(2);
    await again.close();
    const nobody = followChanges(client).next();
    await expect(nobody).rejects.toMatchObject({ code: 'server-unreachable' });
  });

  it('is for a hundred at once', async () => {
    const api = await openApi(await fresh());
    const readers = await Promise.all(Array.from({ length: 100 }, async () => follow(api)));
    const refused = await api.send('/events');
    expect(refused.status).toBe(429);
    expect(refused.body.error?.code).toBe('too-many-requests');
    await readers[0]?.close();
    const reader = await follow(api);
    expect(await reader.next()).toMatchObject({ name: 'ready' });
  });

  it('reaches an EventSource over a socket, and ends with the server', async () => {
    const api = await openApi(await fresh(), { jobs: [plain] });
    const server = await listen(api.app, 0);
    const source = new EventSource(`${server.url}/api/v1/events`);
    onTestFinished(() => source.close());
    const heard = async (name: string): Promise<{ data: string; lastEventId: string }> =>
      new Promise((resolve) => {
        source.addEventListener(
          name,
          (event) => resolve(event as unknown as { data: string; lastEventId: string }),
          {
            once: true,
          },
        );
      });
    await heard('ready');
    const change = heard('change');
    const { id } = await api.humdrum.enqueue(plain);
    const { data, lastEventId } = await change;
    expect(JSON.parse(data)).toMatchObject({ event: 'created', jobId: id });
    expect(lastEventId).toMatch(/^\d+$/);
    const ended = new Promise((resolve) => {
      source.addEventListener('error', resolve, { once: true });
    });
    await server.close();
    await ended;
    expect(source.readyState).toBe(source.CONNECTING);
  });
});
