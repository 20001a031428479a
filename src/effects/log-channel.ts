import type { Channel } from '../engine/deliveries/receiver.ts';
import { channelOf, type ChannelSettings } from './channel.ts';

/** Passes messages to `onEvent` of the engine: under the command line that is the log. Default name: log. */
export function logChannel(settings: ChannelSettings = {}): Channel {
  return channelOf(
    'log',
    settings,
    {},
    {
      async send({ channel, to, title, text, alert }, { tell }) {
        if (alert) {
          const { notice, kind, subject, severity, summary } = alert;
          tell({ event: 'alert', notice, kind, subject, severity, summary });
        } else {
          tell({ event: 'notification', channel, to, subject: title === '' ? null : title, text });
        }
      },
    },
  );
}
