import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit.ts';
import { createProgram } from '../../src/cli/program.ts';
import { commandsPage } from '../support/commands-page.ts';

const PAGE = new URL('../../docs/guides/operate/commands.md', import.meta.url);
const MARK = '<!-- commands -->\n';

/** With `HUMDRUM_WRITE_DOCS=1` it writes the page in place of comparing it. */
it('the guide has each command with its flags', async () => {
  const [written = ''] = (await readFile(PAGE, 'utf8')).split(MARK);
  const expected = await format(`${written}${MARK}\n${commandsPage(await createProgram())}`, {
    parser: 'markdown',
  });
  if (process.env['HUMDRUM_WRITE_DOCS'] === '1') await writeFile(PAGE, expected);
  expect(await readFile(PAGE, 'utf8')).toBe(expected);
});

it('the guide has each exit code', async () => {
  const rows = (await readFile(PAGE, 'utf8')).matchAll(/^\| (\d+) +\| `(\w+)`/gm);
  expect(Object.fromEntries([...rows].map(([, code, name]) => [name, Number(code)]))).toEqual(EXIT);
});
