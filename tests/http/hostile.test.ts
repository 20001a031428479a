import { expect, it } from 'vitest';
import { enqueueJob, listJobs, showJob } from '../../src/http/contract/jobs.ts';
import { rollUpAll } from '../../src/engine/statistics/roll-up.ts';
import { jsonBody, openApi } from '../support/api.ts';
import { anyBackend } from '../support/databases.ts';
import { job } from '../support/engine.ts';

const NUL = '\0';
const HALF = '\ud800';
const PAYLOADS: Record<string, unknown> = {
  HTML: { name: `<script>alert("1")</script><img src=x onerror='alert(2)'>` },
  'a megabyte of text': { text: 'ü'.repeat(500_000) },
  NUL: { tenant: `a${NUL}b`, [`k${NUL}`]: 1 },
  'half of a character': { tenant: `a${HALF}b`, [HALF]: HALF },
  'names of the language': JSON.parse(
    '{"__proto__": {"admin": true}, "constructor": {"prototype": 1}, "toString": null}',
  ) as unknown,
  'control characters': { text: '\u0001\u001b[31m\u2028\u2029\u202e\ufeff' },
  'what looks like SQL': { text: `'; drop table humdrum.job; --`, 'a"b': '$1' },
  'large numbers': { most: 1.7e308, least: 5e-324 },
};

const takes = job('test.takes', (_ctx, input) => input, { attributes: ['tenant'] });
const fails = job(
  'test.fails',
  (_ctx, { message }) => {
    throw new Error(String(message));
  },
  { retry: { attempts: 1 } },
);

const NESTED = '['.repeat(50_000) + ']'.repeat(50_000);
const typed = (type: string, body: string | Uint8Array<ArrayBuffer>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': type },
  body,
});
const json = (body: string | Uint8Array<ArrayBuffer>) => typed('application/json', body);
const REFUSED: [what: string, path: string, init: RequestInit, status: number, code: string][] = [
  [
    'a form',
    '/jobs',
    typed('application/x-www-form-urlencoded', 'type=test.takes'),
    415,
    'content-type-unsupported',
  ],
  [
    'plain text',
    '/jobs',
    typed('text/plain', '{"type":"test.takes"}'),
    415,
    'content-type-unsupported',
  ],
  ['XML', '/jobs', typed('application/xml', '<job/>'), 415, 'content-type-unsupported'],
  ['half of JSON', '/jobs', json('{"type":'), 400, 'request-invalid'],
  ['broken UTF-8', '/jobs', json(new Uint8Array([34, 0xff, 0xfe, 34])), 400, 'request-invalid'],
  ['a list', '/jobs', json('[]'), 400, 'request-invalid'],
  ['null', '/jobs', json('null'), 400, 'request-invalid'],
  ['depth', '/jobs', json(`{"type":"test.takes","input":${NESTED}}`), 400, 'request-invalid'],
  [
    'too much',
    '/jobs',
    jsonBody({ type: 'test.takes', input: { a: 'x'.repeat(3_000_000) } }),
    413,
    'body-too-large',
  ],
  [
    'a large input',
    '/jobs',
    jsonBody({ type: 'test.takes', input: { a: 'x'.repeat(1_100_000) } }),
    422,
    'input-invalid',
  ],
  [
    'a field too many',
    '/jobs',
    json('{"type":"test.takes","__proto__":{"role":"admin"}}'),
    400,
    'request-invalid',
  ],
  ['NUL in a type', '/jobs', jsonBody({ type: `test${NUL}` }), 400, 'request-invalid'],
  [
    'NUL in a key',
    '/jobs',
    jsonBody({ type: 'test.takes', unique: { key: NUL } }),
    400,
    'request-invalid',
  ],
  [
    'half a character in a reason',
    '/jobs/1/retry',
    jsonBody({ reason: HALF }),
    400,
    'request-invalid',
  ],
  ['a name of the language', '/jobs?__proto__=1', {}, 400, 'request-invalid'],
  ['the same twice', '/jobs?limit=1&limit=2', {}, 400, 'request-invalid'],
  ['NUL in a query', '/jobs?type=%00', {}, 400, 'request-invalid'],
  ['NUL in the text of an error', '/jobs?error=%00', {}, 400, 'request-invalid'],
  ['broken escapes', '/jobs/%zz', {}, 400, 'request-invalid'],
  ['a number beyond all', '/jobs/99999999999999999999', {}, 400, 'request-invalid'],
  ['half a number', '/jobs/1.5', {}, 400, 'request-invalid'],
  ['a year that is none', '/jobs?createdFrom=0000-01-01T00:00:00Z', {}, 400, 'request-invalid'],
  ['a day that is none', '/jobs?createdTo=2026-02-31T00:00:00Z', {}, 400, 'request-invalid'],
  ['a number for an instant', '/jobs?createdTo=5', {}, 400, 'request-invalid'],
  ['NUL in an attribute', '/jobs?attribute=a=%00', {}, 400, 'filter-invalid'],
  ['two values of an attribute', '/jobs?attribute=a=1&attribute=a=2', {}, 400, 'filter-invalid'],
  [
    'an attribute that is a name of the language',
    '/jobs/bulk/preview',
    json('{"action":"cancel","filter":{"type":["a"],"attributes":{"__proto__":1}}}'),
    400,
    'request-invalid',
  ],
  [
    'an instant after the last',
    '/jobs?createdTo=9999-12-31T23:59:59-01:00',
    {},
    400,
    'request-invalid',
  ],
  ['more values than may be', `/jobs?${'id=1&'.repeat(1_001)}`, {}, 400, 'request-invalid'],
  [
    'two that exclude each other',
    '/jobs',
    jsonBody({ type: 'test.takes', delayMs: 5, runAt: '2030-01-01T00:00:00Z' }),
    422,
    'input-invalid',
  ],
  ['another method', '/jobs', { method: 'DELETE' }, 404, 'not-found'],
  ['another place', '/jobs/../../etc/passwd', {}, 404, 'not-found'],
];

