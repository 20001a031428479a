import { errorMessage } from '../../errors.ts';
import { tryLog } from '../log.ts';
import { amount } from '../output.ts';
import type { Patient } from './finding.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

const LEAST = [20, 19] as const;

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST;
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    return problem(
      'node',
      `Node ${version} is too old. The minimum is ${LEAST.join('.')}.`,
      'Install Node 22 or 24, or at least 20.19: https://nodejs.org',
    );
  }
  if (major % 2 === 1 && major < 27) {
    return warning(
      'node',
      `Node ${version} has no long-term support.`,
      'Install an even version, such as 22 or 24: https://nodejs.org',
    );
  }
  return ok('node', `Node ${version}`);
}

export function checkTypes({ humdrum, setting }: Pick<Patient, 'humdrum' | 'setting'>): Finding {
  const own = humdrum.types.ownNames();
  if (own.length > 0) return ok('types', amount(own.length, 'job type'));
  return warning(
    'types',
    'No job types are defined.',
    `Add them to ${setting.file ?? 'humdrum.config.mjs'}: export default { jobs: [ … ] }. To create a project: humdrum init`,
  );
}

/** The engine's constructor has already validated the keys, so only missing ones are left to check. */
export function checkSecrets({ humdrum, options }: Pick<Patient, 'humdrum' | 'options'>): Finding {
  const keys = [options.secretKey ?? []].flat().length;
  const secretive = humdrum.types.all().filter(({ secrets }) => secrets.length > 0);
  const names = secretive.map(({ type }) => type).join(', ');
  if (keys > 0)
    return ok('secrets', keys === 1 ? 'one key of 32 bytes' : `${keys} keys of 32 bytes`);
  if (secretive.length === 0) return ok('secrets', 'no job type has secrets, and no key is set');
  return problem(
    'secrets',
    `No key is set for the secrets in the inputs of ${names}.`,
    'Create a key and set it in all processes: export HUMDRUM_SECRET_KEY=$(openssl rand -base64 32)',
  );
}

/** `LOG_LEVEL` and `LOG_REDACT`, which `start`, `server` and `worker` refuse if they are wrong. */
export function checkLog(): Finding[] {
  try {
    tryLog();
    return [];
  } catch (error) {
    return [problem('log', errorMessage(error), 'Correct it in the environment or in .env.')];
  }
}
