import { streamChanges } from '../contract/events.ts';
import { readAs } from '../refused-value.ts';
import { idAfter } from '../contract/values.ts';
import { stream, type Route } from '../route.ts';

export const eventRoutes: readonly Route[] = [
  stream(streamChanges, async ({ changes, request, query: { job, event } }) => {
    const last = request.headers.get('last-event-id');
    const from = last === null || last === '' ? null : placeOf(last);
    const wish = {
      jobs: job ? new Set(job) : null,
      events: event ? new Set<string>(event) : null,
    };
    return new Response(await changes.open(wish, from, request.signal), {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      },
    });
  }),
];

/** Errors: `request-invalid`. */
function placeOf(last: string): number {
  return readAs(idAfter, last, 'Last-Event-ID') as number;
}
