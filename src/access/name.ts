import { HumdrumError } from '../errors.ts';

const NAME = /^[^\s\p{C}]{1,200}$/u;

/** The name of a key or an account, as it stands in the audit: without spaces, the same in any case. Errors: `input-invalid`. */
export function nameFrom(text: string): string {
  const name = text.normalize('NFKC').toLowerCase();
  if (NAME.test(name)) return name;
  throw new HumdrumError(
    'input-invalid',
    'A name has 1 to 200 characters, and no spaces: ada, ada@example.com, deploy-bot.',
  );
}
