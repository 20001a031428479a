import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { createHumdrum, defineJob } from '../../src/index.ts';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { cli, Running } from '../support/process.ts';

const ROOT = new URL('../../', import.meta.url);
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const ORDERS = 8;

interface Step {
  args: string[];
  /** Lines that it prints among others, in this order; `…` stands for anything. */
  lines: string[];
}

/** The commands of the page, and what it says that they print. */
async function stepsOfThePage(): Promise<Step[]> {
  const page = await readFile(new URL('docs/guides/operate/bad-night.md', ROOT), 'utf8');
  const text = [...page.matchAll(/```console\n([^]*?)```/g)]
    .map(([, block = '']) => block)
    .join('');
  const steps: Step[] = [];
  for (const line of text.trimEnd().split('\n')) {
    const [, command] = /^\$ humdrum (.*)$/.exec(line) ?? [];
    if (command === undefined) steps.at(-1)?.lines.push(line);
    else steps.push({ args: wordsOf(command), lines: [] });
  }
  return steps;
}

const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

function patternOf(lines: readonly string[]): RegExp {
  const escaped = lines.map((line) =>
    line
      .split('…')
      .map((part) =>
        part
          .trim()
          .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
          .replaceAll(/ +/g, ' +'),
      )
      .join('.*'),
  );
  return new RegExp(escaped.map((line) => `^.*${line}.*$`).join('[^]*'), 'm');
}

/** The shop, by its release: a folder. */
async function release(total: string, hook: string): Promise<string> {
  const source = `
import { defineJob } from '${new URL('dist/index.js', ROOT).href}';
import { defineAlerts, webhookSink } from '${new URL('dist/health/index.js', ROOT).href}';
import { z } from '${import.meta.resolve('zod')}';
const sendReceipt = defineJob({
  type: 'shop.send-receipt',
  input: z.object({ order: z.number(), lines: z.array(z.number()).optional() }),
  retry: { attempts: 1 },
  run: (ctx, { order, lines }) => {
    const total = ${total}.reduce((sum, line) => sum + line, 0);
    ctx.emit('shop.receipt-sent', { order, total });
    return { total };
  },
});
export default {
  jobs: [sendReceipt],
  alerts: defineAlerts({ sinks: [webhookSink({ url: '${hook}', secret: '${SECRET}' })] }),
};
`;
  const cwd = await freshFolder();
  await writeFile(join(cwd, 'humdrum.config.mjs'), source);
  return cwd;
}

/** A receiver of webhooks, which takes nothing that is not signed. */
async function receiver(): Promise<{ url: string; told: string[] }> {
  const told: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat(await request.toArray()).toString();
      const headers = request.headers as Record<string, string>;
      const { data } = new Webhook(SECRET).verify(body, headers) as {
        data: Record<string, string>;
      };
      told.push(`${data['notice']}: ${data['summary']}`);
      response.end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

it('is walked through as the page says', { timeout: 180_000 }, async () => {
  const url = await freshUrl();
  const env = { DATABASE_URL: url };
  const hook = await receiver();
  let cwd = await release('lines', hook.url);
  const type = defineJob({
    type: 'shop.send-receipt',
    input: z.object({}),
    retry: { attempts: 1 },
    run: () => null,
  });
  const shop = await createHumdrum({ database: url, jobs: [type] });
  onTestFinished(() => shop.close());
  await shop.enqueueMany(
    Array.from({ length: ORDERS }, (_, at) => ({ type, input: { order: at + 1 } })),
  );
  const finished = async (status: 'failed' | 'completed'): Promise<number> =>
    (await shop.listJobs({ status: [status], type: ['shop.send-receipt'] })).length;

  let worker = new Running(['worker'], { cwd, env });
  await until(async () => (await finished('failed')) === ORDERS);
  expect(await cli(['run', 'humdrum.check-health'], { cwd, env })).toMatchObject({ code: 0 });
  await until(() => hook.told.length === 1);

  for (const { args, lines } of await stepsOfThePage()) {
    if (args.includes('--dry-run')) cwd = await release('(lines ?? [])', hook.url);
    const { code, stdout, stderr } = await cli(args, { cwd, env });
    expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
    expect(stdout, args.join(' ')).toMatch(patternOf(lines));
    if (args.includes('--dry-run')) {
      await worker.end('SIGTERM');
      worker = new Running(['worker'], { cwd, env });
    }
    if (args[1] === 'retry' && args[2] === '1')
      await until(async () => (await finished('completed')) === 1);
    if (args.includes('--over')) await until(async () => (await finished('completed')) === ORDERS);
  }
  await until(() => hook.told.length === 2);
  expect(hook.told).toEqual([
    'fired: shop.send-receipt has failed 8 times in a row.',
    'resolved: Resolved: shop.send-receipt (it had failed 8 times in a row).',
  ]);
  expect(await worker.end('SIGTERM')).toBe(0);
});
