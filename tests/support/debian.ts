import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const INSTALL_MS = 180_000;

/** Finds a program. As root on Debian, installs it if it is missing. Null if it is not available. */
export async function findProgram(
  program: string,
  debianPackage = program,
): Promise<string | null> {
  const found = onPath(program);
  if (found !== null || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return found;
  // Concurrent tests may need the same program.
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

/** Like `findProgram`, for tests that are skipped without the program. Prints a warning, so that skipped tests do not go unnoticed. */
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
