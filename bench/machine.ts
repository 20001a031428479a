import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';

/** Description of the machine for the report. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${model()}, ${memory} GiB, ${system()}`;
}

/** Short form for file names: `2-core-amd-epyc`. */
export function machineSlug(): string {
  const words =
    model()
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  return [cpus().length, 'core', ...words.slice(0, 2)].join('-');
}

function model(): string {
  const name = cpus()[0]?.model ?? 'unknown';
  return name.replaceAll(/\((?:R|TM)\)/gi, '').trim();
}

function system(): string {
  try {
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
    if (name) return name;
  } catch {
    // Not Linux.
  }
  return `${type()} ${release()}`;
}
