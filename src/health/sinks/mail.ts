import type * as Nodemailer from 'nodemailer';
import { HumdrumError } from '../../errors.ts';
import { textOf, titleOf } from '../notice.ts';
import { namedSink, type SendBy, type Sink, type SinkOptions } from '../sink.ts';

export interface MailOptions extends SinkOptions {
  /** `smtps://user:password@host:465`, or `smtp://host:587`, which goes on encrypted where the server can. */
  url: string;
  from: string;
  to: string | readonly string[];
}

/** Mails by SMTP. It takes the package nodemailer. Default name: mail. Errors: `config-invalid`, `mail-missing`. */
export function mailSink({ url, from, to, ...options }: MailOptions): Sink {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol !== 'smtp:' && protocol !== 'smtps:') {
    throw new HumdrumError('config-invalid', 'mailSink takes a URL that begins with smtps://.');
  }
  const sink = namedSink('mail', options, async (notice, by) => {
    const transport = await transportTo(url, sink.timeoutMs);
    const message = {
      from,
      to: [to].flat(),
      subject: titleOf(notice),
      text: textOf(notice),
      messageId: `<${by.key}@humdrum>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
    await unlessAborted(transport.sendMail(message), by);
  });
  return {
    ...sink,
    async check() {
      const transport = await transportTo(url, sink.timeoutMs);
      await transport.verify().finally(() => transport.close());
    },
  };
}

async function transportTo(url: string, timeoutMs: number): Promise<Nodemailer.Transporter> {
  const { createTransport } = await nodemailer();
  const patience = {
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  };
  return createTransport({ url, ...patience });
}

/** SMTP takes no signal. What is left of it ends by the limits of its socket. */
async function unlessAborted(sending: Promise<unknown>, { signal }: SendBy): Promise<void> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  });
  try {
    await Promise.race([sending, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
    sending.catch(() => undefined);
  }
}

async function nodemailer(): Promise<typeof Nodemailer> {
  try {
    return await import('nodemailer');
  } catch (cause) {
    throw new HumdrumError('mail-missing', 'Mail takes a package more: npm install nodemailer', {
      cause,
    });
  }
}
