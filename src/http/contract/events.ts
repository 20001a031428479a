import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { auditEvent } from './jobs.ts';
import { idText, several } from './values.ts';

export const streamChanges = endpoint({
  name: 'streamChanges',
  method: 'GET',
  path: '/events',
  tag: 'Changes',
  summary: 'What changes, as it does: server-sent events',
  description: `Each row that is added to the audit is an event \`change\`, with the row as its data. \`ready\` begins a stream.
The id of a message is a point up to which everything has been sent: a browser's EventSource gives the last one back in Last-Event-ID, and the stream goes on behind it.
Rows may be sent twice after that, since those that are younger than a transaction that is still open are sent at once and their ids are not final: drop repeats by \`id\` in the data.
\`reset\` says that the place given back is too far behind, more than 100,000 rows, or of another database: load what you show anew.
A stream ends after 15 minutes, and when the server stops.`,
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
