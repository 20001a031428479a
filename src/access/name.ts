import { HumdrumError } from '../errors.ts';

const NAME = /^[^\s\p{C}]{1,200}$/u;

/** Normalises the name of a key or an account: NFKC, lower case, no spaces. Errors: `input-invalid`. */
export function nameFrom(text: string): string {
  const name = text.normalize('NFKC').toLowerCase();
  if (NAME.test(name)) return name;
  throw new HumdrumError(
    'input-invalid',
    'A name has 1 to 200 characters and no spaces, such as ada, ada@example.com or deploy-bot.',
  );
}
