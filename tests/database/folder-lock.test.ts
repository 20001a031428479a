import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFolder } from '../../src/database/folder-lock.ts';
import { freshFolder } from '../support/databases.ts';

const write = (folder: string, holder: object) =>
  writeFile(join(folder, 'humdrum.lock'), JSON.stringify(holder));

it('refuses a second holder, and lets one in after the first has gone', async () => {
  const folder = await freshFolder();
  const first = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: 'database-locked',
    message: expect.stringContaining(
      `Process ${process.pid} has opened the embedded database`,
    ) as string,
  });
  await first.release();
  await expectFree(folder);
});

it.each(Array.from({ length: 20 }, (_, at) => at))(
  'lets one of many in that come at once (%i)',
  async () => {
    const folder = await freshFolder();
    await write(folder, { token: 'dead', pid: await deadPid(), host: hostname(), born: '1' });
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(folder)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  },
);

it('takes over from a process that is dead, or whose pid is another process now', async () => {
  const folder = await freshFolder();
  await write(folder, { token: 'dead', pid: await deadPid(), host: hostname(), born: null });
  await expectFree(folder);
  await write(folder, { token: 'reborn', pid: process.ppid, host: hostname(), born: '1' });
  await expectFree(folder);
});

it('takes over from a process that has ended, and that nobody has asked after', async () => {
  const folder = await freshFolder();
  // The child ends once its parent is no shell any more: a shell would ask after it.
  const child = '(until grep -q sleep /proc/$$/comm; do sleep 0.01; done)';
  const parent = spawn('sh', ['-c', `${child} & echo $!; exec sleep 60`]);
  const [said] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  const isEnded = async () => / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8'));
  while (!(await isEnded())) await new Promise((resolve) => setTimeout(resolve, 5));
  await write(folder, { token: 'ended', pid, host: hostname(), born: null });
  await expectFree(folder);
  parent.kill();
});

it('never robs one that lives, however old, nor one on another machine', async () => {
  const folder = await freshFolder();
  await write(folder, { token: 'old', pid: process.ppid, host: hostname(), born: null });
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database-locked' });
  await write(folder, { token: 'far', pid: await deadPid(), host: 'elsewhere', born: '1' });
  await expect(lockFolder(folder)).rejects.toThrow(/on elsewhere.*delete .*humdrum\.lock/);
});

it('takes over from one that died while it wrote', async () => {
  const folder = await freshFolder();
  await writeFile(join(folder, 'humdrum.lock'), '{"token": "ha');
  await expectFree(folder);
});

it('says what to do when a process died while it took the lock', { timeout: 15_000 }, async () => {
  const folder = await freshFolder();
  await writeFile(join(folder, 'humdrum.lock.guard'), '{');
  await expect(lockFolder(folder)).rejects.toThrow(
    /died while opening it.*delete .*humdrum\.lock\.guard/,
  );
});

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

async function expectFree(folder: string): Promise<void> {
  const lock = await lockFolder(folder);
  expect(await readFile(join(folder, 'humdrum.lock'), 'utf8')).toContain(`"pid":${process.pid}`);
  await lock.release();
}
