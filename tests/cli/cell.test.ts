import { expect, it } from 'vitest';
import { oneLine, plain, widthOf } from '../../src/cli/cell.ts';
import { isColourful } from '../../src/cli/colors.ts';

it.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['first\nsecond', 20, 'first'],
  ['日本語', 6, '日本語'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['👩‍👩‍👧 family', 4, '👩‍👩‍👧 …'],
])('%j in %i columns is %j', (text, width, expected) => {
  expect(oneLine(text, width)).toBe(expected);
  expect(widthOf(oneLine(text, width))).toBeLessThanOrEqual(width);
});

it('shows what would steer a terminal, and keeps what is text', () => {
  expect(plain('\u001b[2J\u001b]0;title\u0007 a\tb\nc\r\nd\re')).toBe(
    '\\u001b[2J\\u001b]0;title\\u0007 a\tb\nc\nd\\u000de',
  );
  expect(plain('user\u202egnp.exe \u009b31m')).toBe('user\\u202egnp.exe \\u009b31m');
  expect(plain('Grüße, 日本 👋 <b>&amp;</b>')).toBe('Grüße, 日本 👋 <b>&amp;</b>');
});

it.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ TERM: 'dumb' }, true, false],
  [{ CI: 'true' }, false, false],
])('with %j on a terminal (%j) colour is %j', (env, isTerminal, expected) => {
  expect(isColourful(env, isTerminal)).toBe(expected);
});
