import type { ClientBase } from 'pg';
import { HumdrumError } from '../errors.ts';

/**
 * What the engine relies on, and a role or a database may have set otherwise. The search path and the timeouts are the
 * handlers' own, and stay.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
};

const NAMES = Object.keys(SETTINGS);
const SET = `select ${NAMES.map((name) => `set_config('${name}', '${SETTINGS[name]}', false)`).join(', ')}`;

/** Sends them, and does not wait: whatever is asked next over this connection comes after. */
export function sendSettings(client: ClientBase): void {
  client.query(SET).catch(() => undefined); // The next statement fails too, and its sender is told.
}

const READ = `select name, setting from pg_catalog.pg_settings where name = any ($1)`;

/**
 * A pooler hands one session to many clients, so nothing can be set for good. Errors: `database-unreachable`, with the names
 * of the settings that do not fit.
 */
export async function requireSettings(client: ClientBase): Promise<void> {
  const names = NAMES.map((name) =>
    name === 'datestyle' ? 'DateStyle' : name === 'intervalstyle' ? 'IntervalStyle' : name,
  );
  const { rows } = await client.query<{ name: string; setting: string }>(READ, [names]);
  const wrong = rows.filter(({ name, setting }) => !fits(name.toLowerCase(), setting));
  if (wrong.length === 0) return;
  const list = wrong.map(({ name, setting }) => `${name} = ${setting}`).join(', ');
  throw new HumdrumError(
    'database-unreachable',
    `The sessions of this connection pooler have settings that Humdrum cannot work with: ${list}. Set them for the role: ` +
      wrong
        .map(({ name }) => `alter role … set ${name} = '${SETTINGS[name.toLowerCase()]}'`)
        .join('; '),
  );
}

/** Of the date style only the output matters: the engine sends no ambiguous dates. */
function fits(name: string, setting: string): boolean {
  if (name === 'datestyle') return setting.startsWith('ISO');
  return setting === SETTINGS[name];
}
