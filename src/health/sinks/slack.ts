import { textOf, titleOf } from '../notice.ts';
import { httpUrl, namedSink, post, type Sink, type SinkOptions } from '../sink.ts';

export interface SlackOptions extends SinkOptions {
  /** Of an incoming webhook. It is a secret: whoever has it may write there. */
  url: string;
}

/** Writes to a channel of Slack, or of what takes the same: Mattermost, Discord with `/slack`. Default name: slack. */
export function slackSink({ url: text, ...options }: SlackOptions): Sink {
  const url = httpUrl('slackSink', text);
  return namedSink('slack', options, async (notice, { signal }) => {
    const body = JSON.stringify({ text: escape(`*${titleOf(notice)}*\n${textOf(notice)}`) });
    await post(url, { headers: { 'content-type': 'application/json' }, body, signal });
  });
}

/** Three characters begin Slack's own marks: links, and calls to everybody. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
