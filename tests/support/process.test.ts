import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ALL, freshFolder } from './databases.ts';
import { cli, type Ended } from './process.ts';

/** A folder with a configuration that runs `act` while it is loaded. */
async function project(act: string): Promise<string> {
  const cwd = await freshFolder();
  await writeFile(join(cwd, 'humdrum.config.mjs'), `${act}\nexport default { jobs: [] };`);
  return cwd;
}

const loading = async (act: string): Promise<Ended> => cli(['check'], { cwd: await project(act) });
const env = { DATABASE_URL: 'postgres://127.0.0.1:1/none' };

// What these tests run on is tried out in the long run: most of it ends processes, and waits for new ones.
describe.runIf(ALL)('a command in a process with others', () => {
  it('finds its own arguments, folder, environment and nothing on its standard input', async () => {
    const cwd = await project(`
      import { text } from 'node:stream/consumers';
      const { argv, env, exitCode } = process;
      const input = await text(process.stdin);
      console.log(JSON.stringify({ argv, cwd: process.cwd(), env, exitCode, input }));
      console.error('said');`);
    const options = { cwd, env: { ...env, LOG_LEVEL: 'debug' } };
    const among = await cli(['check'], options);
    expect(among).toEqual(await cli(['check'], { ...options, alone: true }));
    expect(among).toMatchObject({ code: 0, stderr: expect.stringMatching(/^said\n/) as string });
    expect(await loading(`console.error(process.env['LOG_LEVEL']);`)).toMatchObject({
      stderr: expect.stringMatching(/^undefined\n/) as string,
    });
  });

  it.each([
    ['ends the process', 'process.exit(7);', 7],
    ['is killed', `process.kill(process.pid, 'SIGKILL');`, null],
    [
      'throws where nobody catches',
      `setImmediate(() => { throw new Error('late'); }); await new Promise((go) => setTimeout(go, 50));`,
      1,
    ],
    ['waits for what never comes', 'await new Promise(() => undefined);', 13],
  ])('ends as a process does: it %s', async (_, act, code) => {
    const cwd = await project(act);
    const among = await cli(['check'], { cwd });
    expect(among.code).toBe(code);
    const alone = await cli(['check'], { cwd, alone: true });
    expect(alone.code).toBe(code);
    expect(among.stderr).toContain(code === 1 ? 'Error: late' : '');
    expect(await cli(['--version'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('is detected if a timer would keep its process alive', async () => {
    await expect(loading('setTimeout(() => undefined, 3_600_000);')).rejects.toThrow(
      /^humdrum check: would stay alive for: .*Timeout/,
    );
    expect(await loading('setTimeout(() => undefined, 3_600_000).unref();')).toMatchObject({
      code: 0,
    });
  });

  it('is refused with a rewritten configuration, which would not be read again', async () => {
    const cwd = await project('');
    expect(await cli(['check'], { cwd })).toMatchObject({ code: 0 });
    await writeFile(join(cwd, 'humdrum.config.mjs'), 'export default { job: [] };');
    await expect(cli(['check'], { cwd })).rejects.toThrow(/was rewritten since it was loaded/);
    expect(await cli(['check'], { cwd, alone: true })).toMatchObject({ code: 2 });
  });

  it('leaves no listener behind', async () => {
    const worker = () => cli(['worker'], { env: { ...env, LOG_LEVEL: 'loud' } });
    const first = await worker();
    expect(first).toMatchObject({ code: 2, stdout: '' });
    for (let times = 0; times < 12; times += 1) expect(await worker()).toEqual(first);
  });
});

it.runIf(ALL)('commands that run at once do not wait for each other', async () => {
  const cwd = await freshFolder();
  const write = (name: string, act: string) =>
    writeFile(
      join(cwd, name),
      `import { existsSync, writeFileSync } from 'node:fs';\n${act}\nexport default { jobs: [] };`,
    );
  await write(
    'one.mjs',
    `while (!existsSync('there')) await new Promise((go) => setTimeout(go, 5));`,
  );
  await write('other.mjs', `writeFileSync('there', '');`);
  const both = ['one.mjs', 'other.mjs'].map((file) => cli(['check', '--config', file], { cwd }));
  expect(await Promise.all(both)).toMatchObject([{ code: 0 }, { code: 0 }]);
});

describe.runIf(ALL)('a command that hangs', () => {
  let hung: Promise<Ended> | undefined;

  it('goes on while its test does', async () => {
    const cwd = await project(`
      import { writeFileSync } from 'node:fs';
      writeFileSync('begun', '');
      await new Promise((go) => setTimeout(go, 3_600_000));`);
    hung = cli(['check'], { cwd });
    while (!existsSync(join(cwd, 'begun'))) await new Promise((go) => setTimeout(go, 5));
    expect(existsSync(join(cwd, 'begun'))).toBe(true);
  });

  it('is killed when its test is over', async () => {
    expect(await hung).toMatchObject({ code: null });
  });
});
