// npm run migrations:freeze: adds the checksum of each new migration to migrations/checksums.json. Frozen migrations must not
// change: tests/tidy.test.ts fails for a changed file. Put changes into a new migration.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const migrations = new URL('../migrations/', import.meta.url);
const list = new URL('checksums.json', migrations);

const known = existsSync(list) ? readFileSync(list, 'utf8') : '{}';
const checksums = /** @type {Record<string, string>} */ (JSON.parse(known));

const files = readdirSync(migrations, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.sql') && checksums[path] === undefined);

for (const file of files) {
  const sql = readFileSync(new URL(file, migrations), 'utf8').replaceAll('\r\n', '\n');
  checksums[file] = createHash('sha256').update(sql).digest('hex');
  console.log(`frozen: migrations/${file}`);
}

const sorted = Object.keys(checksums).toSorted();
writeFileSync(list, `${JSON.stringify(checksums, sorted, 2)}\n`);
