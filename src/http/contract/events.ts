import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { auditEvent } from './jobs.ts';
import { idText, several } from './values.ts';

export const streamChanges = endpoint({
  name: 'streamChanges',
  method: 'GET',
  path: '/events',
  tag: 'Changes',
  summary: 'Stream changes as server-sent events',
  description: `Each new row of the audit log is sent as a \`change\` event with the row as its data. The first event of a stream is \`ready\`.
The id of a message marks a position up to which everything has been sent. To continue after it, send it as Last-Event-ID, as a browser's EventSource does.
After reconnecting, rows may be sent twice: rows newer than a still open transaction are sent at once, before the position can move past them. Drop repeats by \`id\` in the data.
\`reset\` means that the position is more than 100,000 rows behind or belongs to another database. Reload everything you show.
A stream ends after 15 minutes and when the server stops.`,
  role: 'viewer',
  query: z.strictObject({
    job: several(idText).optional(),
    event: several(auditEvent).optional(),
  }),
  answer: z.string(),
  envelope: { type: 'text/event-stream' },
  refuses: ['too-many-requests'],
});

export const eventEndpoints = [streamChanges];
