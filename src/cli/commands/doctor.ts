import { Command } from 'commander';
import type { Database } from '../../database/database.ts';
import { isFolder, openDatabase } from '../../database/open.ts';
import { holdsDatabase } from '../../database/pglite-folder.ts';
import { Humdrum } from '../../engine/humdrum.ts';
import { errorMessage, HumdrumError, isHumdrumError } from '../../errors.ts';
import { closedDatabase } from '../closed-database.ts';
import { colors } from '../colors.ts';
import { readSetting, type GlobalFlags, type Setting } from '../config.ts';
import { checkAlerts, checkChannels } from '../doctor/alerts.ts';
import {
  LEVELS,
  ok,
  problem,
  warning,
  type Finding,
  type Level,
  type Patient,
} from '../doctor/finding.ts';
import {
  checkHold,
  checkLeases,
  checkQueues,
  checkSchedules,
  checkWorkers,
} from '../doctor/jobs.ts';
import { checkLog, checkNode, checkSecrets, checkTypes } from '../doctor/process.ts';
import {
  checkClock,
  checkConnections,
  checkDeadRows,
  checkDurability,
  checkHorizon,
  checkServer,
} from '../doctor/server.ts';
import { checkHistory, checkRights } from '../doctor/rights.ts';
import { checkServices } from '../doctor/services.ts';
import { checkStorage } from '../doctor/storage.ts';
import { checkDrift, checkMigrations } from '../doctor/tables.ts';
import { EXIT } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { withoutServer } from '../locked.ts';
import { plain, print, printJson, say } from '../output.ts';
import { optionsOf } from '../engine-options.ts';
import { refuseUrl } from '../session.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('find problems and suggest fixes, without changing anything')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExits with 1 if there is a problem. Warnings do not count.')
    .action(async ({ json }: { json?: true }, command: Command) => {
      refuseUrl(command);
      const findings = await examine(command);
      const problems = findings.filter(({ level }) => level === 'problem').length;
      if (json) printJson({ ok: problems === 0, findings });
      else {
        print(findings.map(describe).join('\n'));
        say(summary(findings));
      }
      process.exitCode = problems > 0 ? EXIT.failed : EXIT.ok;
    });
}

type Check = (patient: Patient) => Promise<Finding | Finding[]>;

/** Checks of the server, which also work before the migrations are applied. */
const OF_THE_SERVER: Record<string, Check> = {
  database: checkServer,
  clock: checkClock,
  connections: checkConnections,
  durability: checkDurability,
  horizon: checkHorizon,
};
const OF_THE_TABLES: Record<string, Check> = {
  rights: checkRights,
  schema: checkDrift,
  hold: checkHold,
  history: checkHistory,
  workers: checkWorkers,
  queues: checkQueues,
  leases: checkLeases,
  schedules: checkSchedules,
  channels: checkChannels,
  'dead rows': checkDeadRows,
};

async function examine(command: Command): Promise<Finding[]> {
  const node = checkNode();
  let setting: Setting;
  let humdrum: Humdrum;
  try {
    setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
    humdrum = new Humdrum(closedDatabase, optionsOf(setting), false);
  } catch (error) {
    if (!(error instanceof HumdrumError)) throw error;
    return [node, problem('configuration', error.message, 'Correct it, then run: humdrum check')];
  }
  const options = optionsOf(setting);
  const about = { setting, options, humdrum };
  const here = [
    node,
    ok('configuration', setting.file ?? 'defaults (no file)'),
    checkTypes(about),
    checkSecrets(about),
    ...checkLog(),
    isNowhere(setting) ? FILES_BESIDE : await checkStorage(about),
    ...(await checkAlerts(about)),
    ...(await checkServices(about)),
  ];
  return [...here, ...(await examineDatabase(about, command))];
}

const FILES_BESIDE = ok('storage', 'not made yet: it is kept beside the database');

/** A probe would leave folders beside a database that does not exist, maybe because its name is mistyped. */
function isNowhere({ config, database }: Setting): boolean {
  return !config.files && isFolder(database) && !holdsDatabase(database);
}

async function examineDatabase(
  about: Omit<Patient, 'database'>,
  command: Command,
): Promise<Finding[]> {
  let database: Database;
  try {
    database = await openDatabase(about.setting.database, { max: 2, create: false });
  } catch (error) {
    if (!(error instanceof HumdrumError)) throw error;
    if (error.code === 'database-missing') return [warning('database', error.message, MISSING)];
    const says = errorMessage(withoutServer(error, command));
    return [problem('database', says, FIX_OF_OPENING[error.code] ?? 'See the message.')];
  }
  const patient = { ...about, database };
  return interruptible(
    async () => {
      const findings = await all(OF_THE_SERVER, patient);
      const migrations = await all({ migrations: checkMigrations }, patient);
      findings.push(...migrations);
      if (migrations.every(({ level }) => level === 'ok'))
        findings.push(...(await all(OF_THE_TABLES, patient)));
      return findings;
    },
    () => database.close(),
  );
}

const MISSING = 'Name the right folder with --database or DATABASE_URL, or start: humdrum start';
const FIX_OF_OPENING: Partial<Record<string, string>> = {
  'database-locked': 'Stop that process, then run humdrum doctor again.',
  'database-unreachable': 'Start the server or correct DATABASE_URL. See: humdrum config show',
  'pg-missing': 'npm install pg',
};

/** Runs checks. A check that fails to run becomes a finding. */
async function all(checks: Record<string, Check>, patient: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      findings.push(...[await check(patient)].flat());
    } catch (error) {
      findings.push(
        problem(
          name,
          `The check failed: ${errorMessage(error)}`,
          isHumdrumError(error) && error.code === 'rights-missing'
            ? 'As the role that owns the tables: humdrum db grant ROLE'
            : 'Connect as the role that owns the tables, or as a member of pg_monitor.',
        ),
      );
    }
  }
  return findings;
}

const MARK: Record<Level, () => string> = {
  ok: () => colors.green('ok     '),
  warning: () => colors.yellow('warning'),
  problem: () => colors.red('problem'),
};

function describe({ check, level, says, fix }: Finding): string {
  const line = `${MARK[level]()}  ${check.padEnd(13)}  ${plain(says)}`;
  return fix === null ? line : `${line}\n${' '.repeat(24)}${colors.bold('→')} ${plain(fix)}`;
}

function summary(findings: readonly Finding[]): string {
  const counts = LEVELS.map((level) => findings.filter((one) => one.level === level).length);
  const [fine = 0, warnings = 0, problems = 0] = counts;
  return `${fine} ok, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${problems} ${problems === 1 ? 'problem' : 'problems'}.`;
}
