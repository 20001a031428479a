import { readFileSync } from 'node:fs';
import { packageFile } from '../database/package-files.ts';

/** The version of this package, or `unknown` if a bundler has left its `package.json` behind. */
export const version = readVersion();

function readVersion(): string {
  try {
    const text = readFileSync(packageFile('package.json'), 'utf8');
    const about = JSON.parse(text) as { name: string; version: string };
    return about.name === 'humdrum' ? about.version : 'unknown';
  } catch {
    return 'unknown';
  }
}
