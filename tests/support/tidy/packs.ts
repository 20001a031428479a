import type { Finding } from './source.ts';

const PACK_FILES = ['index.ts', 'rules.ts', 'queries.ts', 'sample.ts', 'README.md'];
/** A pack may have more modules besides these, but no other folders. */
const MODULE = /^[a-z0-9]+(-[a-z0-9]+)*\.ts$/;
const JOB_FILE = /^jobs\/[a-z0-9]+(-[a-z0-9]+)+\.ts$/;

/** All packs have the same layout, so that a reader of one finds everything in the next. */
export function packsHaveOneShape(paths: readonly string[]): Finding[] {
  const inPacks = paths.filter((path) => path.startsWith('src/packs/'));
  const packs = new Set(inPacks.map((path) => path.split('/')[2] ?? ''));
  return [...packs].flatMap((pack) => findingsIn(pack, paths));
}

function findingsIn(pack: string, paths: readonly string[]): Finding[] {
  const root = `src/packs/${pack}/`;
  const names = paths
    .filter((path) => path.startsWith(root))
    .map((path) => path.slice(root.length));
  const missing = PACK_FILES.filter((name) => !names.includes(name));
  const odd = names.filter(
    (name) => !PACK_FILES.includes(name) && !MODULE.test(name) && !JOB_FILE.test(name),
  );
  const found = [
    ...missing.map((name) => `${root}${name}:1: missing: every pack has ${PACK_FILES.join(', ')}`),
    ...odd.map(
      (name) => `${root}${name}:1: no part of a pack: make it jobs/<verb-noun>.ts, or move it`,
    ),
  ];
  if (!names.some((name) => JOB_FILE.test(name))) {
    found.push(`${root}jobs:1: no job: add jobs/<verb-noun>.ts`);
  }
  if (!paths.some((path) => path.startsWith(`migrations/${pack}/`))) {
    found.push(`migrations/${pack}:1: missing: the tables of the pack`);
  }
  return found;
}
