import { describe, expect, it } from 'vitest';
import { checkAlerts } from '../../src/cli/doctor/alerts.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { logChannel, mailChannel } from '../../src/effects/channels.ts';
import { defineAlerts } from '../../src/health/index.ts';
import type { Channel } from '../../src/index.ts';
import { hangingPort, mailServer } from '../support/receivers.ts';
import { LETTER, LINKED, NOTICE, outcomeOf } from './channels.ts';

describe('mail', () => {
  const addresses = { from: 'humdrum@example.org', to: ['ada@example.org', 'bob@example.org'] };

  it('arrives at a real server, with its sender, subject and text', async () => {
    const { port, mails, recipients } = await mailServer();
    const channel = mailChannel({ url: `smtp://127.0.0.1:${port}`, ...addresses });
    expect(await outcomeOf(channel)).toBe('sent');
    expect(recipients).toEqual(addresses.to);
    expect(mails[0]).toMatchObject({
      subject: '[humdrum] late test.type (warning)',
      messageId: '<humdrum-7-3@humdrum>',
    });
    expect(mails[0]?.from?.text).toBe('humdrum@example.org');
    expect(mails[0]?.text).toContain(NOTICE.summary);
    expect(mails[0]?.text).toContain('everyMs: 2100000');
  });

  it('goes to whom a notification names, or else to its own recipients', async () => {
    const { port, mails, recipients } = await mailServer();
    const url = `smtp://127.0.0.1:${port}`;
    const channel = mailChannel({ url, from: 'humdrum@example.org' });
    expect(await outcomeOf(channel, LINKED)).toBe('sent');
    expect(recipients).toEqual(['ada@example.org']);
    expect(mails[0]).toMatchObject({ subject: 'Hello', messageId: '<humdrum-7-3@humdrum>' });
    expect(mails[0]?.text).toContain('https://example.org/jobs?a=1|2');
    expect(await outcomeOf(channel, { to: '', text: 'To whom?' })).toMatch(
      /^refused: .*no recipient/,
    );
    const own = mailChannel({ url, ...addresses });
    expect(await outcomeOf(own, { to: '', text: 'First line\nand more' })).toBe('sent');
    expect(recipients.slice(1)).toEqual(addresses.to);
    expect(mails[1]?.subject).toBe('First line');
  });

  it('has no header that its subject makes up', async () => {
    const { port, mails } = await mailServer();
    const channel = mailChannel({ url: `smtp://127.0.0.1:${port}`, from: 'humdrum@example.org' });
    const subject = 'Hello\r\nBcc: eve@example.org';
    expect(await outcomeOf(channel, { ...LETTER, subject })).toBe('sent');
    expect(mails[0]?.subject).toBe('Hello Bcc: eve@example.org');
    expect(mails[0]?.bcc).toBeUndefined();
  });

  it('is refused for good where the server refuses the recipient', async () => {
    const { port } = await mailServer(undefined, { unknown: 'nobody@example.org' });
    const channel = mailChannel({ url: `smtp://127.0.0.1:${port}`, from: 'humdrum@example.org' });
    const outcome = await outcomeOf(channel, { to: 'nobody@example.org', text: 'Hello' });
    expect(outcome).toMatch(/^refused: .*550/);
  });

  it('logs in, and says that it could not, without the password', async () => {
    const { port, mails } = await mailServer({ user: 'ada', password: 'open sesame' });
    const to = (password: string): Channel =>
      mailChannel({
        url: `smtp://ada:${encodeURIComponent(password)}@127.0.0.1:${port}`,
        ...addresses,
      });
    expect(await outcomeOf(to('open sesame'))).toBe('sent');
    expect(mails).toHaveLength(1);
    const refused = await outcomeOf(to('guessed it'));
    expect(refused).toMatch(/Invalid login/);
    expect(refused).not.toMatch(/guessed/);
  });

  it('is examined without a mail, and says what is wrong', async () => {
    const { port, mails } = await mailServer({ user: 'ada', password: 'open sesame' });
    const by = (login: string, at = port): Promise<Finding[]> => {
      const channel = mailChannel({
        url: `smtp://${login}@127.0.0.1:${at}`,
        ...addresses,
        timeoutMs: 500,
      });
      return checkAlerts({ options: { alerts: defineAlerts({ sinks: [logChannel(), channel] }) } });
    };
    const good = await by('ada:open%20sesame');
    expect(good.map(({ check, level }) => [check, level])).toEqual([
      ['alerts', 'ok'],
      ['mail', 'ok'],
    ]);
    const [, refused] = await by('ada:guessed');
    expect(refused).toMatchObject({ check: 'mail', level: 'problem' });
    expect(refused?.says).toMatch(/Invalid login/);
    expect(refused?.says).not.toMatch(/guessed/);
    const [, hanging] = await by('ada:x', await hangingPort());
    expect(hanging).toMatchObject({ level: 'problem' });
    expect(mails).toEqual([]);
    expect(await checkAlerts({ options: {} })).toMatchObject([{ level: 'ok' }]);
  });

  it('does not wait for ever', async () => {
    const url = `smtp://127.0.0.1:${await hangingPort()}`;
    const channel = mailChannel({ url, ...addresses, timeoutMs: 200 });
    expect(await outcomeOf(channel)).toMatch(
      /did not answer within 200 ms|Greeting never received/,
    );
  });
});
