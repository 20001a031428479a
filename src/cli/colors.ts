import picocolors from 'picocolors';

/** Colours for terminals. `NO_COLOR` turns them off, `FORCE_COLOR` turns them on without a terminal. */
export const colors = picocolors.createColors(isColourful(process.env, process.stdout.isTTY));

export function isColourful(env: NodeJS.ProcessEnv, isTerminal: boolean | undefined): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced) return forced !== '0' && forced !== 'false';
  return isTerminal === true && env['TERM'] !== 'dumb';
}
