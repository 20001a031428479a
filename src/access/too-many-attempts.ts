import { HumdrumError } from '../errors.ts';

/** Too many failed logins for this account or from this address. */
export class TooManyAttempts extends HumdrumError {
  readonly afterSeconds: number;

  constructor(afterSeconds: number) {
    super('too-many-attempts', `Too many login attempts. Try again in ${afterSeconds} s.`);
    this.afterSeconds = afterSeconds;
  }
}
