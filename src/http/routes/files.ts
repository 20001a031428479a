import { Readable } from 'node:stream';
import type { FileFact } from '../../engine/job/context.ts';
import { HumdrumError } from '../../errors.ts';
import { API } from '../api-path.ts';
import { downloadFile, linkFile } from '../contract/files.ts';
import { route, stream, type Route } from '../route.ts';

const PURPOSE = 'file';
const VALID_SECONDS = 300;

export const fileRoutes: readonly Route[] = [
  route(linkFile, async ({ humdrum, signer, basePath, params, body }) => {
    const file = await humdrum.fileNamed(params.sha256);
    const { validSeconds = VALID_SECONDS } = body;
    const expiresAt = new Date(Date.now() + validSeconds * 1_000);
    const { name, bytes, contentType } = file;
    const link = signer.sign(PURPOSE, file, expiresAt);
    return {
      url: `${basePath}${API}/files/download?link=${link}`,
      expiresAt,
      name,
      bytes,
      contentType,
    };
  }),

  stream(downloadFile, async ({ humdrum, signer, query }) => {
    const opened = signer.open(PURPOSE, query.link);
    if (!opened || opened.isExpired) {
      throw new HumdrumError(
        'link-invalid',
        `This link ${opened ? 'has expired' : 'was not issued by this server'}. Request a new one.`,
      );
    }
    const file = opened.said as FileFact;
    const content = await humdrum.openFile(file.sha256);
    return new Response(Readable.toWeb(content) as ReadableStream, { headers: headersOf(file) });
  }),
];

/** Forces a download, so that a file can never run as a page of this site. */
function headersOf({ name, bytes, contentType }: FileFact): Record<string, string> {
  return {
    'content-type': contentType,
    'content-length': String(bytes),
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, (sign) => `%${sign.codePointAt(0)?.toString(16)}`)}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
    'cache-control': 'private, no-store',
  };
}
