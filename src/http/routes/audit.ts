import { HumdrumError } from '../../errors.ts';
import { exportAudit, searchAudit, verifyAudit } from '../contract/audit.ts';
import { given } from '../given.ts';
import { route, stream, type Route } from '../route.ts';

/** Engines whose whole audit log is being read. One reader at a time bounds the load. */
const beingRead = new WeakSet<object>();

export const auditRoutes: readonly Route[] = [
  route(searchAudit, async ({ humdrum, query: { job, event, ...query } }) =>
    humdrum.searchAudit(given({ ...query, jobId: job, events: event })),
  ),

  stream(exportAudit, async ({ humdrum }) => {
    const done = takeTurn(humdrum);
    const pieces = humdrum.exportAudit();
    const encoder = new TextEncoder();
    const lines = new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const piece = await pieces.next();
          if (!piece.done) return controller.enqueue(encoder.encode(piece.value));
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        done();
      },
      async cancel() {
        done();
        await pieces.return(undefined);
      },
    });
    return new Response(lines, {
      headers: {
        'content-type': 'application/x-ndjson',
        'content-disposition': 'attachment; filename="audit.ndjson"',
        'x-content-type-options': 'nosniff',
      },
    });
  }),

  route(verifyAudit, async ({ humdrum, query }) => {
    const done = takeTurn(humdrum);
    try {
      return await humdrum.verifyAudit(given(query));
    } finally {
      done();
    }
  }),
];

/** Errors: `too-many-requests`. */
function takeTurn(humdrum: object): () => void {
  if (beingRead.has(humdrum)) {
    throw new HumdrumError(
      'too-many-requests',
      'Another request is reading the whole audit log. Try again when it has finished.',
    );
  }
  beingRead.add(humdrum);
  return () => void beingRead.delete(humdrum);
}
