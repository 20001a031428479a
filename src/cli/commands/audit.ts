import { Argument, Command } from 'commander';
import type { AuditRow } from '../../engine/audit.ts';
import { toWhole } from '../arguments.ts';
import { instant, print, printJson, table } from '../output.ts';
import { withHumdrum } from '../session.ts';

export function auditCommand(): Command {
  const audit = new Command('audit').description('who did what');
  audit.addCommand(
    new Command('show')
      .description('everything that was done to a job')
      .addArgument(new Argument('<job>', 'its id').argParser(toWhole))
      .option('--json', 'for programs')
      .action(async (id: number, options: { json?: true }, command: Command) => {
        const job = await withHumdrum(command, (humdrum) => humdrum.showJob(id));
        if (options.json) printJson(job.audit);
        else print(auditTable(job.audit));
      }),
  );
  return audit;
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
