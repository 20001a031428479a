import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/engine/base/exact-json.ts';

describe('JSON from outside', () => {
  it.each(['9007199254740992', '-9007199254740993', '{"a":[1,{"id":12345678901234567890}]}'])(
    'with a number that would be rounded is refused: %s',
    (text) => {
      expect(() => parseExactJson(text)).toThrow(
        /is beyond 2\^53 and would be rounded\. Write it as a string: "-?\d+"$/,
      );
    },
  );

  it.each([
    '9007199254740991',
    '1e300',
    '0.12345678901234567890',
    '12345678901234567890.5',
    '"12345678901234567890"',
    '{"12345678901234567890":"\\"12345678901234567890"}',
    '"\\\\"',
  ])('is as JSON.parse makes it: %s', (text) => {
    expect(parseExactJson(text)).toEqual(JSON.parse(text));
  });

  it('that is none is a SyntaxError', () => {
    expect(() => parseExactJson('{')).toThrow(SyntaxError);
  });
});
