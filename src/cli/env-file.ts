import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

export const ENV_FILE = '.env';

const fromFile = new Set<string>();

/** Takes from `.env` in the current folder what the environment does not say. */
export function readEnvFile(): void {
  fromFile.clear();
  if (!existsSync(ENV_FILE)) return;
  for (const [name, value] of Object.entries(parseEnv(readFileSync(ENV_FILE, 'utf8')))) {
    if (process.env[name] !== undefined || value === undefined) continue;
    process.env[name] = value;
    fromFile.add(name);
  }
}

/** Where a variable was said: for people who wonder. */
export function sourceOfVariable(name: string): string {
  return fromFile.has(name) ? `${name} in ${ENV_FILE}` : name;
}
