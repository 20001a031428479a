import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const INSTALL_MS = 180_000;

/** Where a program is, installed first where that needs nobody's consent: as root on Debian. Null: there is none to be had. */
export async function findProgram(
  program: string,
  debianPackage = program,
): Promise<string | null> {
  const found = onPath(program);
  if (found !== null || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return found;
  // Tests that run at the same time may want the same.
  const apt = (...args: string[]) =>
    promisify(execFile)('apt-get', ['-y', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      timeout: INSTALL_MS,
    });
  const install = () => apt('install', '--no-install-recommends', debianPackage);
  await install()
    .catch(() => apt('update').then(install))
    .catch(() => undefined);
  return onPath(program);
}

function onPath(program: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file)) ?? null;
}

/** As `findProgram`, for tests that are left out where there is none: it says so, so that nobody takes them for passed. */
export async function programOrWarning(
  program: string,
  debianPackage = program,
): Promise<string | null> {
  const found = await findProgram(program, debianPackage);
  if (found === null) {
    console.warn(`SKIPPED: what needs ${program}. Install the package ${debianPackage}.`);
  }
  return found;
}