anyBackend('hostile payloads', (fresh) => {
  it('go through as they are, or are refused in a sentence', async () => {
    const db = await fresh();
    const { client, humdrum } = await openApi(db, { jobs: [takes, fails] });
    await humdrum.register();
    for (const [name, input] of Object.entries(PAYLOADS)) {
      const { id } = await client.call(enqueueJob, { body: { type: 'test.takes', input } });
      const shown = await client.call(showJob, { params: { id } });
      expect(JSON.stringify(shown.input), name).toBe(JSON.stringify(input));
      expect(Object.getPrototypeOf(shown.input), name).toBe(Object.prototype);
    }
    const texts = ['HTML', 'control characters'].map((name) => JSON.stringify(PAYLOADS[name]));
    for (const message of [...texts, `a${NUL}b${HALF}`, 'x'.repeat(1_000_000)]) {
      await client.call(enqueueJob, { body: { type: 'test.fails', input: { message } } });
    }
    await humdrum.drain();
    const { jobs } = await client.call(listJobs, {
      query: { status: ['failed'], order: 'oldest' },
    });
    const messages = jobs.map(({ errorMessage }) => errorMessage);
    for (const text of texts) expect(messages).toContain(text);
    expect(jobs.filter(({ type }) => type === 'test.fails')).toHaveLength(4);
    // Nothing of it stands in the way of what follows.
    await rollUpAll(db);
    const { id } = await humdrum.enqueue(takes, { tenant: 'acme' });
    await rollUpAll(db);
    const found = await client.call(listJobs, { query: { attribute: ['tenant=acme'] } });
    expect(found.jobs.map((one) => one.id)).toEqual([id]);
  });

  it('are refused with the status that people expect', async () => {
    const { send, humdrum, app } = await openApi(await fresh(), { jobs: [takes] });
    for (const [what, path, init, status, code] of REFUSED) {
      const answer = await send(path, init);
      expect([what, answer.status, answer.body.error?.code]).toEqual([what, status, code]);
      expect(answer.body.error?.message.length, what).toBeLessThan(1_000);
    }
    expect(await humdrum.listJobs()).toEqual([]);
    const html = await app.request('/api/v1/jobs?status=<script>');
    expect(html.headers.get('content-type')).toBe('application/json');
    expect(html.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('the last instant of all is one like the others', async () => {
    const { send, humdrum } = await openApi(await fresh(), { jobs: [takes] });
    await humdrum.enqueue(takes);
    await humdrum.drain();
    const last = '9999-12-31T23:59:59.999Z';
    for (const path of [
      `/jobs?createdTo=${last}&finishedTo=${last}`,
      `/jobs?createdFrom=${last}`,
      `/jobs?finishedFrom=${last}`,
      `/stats?from=${last}`,
      `/stats?to=${last}`,
      `/stats/series?from=0001-01-01T00:00:00Z&to=${last}&step=day`,
      `/audit?from=${last}`,
      `/audit?to=${last}`,
    ]) {
      expect([path, (await send(path)).status]).toEqual([path, 200]);
    }
  });
});
