import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../src/health/kinds.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['docs', 'bench', 'examples', 'src', 'templates'];
const MOST_BYTES_OF_README = 12_000;

const PAGES = [
  ...readdirSync(ROOT),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.includes('node_modules'))
      .map((name) => join(folder, name)),
  ),
].filter((name) => name.endsWith('.md'));

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const proseOf = (path: string): string => textOf(path).replaceAll(/^ *```[^]*?^ *```/gm, '');

/** Where `#anchor` may lead to in a page, by GitHub's rule. */
function anchorsOf(path: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of proseOf(path).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .trim()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let [anchor, more] = [slug, 0];
    while (anchors.has(anchor)) anchor = `${slug}-${(more += 1)}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** What is wrong with a link, or null. */
function fault(from: string, link: string): string | null {
  const [path = '', anchor] = link.split('#');
  const to = path === '' ? from : normalize(join(dirname(from), path));
  if (!existsSync(join(ROOT, to))) return `${from}: there is no ${to}`;
  if (anchor === undefined || anchorsOf(to).has(anchor)) return null;
  return `${from}: ${to} has no heading #${anchor}`;
}

describe('the documents', () => {
  it.each(PAGES)('%s links to pages and headings that exist', (page) => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const local = links.filter((link) => !/^(?:https?|mailto):/.test(link));
    expect(local.map((link) => fault(page, link)).filter(Boolean)).toEqual([]);
  });

  it('are all reached from the index', () => {
    const reached = new Set(['docs/README.md']);
    for (const page of reached) {
      for (const [, link = ''] of proseOf(page).matchAll(/\]\(([^)#\s]+\.md)/g)) {
        if (!link.startsWith('http')) reached.add(normalize(join(dirname(page), link)));
      }
    }
    const lost = PAGES.filter((page) => page.startsWith('docs/') && !reached.has(page));
    // The index links to the folder of the decisions as a whole.
    expect(lost.filter((page) => !page.startsWith('docs/decisions/'))).toEqual([]);
  });

  it('begin with a README that is read in one go', () => {
    expect(Buffer.byteLength(textOf('README.md'))).toBeLessThanOrEqual(MOST_BYTES_OF_README);
  });
});

describe('the incident runbook', () => {
  const sections = textOf('docs/guides/operate/incidents.md').split(/^## /m).slice(1);
  const kindOf = (section: string): string | undefined => /^`([\w-]+)`\n/.exec(section)?.[1];

  it('has a section for each kind of alert, and for no other', () => {
    const kinds = sections.map(kindOf).filter((kind) => kind !== undefined);
    expect(kinds.toSorted()).toEqual([...KINDS].toSorted());
  });

  it.each(KINDS)(
    '%s: says what it means, where to look, why, what to do and how it ends',
    (kind) => {
      const section = sections.find((one) => kindOf(one) === kind) ?? '';
      const parts = [...section.matchAll(/^\*\*([^*]+)\.\*\*/gm)].map(([, part]) => part);
      expect(parts).toEqual([
        'Meaning',
        'First look',
        'Likely causes',
        'What to do',
        'How it resolves',
      ]);
    },
  );
});
