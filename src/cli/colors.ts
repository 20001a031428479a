import picocolors from 'picocolors';

/** Colour where a person looks at a terminal. `NO_COLOR` takes it away, `FORCE_COLOR` brings it where no terminal is. */
export const colors = picocolors.createColors(isColourful(process.env, process.stdout.isTTY));

export function isColourful(env: NodeJS.ProcessEnv, isTerminal: boolean | undefined): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced) return forced !== '0' && forced !== 'false';
  return isTerminal === true && env['TERM'] !== 'dumb';
}
