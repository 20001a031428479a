import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { picks } from '../../src/packs/picks/index.ts';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { cli } from '../support/process.ts';
import { Receiver } from '../support/receivers.ts';

const DIST = new URL('../../dist/', import.meta.url);

/** A folder whose configuration has these alerts, in JavaScript. */
async function project(alerts: string): Promise<string> {
  const cwd = await freshFolder();
  const source = `
import { defineAlerts, logSink, slackSink } from '${new URL('health/index.js', DIST).href}';
export default { jobs: [], alerts: ${alerts} };
`;
  await writeFile(join(cwd, 'humdrum.config.mjs'), source);
  return cwd;
}

it('humdrum alerts tests the sinks, lists, shows and acknowledges', async () => {
  const receiver = await Receiver.open();
  const cwd = await project(
    `defineAlerts({ sinks: [logSink(), slackSink({ url: '${receiver.url}' })] })`,
  );
  const env = { DATABASE_URL: await freshUrl() };
  const sent = await cli(['alerts', 'test'], { cwd, env });
  expect(sent.code).toBe(0);
  expect(sent.stdout).toMatch(/^log +sent .*\nslack +sent /m);
  expect(receiver.received[0]?.body).toContain('This is a test');
  receiver.status = 500;
  const failed = await cli(['alerts', 'test', '--json'], { cwd, env });
  expect(failed.code).toBe(1);
  const { sinks } = JSON.parse(failed.stdout) as { sinks: object[] };
  expect(sinks).toMatchObject([{ outcome: 'sent' }, { sink: 'slack', outcome: 'failed' }]);

  expect(await cli(['alerts', 'list'], { cwd, env })).toMatchObject({
    code: 0,
    stdout: 'No alerts.\n',
  });
  const unknown = await cli(['alerts', 'show', '7'], { cwd, env });
  expect(unknown).toMatchObject({ code: 3, stdout: '' });
  expect(unknown.stderr).toContain(
    'There is no alert 7. List all alerts with: humdrum alerts list --all',
  );
  const ack = await cli(['alerts', 'ack', '7', '--reason', 'mine'], { cwd, env });
  expect(ack).toMatchObject({ code: 3, stdout: '' });
  expect(await cli(['alerts', 'ack', '7'], { cwd, env })).toMatchObject({ code: 2, stdout: '' });
});

it('a configuration says what its alerts should be', async () => {
  const cwd = await project('{ sinks: [] }');
  const { code, stderr } = await cli(['alerts', 'list'], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain(
    'has "alerts" that were not created with defineAlerts from humdrum/alerts',
  );
});

it('the example of all sinks is a configuration', async () => {
  const env = {
    SLACK_URL: 'https://hooks.example.org/x',
    HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    SMTP_URL: 'smtp://127.0.0.1:2',
    SENTRY_DSN: 'https://key@sentry.example.org/7',
    DATADOG_API_KEY: '0123456789abcdef0123456789abcdef',
  };
  const config = new URL('../../examples/alerts.config.mjs', import.meta.url).pathname;
  const flags = ['--config', config, '--database', await freshUrl({ packs: [picks] })];
  // The file reads the environment while it is loaded.
  const types = await cli(['types', '--json', ...flags], { env, alone: true });
  expect(types.code).toBe(0);
  const names = [...types.stdout.matchAll(/"(notify\.\w+)"/g)].map(([, name]) => name);
  const sinks = ['log', 'slack', 'webhook', 'mail', 'sentry', 'datadog', 'pager'];
  expect(new Set(names)).toEqual(new Set(sinks.map((name) => `notify.${name}`)));
});
