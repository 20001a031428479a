import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshUrl } from '../support/databases.ts';
import { cli } from '../support/process.ts';
import { DOUBLE, projectWith } from './project.ts';

/** What people get wrong, the exit code, and what they are told. */
const WRONG: [args: string[], code: number, message: RegExp][] = [
  [['migrate'], 2, /unknown command 'migrate'\n\(Did you mean db migrate\?\)/],
  [['show'], 2, /\(Did you mean jobs show or alerts show or audit show or config show\?\)/],
  [['cron'], 2, /unknown command 'cron'\n\(Did you mean schedules\?\)/],
  [['constructor'], 2, /unknown command 'constructor'\n$/],
  [['jobs', 'lst'], 2, /unknown command 'lst'\n\(Did you mean list\?\)/],
  [
    ['jobs', 'list', '--statsu', 'failed'],
    2,
    /unknown option '--statsu'\n\(Did you mean --status\?\)/,
  ],
  [['jobs', 'list', '--limit', '5000'], 2, /--limit.*whole number from 1 to 1,000/],
  [['jobs', 'list', '--created-from', 'yesterday'], 2, /instant such as 2026-01-31T09:00:00Z/],
  [['jobs', 'cancel', '--finished-to', 'yesterday'], 2, /instant such as 2026-01-31T09:00:00Z/],
  ...['5', '-1', '2026-02-31', '2026-13-01', '2026-01-31T09:00', '2026-01-31 09:00:00Z', ''].map(
    (text): [args: string[], code: number, message: RegExp] => [
      ['jobs', 'cancel', `--created-to=${text}`, '--yes', '--reason', 'x'],
      2,
      /date such as 2026-01-31, or an instant such as 2026-01-31T09:00:00Z/,
    ],
  ),
  [['run', 'shop.double', '--at=7'], 2, /instant such as 2026-01-31T09:00:00Z/],
  [['jobs', 'show'], 2, /missing required argument 'id'/],
  [['jobs', 'show', 'abc'], 2, /^humdrum: 'abc' is not a valid id\. Expected a whole number/],
  [['jobs', 'retry', '--all', '--over', '9999h'], 2, /--over.*at most 7d/],
  [
    ['jobs', 'list', '--after', 'abc'],
    2,
    /--after takes the value printed below the previous page/,
  ],
  [['run', 'shop.double', '--url', 'http://127.0.0.1:2'], 2, /humdrum enqueue TYPE --wait --url …/],
  [['run', 'shop.double', '--input', '@nowhere.json'], 2, /Cannot read nowhere\.json/],
  [
    ['run', 'humdrum.drop-history'],
    3,
    /There is no job type "humdrum\.drop-history"\. It needs the setting `history: \{ keepDays \}`, which is not set\./,
  ],
  [['jobs', 'retry'], 2, /Give a job id, or a filter such as/],
  [['jobs', 'retry', '1'], 2, /Give a reason with --reason/],
  [['jobs', 'retry', '1', '--all', '--reason', 'x'], 2, /not both/],
  [['jobs', 'why', '99'], 3, /There is no job 99/],
  [
    ['enqueue', 'shop.duoble'],
    3,
    /There is no job type "shop\.duoble"\. Did you mean "shop\.double"\?/,
  ],
  [['enqueue', 'shop.double', '--input', '@nowhere.json'], 2, /Cannot read nowhere\.json/],
  [['enqueue', 'shop.double', '--input', '{number:1}'], 2, /--input is not JSON/],
  [['enqueue', 'shop.double', '--input', '{"number":"one"}'], 2, /number: .*expected number/],
  [['enqueue', 'shop.double', '--priority', 'high'], 2, /-1000 to 1000/],
  [['enqueue', 'shop.double', '--wait', '--timeout', 'soon'], 2, /90s, 10m, 2h or 1d/],
  [['schedules', 'next', 'shop.double'], 2, /shop\.double has no schedule/],
  [['completion', 'powershell'], 2, /Allowed choices are bash, zsh, fish/],
  [['jobs', 'list', '--url', 'localhost:3001'], 2, /is not a server URL/],
  [['jobs', 'list', '--url', 'http://127.0.0.1:2'], 6, /Cannot reach a server at/],
  [['init', 'taken'], 2, /Nothing was overwritten/],
  [['jobs', 'list', '--status', 'faild'], 2, /Allowed choices are .*\n\(Did you mean failed\?\)/],
  [['users', 'role', 'ada', 'oprator', '--reason', 'x'], 2, /\(Did you mean operator\?\)/],
  [['completion', 'bsh'], 2, /\(Did you mean bash\?\)/],
  [['enqueue', 'mail'], 3, /no job type "mail"\. List the types with: humdrum types/],
  [
    ['jobs', 'list', '--database', 'mysql://root@db/shop'],
    2,
    /Unsupported database URL mysql:.* PostgreSQL URL/,
  ],
  [['jobs', 'list', '--database', 'taken/package.json'], 6, /a folder that this user can write to/],
  [['history', '--limit', '101'], 2, /whole number from 1 to 100/],
];

it('what is wrong has an exit code, a sentence, and nothing on standard output', async () => {
  const cwd = await projectWith(DOUBLE);
  const env = { DATABASE_URL: await freshUrl() };
  await mkdir(join(cwd, 'taken'));
  await writeFile(join(cwd, 'taken/package.json'), '{}');
  for (const [args, code, message] of WRONG) {
    const ended = await cli(args, { cwd, env });
    expect({ args, ...ended }).toMatchObject({ args, code, stdout: '' });
    expect(ended.stderr, args.join(' ')).toMatch(message);
    expect(ended.stderr).not.toMatch(/\n +at .*:\d+:\d+/);
  }
}, 240_000);

it('a configuration that needs a package says to install it', async () => {
  const cwd = await projectWith(DOUBLE);
  await writeFile(join(cwd, 'humdrum.config.mjs'), `import 'not-installed';`);
  const { code, stderr } = await cli(['types'], { cwd, env: {} });
  expect(code).toBe(2);
  expect(stderr).toMatch(/the package not-installed is not installed\. .*npm install/);
});

it('a filter that finds nothing hints at the word that was meant', async () => {
  const cwd = await projectWith(DOUBLE);
  const env = { DATABASE_URL: await freshUrl() };
  const { code, stdout, stderr } = await cli(['jobs', 'list', '--type', 'shop.duoble'], {
    cwd,
    env,
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'No matching jobs.\n' });
  expect(stderr).toMatch(/no job type "shop\.duoble"\. Did you mean "shop\.double"\?/);
  const unlike = await cli(['jobs', 'list', '--schedule', 'nightly'], { cwd, env });
  expect(unlike.stderr).toMatch(/no schedule "nightly"\. List them with: humdrum sched/);
});
