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
  const audit = new Command('audit').description('show, search, verify and export the audit log');
  audit.addCommand(showCommand());
  audit.addCommand(searchCommand());
  audit.addCommand(verifyCommand());
  audit.addCommand(exportCommand());
  return audit;
}

function showCommand(): Command {
  return new Command('show')
    .description('show the audit log of a job')
    .addArgument(new Argument('<job>', 'id of the job').argParser(toWhole))
    .option('--json', 'print JSON')
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
    .description('verify the seals and report the first mismatch')
    .option('--file <export>', 'verify an export instead of the database')
    .option('--expect <hash>', 'hash of a seal noted earlier, which must exist', toHash)
    .option('--json', 'print JSON')
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
    .description('export the audit log with its seals to a file, to verify it elsewhere')
    .argument('<file>', 'file to write, as JSON lines')
    .action(async (file: string, _options: object, command: Command) => {
      await withClient(command, async (client) => save(await client.open(exportAudit), file));
      print(`Exported the audit log and its seals to ${file}.`);
    });
}

/** Writes to a draft and renames it: a half-written export would look like a log whose end was removed. */
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
  new HumdrumError('input-invalid', `Cannot write ${file}: ${errorMessage(cause)}`, { cause });

async function verifyFile(path: string, options: { expect?: string }): Promise<AuditReport> {
  const stream = createReadStream(path);
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw new HumdrumError('input-invalid', `Cannot read ${path}: ${errorMessage(cause)}`, {
      cause,
    });
  }
  return verifyAuditExport(createInterface({ input: stream, crlfDelay: Infinity }), options);
}

function sentenceOf({ fault, seals, rows, unsealed, newestSeal }: AuditReport): string {
  if (fault) return describeFault(fault);
  const newer = unsealed ?? 0;
  if (!newestSeal) return `Nothing is sealed yet. ${amount(newer, 'row')} to seal.`;
  const rest =
    newer === 0
      ? 'All rows are sealed.'
      : `${amount(newer, 'newer row')} ${newer === 1 ? 'is' : 'are'} not sealed yet.`;
  return [
    `Verified: ${amount(rows, 'row')} under ${amount(seals, 'seal')}. ${rest}`,
    `Note the newest seal, so that its removal is detected: --expect ${newestSeal.hash}`,
  ].join('\n');
}

const ROW_WORDS = {
  'row-changed': 'was changed after it was sealed',
  'row-removed': 'was removed after it was sealed',
  'row-inserted': 'was inserted into a sealed range',
};

const SEAL_WORDS = {
  'seal-changed': 'was changed, or does not follow the previous seal',
  'seal-removed': 'was removed: later seals exist',
  'seal-inserted': 'was inserted: no seal should have this number here',
  'rows-changed': 'covers a row that was changed without changing its short digest',
};

function describeFault(fault: AuditFault): string {
  if (fault.kind === 'hash-unknown')
    return `No seal has the hash ${fault.hash}: the newest seals were removed, or all seals were recreated.`;
  if ('row' in fault)
    return `Row ${fault.row} of the audit log ${ROW_WORDS[fault.kind]} (seal ${fault.seal}).`;
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
    'No entries.',
  );
}
