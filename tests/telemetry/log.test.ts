import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { logTo } from '../../src/cli/log.ts';
import { PermanentError } from '../../src/index.ts';
import type { Tracing } from '../../src/engine/ports/tracing.ts';
import { anyBackend, freshFolder, freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { cli, Running } from '../support/process.ts';
import { samplesOf } from './scrape.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** Traces every run as this one. */
const tracing: Tracing = {
  enqueue: (_jobs, persist) => persist(null),
  run: (_job, perform) => perform(`00-${TRACE_ID}-b7ad6b7169203331-01`),
};

anyBackend('the log', (fresh) => {
  async function linesOf(level: string, traced: boolean): Promise<Record<string, unknown>[]> {
    const chatty = job('test.chatty', (ctx) => {
      ctx.log('halfway', { rows: 3 });
      if (ctx.job.attempt === 1) throw new Error('once');
      return { message: 'Done.' };
    });
    const hopeless = job('test.hopeless', () => {
      throw new PermanentError('never');
    });
    const options = { jobs: [chatty, hopeless], ...(traced ? { tracing } : {}) };
    const { humdrum } = await openEngine(await fresh(), options);
    const lines: Record<string, unknown>[] = [];
    const write = (line: string): void => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    };
    humdrum.observe(logTo(pino({ level, base: null, timestamp: false }, { write })));
    await humdrum.enqueue(chatty);
    await humdrum.drain();
    await humdrum.enqueue(hopeless);
    await humdrum.drain();
    return lines;
  }

  it('keeps the lines of an attempt that a stop aborts, which is not recorded', async () => {
    const waiting = job('test.waiting', async (ctx) => {
      ctx.log('charged', { cents: 5 });
      await new Promise((_, reject) => {
        ctx.signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    });
    const { humdrum, events } = await openEngine(await fresh(), { jobs: [waiting] });
    const lines: unknown[] = [];
    const write = (line: string): void => void lines.push(JSON.parse(line));
    humdrum.observe(logTo(pino({ level: 'info', base: null, timestamp: false }, { write })));
    const { id } = await humdrum.enqueue(waiting);
    await humdrum.start();
    await events.until((log) => log.count('job-started') > 0);
    await humdrum.stop(0);
    const about = { job: id, attempt: 1, type: 'test.waiting' };
    expect(lines).toContainEqual({ level: 30, ...about, fields: { cents: 5 }, msg: 'charged' });
    expect(lines).toContainEqual({
      level: 40,
      ...about,
      msg: 'test.waiting aborted, and not counted as an attempt',
    });
    expect(await humdrum.showJob(id)).toMatchObject({ status: 'queued', attemptRecords: [] });
  });

  it('has job, attempt and trace on every line of a run', async () => {
    const first = { job: 1, attempt: 1, type: 'test.chatty', trace_id: TRACE_ID };
    const second = { ...first, attempt: 2 };
    const durationMs = expect.any(Number) as number;
    const third = { job: 2, attempt: 1, type: 'test.hopeless', trace_id: TRACE_ID };
    expect(await linesOf('debug', true)).toEqual([
      { level: 20, ...first, msg: 'test.chatty started' },
      { level: 20, ...first, fields: { rows: 3 }, msg: 'halfway' },
      {
        level: 40,
        ...first,
        durationMs,
        error: 'Error: once',
        msg: 'test.chatty failed, and will be retried',
      },
      { level: 20, ...second, msg: 'test.chatty started' },
      { level: 20, ...second, fields: { rows: 3 }, msg: 'halfway' },
      { level: 30, ...second, durationMs, msg: 'test.chatty completed: Done.' },
      { level: 20, ...third, msg: 'test.hopeless started' },
      {
        level: 50,
        ...third,
        durationMs,
        error: 'PermanentError: never',
        msg: 'test.hopeless failed',
      },
    ]);
  });

  it('leaves out what an operator has not asked for, and the trace where there is none', async () => {
    const lines = await linesOf('warn', false);
    expect(lines.map(({ level }) => level)).toEqual([40, 50]);
    expect(lines.filter((line) => 'trace_id' in line)).toEqual([]);
  });
});

describe('humdrum worker', () => {
  const index = new URL('../../dist/index.js', import.meta.url);

  async function configuration(): Promise<string> {
    const file = join(await freshFolder(), 'humdrum.config.mjs');
    await writeFile(
      file,
      `import { defineJob } from '${index.href}';
      import { z } from '${pathToFileURL(join(import.meta.dirname, '../../node_modules/zod/index.js')).href}';
      const input = z.object({});
      const run = (ctx) => {
        ctx.log('calling', { password: 'open sesame', user: { token: 'tok_1' }, email: 'ada@example.org' });
        return null;
      };
      export default { jobs: [defineJob({ type: 'test.call', input, run, schedule: { cron: '* * * * * *' } })] };`,
    );
    return file;
  }

  it('leaves secrets out of its log, and serves its probes and metrics', async () => {
    const database = await freshUrl();
    const worker = new Running(
      ['worker', '--probes', '0', '--config', await configuration(), '--database', database],
      { env: { LOG_FORMAT: 'json', LOG_LEVEL: 'debug', LOG_REDACT: 'fields.email' } },
    );
    const url = /http:\S+\d/.exec(await worker.saying(/Probes listen at/))?.[0] ?? '';
    const line = JSON.parse(await worker.saying(/calling/)) as object;
    expect(line).toMatchObject({
      type: 'test.call',
      fields: { password: '[redacted]', user: { token: '[redacted]' }, email: '[redacted]' },
    });
    expect(worker.lines.join('\n')).not.toMatch(/sesame|tok_1|ada@/);
    await worker.saying(/test\.call completed/);
    for (const path of ['/livez', '/readyz', '/startupz']) {
      expect((await fetch(`${url}${path}`)).status).toBe(200);
    }
    const seen = samplesOf(await (await fetch(`${url}/metrics`)).text());
    const completed = 'humdrum_jobs_completed_total{queue="default",type="test.call"}';
    expect(seen.get(completed)).toBeGreaterThanOrEqual(1);
    expect(await worker.end('SIGTERM')).toBe(0);
  });

  it.each([
    [['worker', '--probes', 'here'], {}, /Expected a port/],
    [['worker', '--probes', ':9464'], {}, /an address such as 0\.0\.0\.0:9464/],
    [['worker'], { LOG_REDACT: 'fields[' }, /LOG_REDACT must be a list of paths/],
  ])('%j with %j is refused', async (args, env, message) => {
    const { code, stderr } = await cli(args, { cwd: await freshFolder(), env });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
