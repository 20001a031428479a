import { text } from 'node:stream/consumers';
import type { ReadableStream } from 'node:stream/web';
import { expect, it } from 'vitest';
import { fsStorage } from '../../src/effects/fs-storage.ts';
import { exportAudit, searchAudit, verifyAudit } from '../../src/http/contract/audit.ts';
import { listDeadLetters, listReceivers, redeliver } from '../../src/http/contract/effects.ts';
import { linkFile } from '../../src/http/contract/files.ts';
import { countJobs, series, statistics } from '../../src/http/contract/stats.ts';
import { defineChannel, defineSubscriber, verifyAuditExport } from '../../src/index.ts';
import { sealLog } from '../../src/engine/audit/seal-log.ts';
import { Signer } from '../../src/http/signer.ts';
import { jsonBody, openApi } from '../support/api.ts';
import { anyBackend, freshFolder } from '../support/databases.ts';
import { job, stopClockAt } from '../support/engine.ts';
import { sha256Of } from '../support/storages.ts';

const plain = job('test.plain', () => null);
const emits = job('test.emits', (ctx) => {
  ctx.emit('shop.ordered', { cents: 5 });
  ctx.notify({ channel: 'mail', to: 'ada', text: 'Thank you.' });
  ctx.emit('shop.shipped', null);
});
const KEY = 'a key';
const NAME = `bill "<b>" 1'2*.html`;
const PAGE = '<script>alert(1)</script>';
const stores = job('test.stores', async (ctx) => ({
  ...(await ctx.files.put(NAME, PAGE, { contentType: 'text/html' })),
}));

