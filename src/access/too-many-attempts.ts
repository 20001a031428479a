import { HumdrumError } from '../errors.ts';

/** Somebody has tried to log in too often. */
export class TooManyAttempts extends HumdrumError {
  readonly afterSeconds: number;

  constructor(afterSeconds: number) {
    super('too-many-attempts', `Too many attempts to log in. Try again in ${afterSeconds} s.`);
    this.afterSeconds = afterSeconds;
  }
}
