import { namedSink, type Sink, type SinkOptions } from '../sink.ts';

/** Tells whoever listens to the engine, `onEvent`: under the command line that is the log. Default name: log. */
export function logSink(options: SinkOptions = {}): Sink {
  return namedSink('log', options, async (notice, { tell }) => {
    const { kind, subject, severity, summary } = notice;
    tell({ event: 'alert', notice: notice.notice, kind, subject, severity, summary });
  });
}
