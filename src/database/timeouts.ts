import { sqlstateOf } from './error-kind.ts';

const ENDED: Readonly<Record<string, { setting: string; because: string }>> = {
  '25P03': {
    setting: 'idle_in_transaction_session_timeout',
    because: 'it sent no statement for longer',
  },
  '25P04': { setting: 'transaction_timeout', because: 'it took longer' },
};
const STATEMENT_TIMEOUT = /statement timeout/i;

/** An error of PostgreSQL that names the setting behind it. It keeps the SQLSTATE. */
class TimeoutOfServer extends Error {
  readonly code: string;

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause });
    this.name = 'ServerTimeout';
    this.code = code;
  }
}

/**
 * A transaction or statement that a timeout of the server ended. `fatal`: what the server said when it closed the connection,
 * if it did. Other errors are returned as they are.
 */
export function explainTimeout(error: unknown, fatal: unknown): unknown {
  const said = sqlstateOf(error) === null && fatal ? fatal : error;
  const code = sqlstateOf(said) ?? '';
  const ended = ENDED[code];
  if (ended) {
    return new TimeoutOfServer(
      `PostgreSQL ended this transaction: ${ended.because} than the setting ${ended.setting} allows. Raise it for this role, or give the job atomic: false, so that it holds no transaction while it waits.`,
      code,
      said,
    );
  }
  if (code === '57014' && said instanceof Error && STATEMENT_TIMEOUT.test(said.message)) {
    return new TimeoutOfServer(
      'PostgreSQL cancelled this statement: it took longer than the setting statement_timeout allows. Raise it for this role, or make the statement faster.',
      code,
      said,
    );
  }
  return error;
}
