/** A place that does not exist: where a bundle in CommonJS is, nothing says where the files are. */
const NOWHERE = 'file:///bundled/humdrum/dist/database/';

/**
 * A file or folder of this package, beside its code. A bundler may have moved the code away from it. The URL is not built in one
 * expression: bundlers would take that for an asset of their own, and fail.
 */
export function packageFile(path: string): URL {
  const here = URL.canParse(import.meta.url) ? import.meta.url : NOWHERE;
  return new URL(`../../${path}`, here);
}
