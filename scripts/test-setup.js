// Installs the programs that some tests need and do not find, on Debian and as root. It says what it does. Anywhere else it says
// what is missing: those tests are then skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const LIST = new URL('../tests/support/programs.json', import.meta.url);
const programs = /** @type {Record<string, string>} */ (JSON.parse(readFileSync(LIST, 'utf8')));
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];

/** @param {string} program */
const isThere = (program) => folders.some((folder) => existsSync(join(folder, program)));
const missing = () => Object.keys(programs).filter((program) => !isThere(program));

/** @param {string[]} args */
function apt(...args) {
  const all = ['-y', '-o', 'DPkg::Lock::Timeout=120', ...args];
  console.log(`apt-get ${all.join(' ')}`);
  // RUNLEVEL: a service that is installed is not started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  return spawnSync('apt-get', all, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

const packages = [...new Set(missing().map((program) => programs[program] ?? program))];
const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
if (packages.length > 0 && canInstall) {
  const install = () => apt('install', '--no-install-recommends', ...packages);
  if (!install() && apt('update')) install();
}
for (const program of missing()) {
  console.warn(
    `Not there: ${program}, of the package ${programs[program]}. Its tests are skipped.`,
  );
}
if (missing().length === 0) console.log('All programs that tests need are there.');
