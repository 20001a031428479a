import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';
import { actOnBulk, previewBulk } from '../contract/bulk.ts';
import { jobQuery } from '../contract/job-query.ts';
import { action } from '../contract/values.ts';
import { given } from '../given.ts';
import { route, type Route } from '../route.ts';
import type { Signer } from '../signer.ts';

const PURPOSE = 'bulk';
const VALID_MS = 600_000;

/**
 * The signed content of a token. Of `count` jobs, the first `from` are done, up to the id `afterId`. Jobs with ids above
 * `upToId` were enqueued after the preview.
 */
const previewed = z.strictObject({
  action,
  query: jobQuery,
  count: z.int(),
  from: z.int(),
  afterId: z.int(),
  upToId: z.int(),
});
type Previewed = z.output<typeof previewed>;

export const bulkRoutes: readonly Route[] = [
  route(previewBulk, async ({ humdrum, signer, body: { action: what, filter } }) => {
    const preview = await humdrum.preview(what, given(filter));
    const { query, count, upToId } = preview;
    const expiresAt = new Date(Date.now() + VALID_MS);
    const said = { action: what, query, count, from: 0, afterId: 0, upToId };
    const token = sign(signer, said, expiresAt);
    return { action: what, ...preview, token, expiresAt };
  }),

  route(
    actOnBulk,
    async ({ humdrum, signer, identity, body: { token, reason, overMs, atMost } }) => {
      const preview = open(signer, token);
      const { action: what, count: of, from, afterId, upToId } = preview;
      const most = Math.min(atMost ?? of, of - from);
      const part = { afterId, from, of };
      const by = { actor: identity.actor, reason, atMost: most, upToId, part };
      const acted = await humdrum.actOnAll(what, given(preview.query), {
        ...by,
        ...given({ overMs }),
      });
      const { done, met, lastId } = acted;
      const isAll = lastId === null || met < most || from + met >= of;
      const rest = isAll ? null : { ...preview, from: from + met, afterId: lastId };
      const next = rest && sign(signer, rest, new Date(Date.now() + VALID_MS));
      return { action: what, done, of: of - from, next };
    },
  ),
];

const sign = (signer: Signer, said: Previewed, expiresAt: Date): string =>
  signer.sign(PURPOSE, z.encode(previewed, said), expiresAt);

/** Errors: `request-invalid`, `preview-expired`. */
function open(signer: Signer, token: string): Previewed {
  const opened = signer.open(PURPOSE, token);
  if (!opened) {
    throw new HumdrumError(
      'request-invalid',
      'This token is not from a preview. Send it back unchanged.',
    );
  }
  const said = z.safeDecode(previewed, opened.said as z.input<typeof previewed>);
  if (said.success && !opened.isExpired) return said.data;
  const why = opened.isExpired ? 'is older than ten minutes' : 'was made by another version';
  throw new HumdrumError(
    'preview-expired',
    `The preview ${why}. Create a new one and use its token.`,
  );
}
