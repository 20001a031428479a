import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

export const ENV_FILE = '.env';

const fromFile = new Set<string>();

/** Sets variables from `.env` in the current folder that the environment does not define. */
export function readEnvFile(): void {
  fromFile.clear();
  if (!existsSync(ENV_FILE)) return;
  for (const [name, value] of Object.entries(parseEnv(readFileSync(ENV_FILE, 'utf8')))) {
    if (process.env[name] !== undefined || value === undefined) continue;
    process.env[name] = value;
    fromFile.add(name);
  }
}

/** The source of a variable, for `humdrum config show`. */
export function sourceOfVariable(name: string): string {
  return fromFile.has(name) ? `${name} in ${ENV_FILE}` : name;
}
