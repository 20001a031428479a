import type * as Nodemailer from 'nodemailer';
import type { Channel } from '../engine/deliveries/receiver.ts';
import { PermanentError } from '../engine/job/errors.ts';
import { HumdrumError } from '../errors.ts';
import { channelOf, type ChannelSettings } from './channel.ts';
import { cut, type Message } from './message.ts';

export interface MailOptions extends ChannelSettings {
  /** `smtps://user:password@host:465`, or `smtp://host:587`, which turns to encryption if the server offers it. */
  url: string;
  from: string;
  /** Recipients of what names none, such as alerts. */
  to?: string | readonly string[];
}

const OWN = { url: true, from: true, to: true } as const;

/** Mails by SMTP. It needs the package nodemailer. Default name: mail. Errors: `config-invalid`, `mail-missing`. */
export function mailChannel(options: MailOptions): Channel {
  const { url, from, to = [], timeoutMs = 10_000 } = options;
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol !== 'smtp:' && protocol !== 'smtps:') {
    throw new HumdrumError('config-invalid', 'mailChannel takes a URL that begins with smtps://.');
  }
  return channelOf('mail', options, OWN, {
    async send(message, { signal }) {
      const recipients = message.to === '' ? [to].flat() : [message.to];
      if (recipients.length === 0) {
        throw new PermanentError(
          'The mail has no recipient: give `to` to mailChannel or to ctx.notify.',
        );
      }
      const transport = await transportTo(url, timeoutMs);
      await unlessAborted(transport.sendMail({ from, to: recipients, ...mailOf(message) }), signal);
    },
    async check() {
      const transport = await transportTo(url, timeoutMs);
      await transport.verify().finally(() => transport.close());
    },
  });
}

function mailOf({ key, title, text, link }: Message): Nodemailer.SendMailOptions {
  const [firstLine = ''] = text.split('\n', 1);
  return {
    subject: cut(title || firstLine, 200),
    text: link === null ? text : `${text}\n\n${link}`,
    messageId: `<${key}@humdrum>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

async function transportTo(url: string, timeoutMs: number): Promise<Nodemailer.Transporter> {
  const { createTransport } = await nodemailer();
  const timeouts = {
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  };
  return createTransport({ url, ...timeouts });
}

/** SMTP takes no signal. After an abort the connection ends by its own timeouts. */
async function unlessAborted(sending: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  });
  try {
    await Promise.race([sending, aborted]);
  } catch (error) {
    throw isRefused(error) ? new PermanentError(error.message, { cause: error }) : error;
  } finally {
    signal.removeEventListener('abort', abort);
    sending.catch(() => undefined);
  }
}

/** The server refused the sender, a recipient or the text for good. A login that is refused may be mended. */
function isRefused(error: unknown): error is Error {
  if (!(error instanceof Error) || !('responseCode' in error) || !('code' in error)) return false;
  return (
    Number(error.responseCode) >= 500 && ['EENVELOPE', 'EMESSAGE'].includes(String(error.code))
  );
}

async function nodemailer(): Promise<typeof Nodemailer> {
  try {
    return await import('nodemailer');
  } catch (cause) {
    throw new HumdrumError('mail-missing', 'Mail needs another package: npm install nodemailer', {
      cause,
    });
  }
}
