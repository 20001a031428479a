import { userInfo } from 'node:os';
import { expect, it } from 'vitest';
import { userName } from '../../src/engine/base/user-name.ts';

it('is that of the user, or the number of a user without a name', () => {
  expect(userName()).toBe(userInfo().username);
  const unknown = (): never => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  };
  expect(userName(unknown)).toBe(`uid-${process.getuid?.()}`);
});
