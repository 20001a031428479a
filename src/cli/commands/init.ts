import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { print, printJson } from '../output.ts';
import { version } from '../../http/version.ts';
import { makeFolder } from '../../make-folder.ts';

const TEMPLATE = fileURLToPath(new URL('../../../templates/project/', import.meta.url));

/** Path in the project: path in the template. npm does not publish .gitignore, so dot files have other names there. */
const FILES: Record<string, string> = {
  'package.json': 'package.json',
  'humdrum.config.mjs': 'humdrum.config.mjs',
  'jobs/greet.mjs': 'jobs/greet.mjs',
  'jobs/sweep.mjs': 'jobs/sweep.mjs',
  'test/jobs.test.mjs': 'test/jobs.test.mjs',
  '.env.example': 'env.example',
  '.gitignore': 'gitignore',
  'README.md': 'README.md',
};

export function initCommand(): Command {
  return new Command('init')
    .description('create a working project with two jobs, a test and a configuration')
    .argument('[folder]', 'folder of the project, created if missing', '.')
    .option('--json', 'print JSON')
    .action(async (folder: string, { json }: { json?: true }) => {
      const root = resolve(folder);
      const files = await writeProject(root);
      if (json) return printJson({ folder: root, files });
      const to = relative(process.cwd(), root);
      const enter = to === '' ? '' : `cd ${to}\n`;
      print(`${files.join('\n')}\n\nNext:\n${enter}npm install\nnpm test\nnpm start`);
    });
}

/** Writes all files or none, and never overwrites existing ones. Errors: `input-invalid`. */
async function writeProject(root: string): Promise<string[]> {
  const existing = Object.keys(FILES).filter((path) => existsSync(join(root, path)));
  if (existing.length > 0) {
    throw new HumdrumError(
      'input-invalid',
      `${root} already contains ${existing.join(', ')}. Nothing was overwritten. Name an empty or new folder: humdrum init my-jobs`,
    );
  }
  const name = packageName(root);
  for (const [path, template] of Object.entries(FILES)) {
    const text = await readFile(join(TEMPLATE, template), 'utf8');
    const target = join(root, path);
    await write(target, personal(path, text, name));
  }
  return Object.keys(FILES);
}

async function write(path: string, text: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    throw new HumdrumError(
      'input-invalid',
      `${path} cannot be written: ${errorMessage(cause)}. Name a folder that this user can write to: humdrum init my-jobs`,
      { cause },
    );
  }
}

function personal(path: string, text: string, name: string): string {
  if (path === 'package.json') {
    return text
      .replace('"name": "my-jobs"', `"name": "${name}"`)
      .replace('"humdrum": "latest"', `"humdrum": "^${version}"`);
  }
  return path === 'README.md' ? text.replace('# my-jobs', `# ${name}`) : text;
}

/** Turns the folder's name into a valid npm package name. */
function packageName(root: string): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z\d._-]+/g, '-')
    .replace(/^[._-]+/, '');
  return name || 'my-jobs';
}
