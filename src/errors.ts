/** Every expected failure: a stable `code` for programs, a message for people that says what to do. */
export class HumdrumError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HumdrumError';
    this.code = code;
  }
}

/** Codes are part of the public contract: add, never rename. */
export type ErrorCode =
  | 'action-refused'
  | 'alert-not-found'
  | 'alerts-missing'
  | 'attribute-unknown'
  | 'body-too-large'
  | 'config-invalid'
  | 'content-type-unsupported'
  | 'csv-invalid'
  | 'cursor-invalid'
  | 'database-closed'
  | 'database-locked'
  | 'database-unreachable'
  | 'dry-run'
  | 'file-not-found'
  | 'files-missing'
  | 'files-refused'
  | 'files-unreachable'
  | 'filter-invalid'
  | 'funds-insufficient'
  | 'input-invalid'
  | 'job-not-found'
  | 'limit-reached'
  | 'limit-unknown'
  | 'link-invalid'
  | 'mail-missing'
  | 'migration-changed'
  | 'name-taken'
  | 'not-found'
  | 'not-serializable'
  | 'openid-missing'
  | 'pg-missing'
  | 'plan-changed'
  | 'port-in-use'
  | 'preview-expired'
  | 'redis-missing'
  | 'redis-unreachable'
  | 'request-invalid'
  | 'request-refused'
  | 'role-insufficient'
  | 's3-missing'
  | 'scope-insufficient'
  | 'secret-key-missing'
  | 'server-unreachable'
  | 'timed-out'
  | 'too-many-attempts'
  | 'too-many-requests'
  | 'type-invalid'
  | 'type-unknown'
  | 'unauthenticated';

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
