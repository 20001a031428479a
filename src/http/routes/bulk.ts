import { z } from 'zod';
import type { JobFilter } from '../../engine/bulk.ts';
import { HumdrumError } from '../../errors.ts';
import { actOnBulk, bulkFilter, previewBulk } from '../contract/bulk.ts';
import { action } from '../contract/values.ts';
import { given } from '../given.ts';
import { route, type Route } from '../route.ts';
import type { Signer } from '../signer.ts';

const PURPOSE = 'bulk';
const VALID_MS = 600_000;

/** What a token vouches for. */
const previewed = z.strictObject({ action, filter: bulkFilter, count: z.int() });
type Previewed = z.output<typeof previewed>;

export const bulkRoutes: readonly Route[] = [
  route(previewBulk, async ({ humdrum, signer, body }) => {
    const preview = await humdrum.preview(body.action, filterOf(body));
    const expiresAt = new Date(Date.now() + VALID_MS);
    const said = z.encode(previewed, { ...body, count: preview.count });
    const token = signer.sign(PURPOSE, said, expiresAt);
    return { action: body.action, ...preview, token, expiresAt };
  }),

  route(actOnBulk, async ({ humdrum, signer, identity, body: { token, reason, overMs } }) => {
    const preview = open(signer, token);
    const by = { actor: identity.actor, reason, atMost: preview.count, ...given({ overMs }) };
    const filter = filterOf(preview);
    const done =
      preview.action === 'retry'
        ? await humdrum.retryAll(filter, by)
        : await humdrum.cancelAll(filter, by);
    return { action: preview.action, done, of: preview.count };
  }),
];

const filterOf = ({ filter }: Pick<Previewed, 'filter'>): JobFilter => given(filter);

/** Errors: `request-invalid`, `preview-expired`. */
function open(signer: Signer, token: string): Previewed {
  const opened = signer.open(PURPOSE, token);
  if (!opened) {
    throw new HumdrumError(
      'request-invalid',
      'The token is not one that a preview answered: give it back unchanged.',
    );
  }
  if (opened.isExpired) {
    throw new HumdrumError(
      'preview-expired',
      'The preview is older than ten minutes: look again at what would be done, and act with its token.',
    );
  }
  return z.decode(previewed, opened.said as z.input<typeof previewed>);
}
