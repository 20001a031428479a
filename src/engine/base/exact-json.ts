const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d{16,}$/;

/**
 * Parses JSON from outside the program. Refuses integers beyond 2^53, which `JSON.parse` rounds without a word. Errors:
 * `SyntaxError`, `RangeError`.
 */
export function parseExactJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  for (const [token] of text.matchAll(TOKEN)) {
    if (INTEGER.test(token) && !Number.isSafeInteger(Number(token))) {
      throw new RangeError(
        `the number ${token.slice(0, 40)} is beyond 2^53 and would be rounded. Write it as a string: "${token.slice(0, 40)}"`,
      );
    }
  }
  return value;
}
