import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL } from '../support/databases.ts';
import { KINDS } from './plan.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the repository, so that its packages are found from there. */
const BUILT = `${ROOT}.chaos/smoke-${process.pid}`;

/** Has faults of all kinds. */
const RUN = { seed: '7', minutes: '0.5', jobs: '1400' };
const SMALL = ['--workers', '4', '--lease-ms', '1500'];

interface Ended {
  code: number;
  said: string;
}

/** The suite as `npm run chaos` runs it. A server that was given for the tests is not to be stopped and started. */
async function chaos(...args: string[]): Promise<Ended> {
  const { HUMDRUM_TEST_DATABASE_URL: _given, DATABASE_URL: _ours, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [`${BUILT}/tests/chaos/main.js`, ...SMALL, ...args],
      { env },
      (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), said: `${stdout}\n${stderr}` });
      },
    );
  });
}

// Only in the long run: it is compiled first, and takes both cores for a minute.
describe.runIf(ALL)('the chaos suite', () => {
  beforeAll(async () => {
    const compiler = `${ROOT}node_modules/.bin/tsc`;
    await promisify(execFile)(compiler, ['-p', 'tests/chaos', '--outDir', BUILT], { cwd: ROOT });
  });
  afterAll(() => rm(BUILT, { recursive: true, force: true }));

  it('misses nothing', { timeout: 200_000 }, async () => {
    const { seed, minutes, jobs } = RUN;
    const { code, said } = await chaos('--seed', seed, '--minutes', minutes, '--jobs', jobs);
    expect(said).toContain(`Nothing missed: seed ${seed}, with the fence.`);
    expect(code).toBe(0);
  });

  // Only with the faults that the fence is for: who was frozen and what was held back come when others have the job.
  it('misses something when the fence is taken out', { timeout: 200_000 }, async () => {
    const faults = ['--faults', 'freeze,hold', '--lease-ms', '700', '--without-fence'];
    const run = ['--seed', '7', '--minutes', '0.2', '--jobs', '700', ...faults];
    const { code, said } = await chaos(...run);
    expect(said).toMatch(/an attempt is recorded once:\n {2}job /);
    expect(said).toContain('missed: seed 7, without the fence.');
    expect(code).toBe(1);
  });

  it('prints the same plan for the same seed, with faults of each kind', async () => {
    const plan = ['--seed', RUN.seed, '--minutes', RUN.minutes, '--plan'];
    const [one, other] = await Promise.all([chaos(...plan), chaos(...plan)]);
    for (const kind of KINDS) expect(one.said).toContain(kind);
    expect(one).toEqual(other);
  });
});
