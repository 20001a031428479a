import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';

function stream(isTTY: boolean) {
  let text = '';
  const to = new PassThrough();
  to.on('data', (bytes: Buffer) => (text += bytes.toString()));
  return { said: () => text, to: Object.assign(to, { isTTY, columns: 60 }) };
}

it('shows a bar at a terminal, and leaves nothing of it', () => {
  const { said, to } = stream(true);
  const progress = new Progress('to be retried', to);
  progress.show(0, 5_000);
  progress.show(2_500, 5_000);
  progress.end();
  const clear = '\r\u001b[2K';
  expect(said().split(clear)).toEqual([
    '',
    `to be retried  ${'░'.repeat(24)}  0 of 5,000`,
    `to be retried  ${'█'.repeat(12)}${'░'.repeat(12)}  2,500 of 5,000`,
    '',
  ]);
});

it('counts where nobody knows how much it will be', () => {
  const { said, to } = stream(true);
  const progress = new Progress('exporting', to);
  progress.showSome(12_000, 'lines');
  progress.end();
  expect(said()).toBe('\r\u001b[2Kexporting  12,000 lines\r\u001b[2K');
});

it('says nothing where no terminal is', () => {
  const { said, to } = stream(false);
  const progress = new Progress('to be retried', to);
  progress.show(1, 2);
  progress.showSome(1, 'lines');
  progress.end();
  expect(said()).toBe('');
});
