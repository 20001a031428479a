import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { HumdrumError } from '../errors.ts';

/** All assets come from this server. The page contacts no other. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'", // Swagger UI sets inline styles.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Humdrum API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css" />
    <link rel="icon" href="docs/favicon-32x32.png" />
  </head>
  <body>
    <div id="docs"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;

const START = `const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
paint();
dark.addEventListener('change', paint);
window.SwaggerUIBundle({
  url: new URL('openapi.json', location.href).href,
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
});
`;

const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** The documentation page. Errors: `not-found` if swagger-ui-dist is not installed. */
export function docsPage(): Response {
  folder();
  return served(PAGE, 'text/html; charset=utf-8');
}

/** Errors: `not-found`. */
export async function docsFile(name: string): Promise<Response> {
  if (name === 'start.js') return served(START, 'text/javascript; charset=utf-8');
  const type = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (type === undefined) {
    throw new HumdrumError('not-found', 'The documentation page has no such file.');
  }
  return served(await readFile(join(folder(), name)), type);
}

function served(body: string | Uint8Array<ArrayBuffer>, type: string): Response {
  return new Response(body, {
    headers: {
      'content-type': type,
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'private, max-age=3600',
    },
  });
}

/** Errors: `not-found`. */
function folder(): string {
  try {
    const entry = createRequire(import.meta.url).resolve('swagger-ui-dist/package.json');
    return join(entry, '..');
  } catch (cause) {
    throw new HumdrumError(
      'not-found',
      'The documentation page needs a package that is not installed: npm install swagger-ui-dist. The OpenAPI description is at openapi.json.',
      { cause },
    );
  }
}
