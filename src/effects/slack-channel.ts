import type { Channel } from '../engine/deliveries/receiver.ts';
import { channelOf, type ChannelSettings } from './channel.ts';
import { httpUrl, request } from './http-request.ts';
import { cut, type Message } from './message.ts';

export interface SlackOptions extends ChannelSettings {
  /** The URL of an incoming webhook. It is a secret: anybody who has it may post there. */
  url: string;
}

const OWN = { url: true } as const;

/**
 * Posts to the Slack channel of an incoming webhook, or to a service that takes the same: Mattermost, Discord with `/slack`.
 * The webhook decides where, not the message's `to`. Default name: slack. Errors: `config-invalid`.
 */
export function slackChannel(options: SlackOptions): Channel {
  const url = httpUrl('slackChannel', options.url);
  return channelOf('slack', options, OWN, {
    async send(message, { signal }) {
      const body = JSON.stringify({ text: textOf(message) });
      await request(url, { headers: { 'content-type': 'application/json' }, body, signal });
    },
  });
}

/** Slack takes 40,000 characters, and an escaped one is up to five. */
const MAX_CHARACTERS = 7_500;

function textOf({ title, text, link }: Message): string {
  const heading = title === '' ? '' : `*${escape(cut(title, 200))}*\n`;
  const page = link === null ? '' : `\n<${escape(link.replaceAll('|', '%7C'))}|Open>`;
  return `${heading}${escape(cut(text, MAX_CHARACTERS))}${page}`;
}

/** These three characters begin Slack's own markup: links, and mentions of everybody. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