anyBackend('reading over HTTP', (fresh) => {
  it('searches, exports and verifies the audit', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    const { client, humdrum, app, send } = await openApi(db, { jobs: [plain], actor: 'user:ada' });
    const { id } = await humdrum.enqueue(plain);
    await moveTo('2026-03-01T12:00:00Z');
    await humdrum.cancel(id, { reason: 'not needed' });
    const { id: other } = await humdrum.enqueue(plain, {}, { actor: 'user:bob' });
    const told = async (query: object) =>
      (await client.call(searchAudit, { query })).rows.map(({ event, jobId }) => [event, jobId]);
    expect(await told({})).toEqual([
      ['created', other],
      ['cancelled', id],
      ['created', id],
    ]);
    expect(await told({ job: id })).toHaveLength(2);
    expect(await told({ job: id, event: ['cancelled'] })).toEqual([['cancelled', id]]);
    expect(await told({ actor: 'user:bob' })).toEqual([['created', other]]);
    expect(await told({ actor: 'user:*' })).toHaveLength(3);
    expect(await told({ actor: 'bob' })).toEqual([]);
    expect(await told({ from: new Date('2026-03-01T11:00:00Z') })).toHaveLength(2);
    expect(await told({ to: new Date('2026-03-01T11:00:00Z') })).toEqual([['created', id]]);
    const first = await client.call(searchAudit, { query: { limit: 2 } });
    expect(first.rows[1]).toMatchObject({ actor: 'user:ada', reason: 'not needed' });
    const rest = await client.call(searchAudit, { query: { before: first.next ?? 0 } });
    expect(rest).toMatchObject({ rows: [{ event: 'created', jobId: id }], next: null });

    await sealLog(db);
    const report = await client.call(verifyAudit);
    expect(report).toMatchObject({ fault: null, seals: 1, rows: 3, unsealed: 0 });
    const lines = await (await client.open(exportAudit)).text();
    expect(await verifyAuditExport(linesOf(lines))).toEqual(report);
    const expect64 = 'a'.repeat(64);
    expect(await client.call(verifyAudit, { query: { expect: expect64 } })).toMatchObject({
      fault: { kind: 'hash-unknown', hash: expect64 },
    });
    const reading = await app.request('/api/v1/audit/export');
    expect((await send('/audit/verify')).status).toBe(429);
    await reading.body?.cancel();
    expect((await send('/audit/verify')).status).toBe(200);
    expect((await send('/audit?event=exploded')).status).toBe(400);
    expect((await send('/audit/verify?expect=no')).status).toBe(400);
  });

  it('draws what happened in steps of time', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-03-01T23:59:30Z');
    const { client, humdrum, send } = await openApi(db, { jobs: [plain, emits] });
    await humdrum.enqueueMany([{ type: plain }, { type: plain }, { type: emits }]);
    await moveTo('2026-03-02T00:01:00Z');
    await humdrum.drain();
    const query = {
      from: new Date('2026-03-01T00:00:00Z'),
      to: new Date('2026-03-03T00:00:00Z'),
    };
    const minutes = await client.call(series, {
      query: { ...query, step: 'minute', type: ['test.plain'] },
    });
    expect(minutes.series).toMatchObject([
      {
        type: 'test.plain',
        points: [
          { at: new Date('2026-03-01T23:59:00Z'), created: 2, completed: 0, runMs: null },
          { at: new Date('2026-03-02T00:01:00Z'), created: 0, completed: 2 },
        ],
      },
    ]);
    const waited = minutes.series[0]?.points[1]?.waitMs?.p50 ?? 0;
    expect(waited / 90_000).toBeGreaterThan(0.9);
    expect(waited / 90_000).toBeLessThan(1.1);
    const days = await client.call(series, {
      query: { ...query, step: 'day', type: ['test.plain', 'test.emits'] },
    });
    expect(days.series.map(({ type, points }) => [type, points.length])).toEqual([
      ['test.emits', 2],
      ['test.plain', 2],
    ]);
    const { types } = await client.call(statistics, { query: { type: 'test.plain' } });
    expect(types).toMatchObject([{ created: 2, completed: 2, cancelled: 0 }]);
    expect((await client.call(countJobs)).types).toContainEqual({
      type: 'test.plain',
      queued: 0,
      running: 0,
      completed: 2,
      failed: 0,
      cancelled: 0,
    });
    const wrong = await send(
      '/stats/series?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z&step=day',
    );
    expect(wrong.status).toBe(400);
    expect((await send('/stats/series?step=week')).status).toBe(400);
  });

  it('shows what could not be delivered, and delivers it', async () => {
    let isUp = false;
    const heard: string[] = [];
    const take = async ({ key }: { key: string }) => {
      if (!isUp && key.endsWith('-2')) throw new Error('no connection');
      heard.push(key);
    };
    const retry = { attempts: 1 };
    const receivers = [
      defineSubscriber({ name: 'stock', events: ['shop.*'], retry, run: take }),
      defineChannel({ name: 'mail', retry, send: take }),
    ];
    const { client, humdrum, send } = await openApi(await fresh(), { jobs: [emits], receivers });
    const { id } = await humdrum.enqueue(emits);
    await humdrum.drain();
    expect((await client.call(listReceivers)).receivers).toEqual([
      { name: 'deliver.stock', events: ['shop.*'] },
      { name: 'notify.mail', events: [] },
    ]);
    const { letters, next } = await client.call(listDeadLetters);
    expect(next).toBeNull();
    expect(letters).toMatchObject([
      {
        job: { type: 'deliver.stock', status: 'failed', errorMessage: 'no connection' },
        from: id,
        effects: [{ key: `humdrum-${id}-2`, kind: 'event', name: 'shop.shipped' }],
      },
    ]);
    const query = { receiver: 'notify.mail' };
    expect((await client.call(listDeadLetters, { query })).letters).toEqual([]);
    isUp = true;
    const letter = letters[0]?.job.id ?? 0;
    await client.call(redeliver, { params: { id: letter }, body: { reason: 'it is back' } });
    await humdrum.drain();
    expect(heard.toSorted()).toEqual([0, 1, 2].map((ordinal) => `humdrum-${id}-${ordinal}`));
    expect((await client.call(listDeadLetters)).letters).toEqual([]);
    expect((await send(`/effects/dead-letters/${id}/redeliver`, { method: 'POST' })).status).toBe(
      409,
    );
  });

  it('gives files away by links that expire, to be saved and not shown', async () => {
    const files = fsStorage(await freshFolder());
    const more = { signingKey: KEY, basePath: '/admin' };
    const { client, humdrum, app, send } = await openApi(
      await fresh(),
      { jobs: [stores], files },
      more,
    );
    await humdrum.run(stores);
    const params = { sha256: sha256Of(PAGE) };
    const link = await client.call(linkFile, { params, body: { validSeconds: 60 } });
    expect(link).toMatchObject({ name: NAME, bytes: PAGE.length, contentType: 'text/html' });
    expect(link.url).toMatch(/^\/admin\/api\/v1\/files\/download\?link=/);
    const answer = await app.request(link.url);
    expect(answer.status).toBe(200);
    expect(await text(answer.body as ReadableStream)).toBe(PAGE);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': `attachment; filename*=UTF-8''bill%20%22%3Cb%3E%22%201%272%2a.html`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-length': String(PAGE.length),
    });
    const { url: _url, expiresAt: _until, ...file } = link;
    const old = new Signer(KEY).sign('file', { ...file, ...params }, new Date(Date.now() - 1));
    const gone = { ...file, sha256: 'b'.repeat(64) };
    const soon = new Date(Date.now() + 60_000);
    for (const [path, status] of [
      [`/files/download?link=${old}`, 403],
      [`/files/download?link=${new Signer('another').sign('file', file, soon)}`, 403],
      [`/files/download?link=${new Signer(KEY).sign('bulk', file, soon)}`, 403],
      [`/files/download?link=${new Signer(KEY).sign('file', gone, soon)}`, 404],
      ['/files/download', 400],
    ] as const) {
      expect((await send(path)).status, path).toBe(status);
    }
    expect((await send(`/files/${'c'.repeat(64)}/link`, jsonBody({}))).status).toBe(404);
    expect((await send('/files/x/link', jsonBody({}))).status).toBe(400);
  });
});

async function* linesOf(lines: string): AsyncGenerator<string> {
  for (const line of lines.trimEnd().split('\n')) yield line;
}
