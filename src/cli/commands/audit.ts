import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Argument, Command } from 'commander';
import type { AuditRow } from '../../engine/audit/entry.ts';
import { verifyAuditExport } from '../../engine/audit/export.ts';
import type { AuditFault, AuditReport } from '../../engine/audit/verify.ts';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { exportAudit, verifyAudit } from '../../http/contract/audit.ts';
import { showJob } from '../../http/contract/jobs.ts';
import { toHash, toWhole } from '../arguments.ts';
import { EXIT } from '../exit.ts';
import { count, instant, print, printJson, table } from '../output.ts';
import { Progress } from '../progress.ts';
import { withClient } from '../session.ts';
import { searchCommand } from './audit-search.ts';

export function auditCommand(): Command {
  const audit = new Command('audit').description('who did what, and whether that was changed');
  audit.addCommand(showCommand());
  audit.addCommand(searchCommand());
  audit.addCommand(verifyCommand());
  audit.addCommand(exportCommand());
  return audit;
}

function showCommand(): Command {
  return new Command('show')
    .description('everything that was done to a job')
    .addArgument(new Argument('<job>', 'its id').argParser(toWhole))
    .option('--json', 'for programs')
    .action(async (id: number, options: { json?: true }, command: Command) => {
      const { audit } = await withClient(command, (client) =>
        client.call(showJob, { params: { id } }),
      );
      if (options.json) printJson(audit);
      else print(auditTable(audit));
    });
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('recompute the seals, and name the first row that was changed')
    .option('--file <export>', 'an export instead of the database')
    .option('--expect <hash>', 'of a seal, noted earlier, that must be there', toHash)
    .option('--json', 'for programs')
    .action(async (options: { file?: string; expect?: string; json?: true }, command: Command) => {
      const { file } = options;
      const report =
        file === undefined
          ? await withClient(command, (client) =>
              client.call(verifyAudit, {
                query: options.expect === undefined ? {} : { expect: options.expect },
              }),
            )
          : await verifyFile(file, options);
      if (options.json) printJson(report);
      else print(sentenceOf(report));
      if (report.fault) process.exitCode = EXIT.failed;
    });
}

function exportCommand(): Command {
  return new Command('export')
    .description('write the audit and its seals to a file, for a verification elsewhere')
    .argument('<file>', 'lines of JSON')
    .action(async (file: string, _options: object, command: Command) => {
      await withClient(command, async (client) => save(await client.open(exportAudit), file));
      print(`The audit and its seals are in ${file}.`);
    });
}

/** Whole or not at all: what is half written would verify as an audit whose end was taken away. */
async function save({ body }: Response, file: string): Promise<void> {
  const draft = `${file}.part`;
  const progress = new Progress('exporting');
  try {
    const pieces: AsyncIterable<Uint8Array> = body ?? Readable.from([]);
    await pipeline(counted(pieces, progress), createWriteStream(draft));
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw isOfFile(error) ? unwritable(file, error) : error;
  } finally {
    progress.end();
  }
}

const LINE_FEED = 10;

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  let lines = 0;
  for await (const piece of pieces) {
    for (const byte of piece) if (byte === LINE_FEED) lines += 1;
    progress.showSome(lines, 'lines');
    yield piece;
  }
}

const isOfFile = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'path' in error;

const unwritable = (file: string, cause: Error): HumdrumError =>
  new HumdrumError('input-invalid', `${file} cannot be written: ${errorMessage(cause)}`, { cause });

async function verifyFile(path: string, options: { expect?: string }): Promise<AuditReport> {
  const stream = createReadStream(path);
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new HumdrumError('input-invalid', `${path} cannot be read: ${errorMessage(cause)}`, {
      cause,
    });
  }
  return verifyAuditExport(createInterface({ input: stream, crlfDelay: Infinity }), options);
}

function sentenceOf({ fault, seals, rows, unsealed, newestSeal }: AuditReport): string {
  if (fault) return wordFault(fault);
  const newer = unsealed ?? 0;
  if (!newestSeal) return `Nothing is sealed yet; ${amount(newer, 'row')} to seal.`;
  const rest =
    newer === 0
      ? 'nothing is newer.'
      : `${amount(newer, 'newer row')} ${newer === 1 ? 'is' : 'are'} not sealed yet.`;
  return [
    `${amount(rows, 'row')} under ${amount(seals, 'seal')} ${rows === 1 ? 'is as it was' : 'are as they were'} sealed; ${rest}`,
    `Note the newest seal, so that it cannot be taken away unseen: --expect ${newestSeal.hash}`,
  ].join('\n');
}

const ROW_WORDS = {
  'row-changed': 'was changed after it was sealed',
  'row-removed': 'was removed after it was sealed',
  'row-inserted': 'was inserted into a range that was sealed without it',
};

const SEAL_WORDS = {
  'seal-changed': 'was changed, or does not follow the seal before it',
  'seal-removed': 'was removed: later seals are there',
  'seal-inserted': 'was inserted: a seal has no such number there',
  'rows-changed': 'covers a row that was changed so that its short digest is the same',
};

function wordFault(fault: AuditFault): string {
  if (fault.kind === 'hash-unknown')
    return `No seal has the hash ${fault.hash}: the newest seals were removed, or all were made anew.`;
  if ('row' in fault)
    return `Row ${fault.row} of the audit ${ROW_WORDS[fault.kind]} (seal ${fault.seal}).`;
  return `Seal ${fault.seal} ${SEAL_WORDS[fault.kind]}.`;
}

function amount(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}

export function auditTable(rows: readonly AuditRow[]): string {
  return table(
    ['at (UTC)', 'event', 'attempt', 'by', 'reason'],
    rows.map((row) => [
      instant(row.at),
      row.event,
      row.attempt === null ? '' : String(row.attempt),
      row.actor,
      row.reason ?? '',
    ]),
    'Nothing is recorded.',
  );
}
