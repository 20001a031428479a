import { createHash } from 'node:crypto';
import { finding, type Finding, type SourceFile } from './source.ts';

const MIGRATION = /^migrations\/([^/]+)\/(\d{4})_[a-z0-9_]+\.sql$/;

/** Each set is numbered from 0001 without gaps. */
export function migrationsAreContiguous(paths: readonly string[]): Finding[] {
  const sql = paths.filter((path) => path.startsWith('migrations/') && path.endsWith('.sql'));
  const next = new Map<string, number>();
  return sql.toSorted().flatMap((path) => {
    const [, set = '', digits] = MIGRATION.exec(path) ?? [];
    const expected = (next.get(set) ?? 0) + 1;
    next.set(set, expected);
    if (Number(digits) === expected) return [];
    const name = `migrations/<set>/${String(expected).padStart(4, '0')}_<what>.sql`;
    return [`${path}:1: expected ${name}: numbers go up from 0001 without a gap`];
  });
}

/** A migration that may have been applied elsewhere must never change. `checksums` is migrations/checksums.json. */
export function migrationsAreFrozen(
  migrations: readonly SourceFile[],
  checksums: Readonly<Record<string, string>>,
): Finding[] {
  const files = new Map(migrations.map((file) => [file.path.replace(/^migrations\//, ''), file]));
  const gone = Object.keys(checksums).filter((name) => !files.has(name));
  const wrong = [...files].filter(
    ([name, { text }]) => checksums[name] !== sha256(text.replaceAll('\r\n', '\n')),
  );
  return [
    ...gone.map((name) => `migrations/${name}:1: frozen, and gone: restore it`),
    ...wrong.map(([name, file]) =>
      checksums[name] === undefined
        ? finding(file, 0, 'not frozen: run "npm run migrations:freeze"')
        : finding(
            file,
            0,
            'frozen, and changed: restore it, and put the change into a new migration',
          ),
    ),
  ];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
