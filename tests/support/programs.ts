import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that some tests need, each with its Debian package. `npm run test:setup` installs them; tests never do. */
const PACKAGES = JSON.parse(
  readFileSync(new URL('programs.json', import.meta.url), 'utf8'),
) as Record<string, string>;

/** Where a program is, or null. */
export function findProgram(program: string): string | null {
  if (!(program in PACKAGES)) throw new Error(`programs.json does not name ${program}.`);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file)) ?? null;
}

/** As `findProgram`, for tests that are skipped where there is none: it says so, so that nobody takes them for passed. */
export function programOrWarning(program: string): string | null {
  const found = findProgram(program);
  if (found === null) {
    console.warn(
      `SKIPPED: tests that need ${program}. Run "npm run test:setup", or install ${PACKAGES[program]}.`,
    );
  }
  return found;
}
