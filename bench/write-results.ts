import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'prettier';
import { chart } from './chart.ts';
import { report } from './report.ts';
import type { Results } from './results.ts';

/** A name not used by earlier results in the folder. */
export function freshName(folder: string | null, name: string): string {
  if (folder === null) return name;
  let free = name;
  for (let at = 2; existsSync(join(folder, `${free}.md`)); at += 1) free = `${name}-${at}`;
  return free;
}

/** Writes `name.md`, `name.json` and `name.svg`. */
export async function writeResults(results: Results, folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const at = join(folder, name);
  const svg = chart(results);
  const style = { singleQuote: true, printWidth: 100 };
  const markdown = report(results, svg === null ? null : `${name}.svg`);
  await writeFile(`${at}.md`, await format(markdown, { parser: 'markdown', ...style }));
  await writeFile(
    `${at}.json`,
    await format(JSON.stringify(results), { parser: 'json', ...style }),
  );
  if (svg !== null) await writeFile(`${at}.svg`, svg);
}
