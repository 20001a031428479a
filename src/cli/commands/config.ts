import { Command } from 'commander';
import { isFolder } from '../../database/open.ts';
import { colors } from '../colors.ts';
import { CONFIG_FILES, maskUrl, readSetting, type GlobalFlags, type Setting } from '../config.ts';
import { sourceOfVariable } from '../env-file.ts';
import { painted, print, printJson, table } from '../output.ts';
import { filesBeside } from '../engine-options.ts';

interface Shown {
  setting: string;
  /** Value as text, without secrets. Null if unset. */
  value: string | null;
  from: string;
}

export function configCommand(): Command {
  const config = new Command('config').description('show the configuration');
  config.addCommand(
    new Command('show')
      .description('show each setting and its source, with secrets masked')
      .option('--json', 'print JSON')
      .action(async ({ json }: { json?: true }, command: Command) => {
        const flags = command.optsWithGlobals<GlobalFlags>();
        const shown = shownOf(flags, await readSetting(flags));
        if (json) return printJson(shown);
        const rows = shown.map(({ setting, value, from }) => [
          setting,
          value ?? painted('none', colors.dim),
          from,
        ]);
        print(table(['setting', 'value', 'from'], rows, ''));
      }),
  );
  return config;
}

function shownOf(flags: GlobalFlags, setting: Setting): Shown[] {
  return [
    {
      setting: 'config',
      value: setting.file,
      from: flags.config === undefined ? `default: ${CONFIG_FILES.join(', ')}` : '--config',
    },
    databaseOf(flags, setting),
    fromEnvironment('url', 'HUMDRUM_URL', { flag: flags.url && ['--url', flags.url] }),
    fromEnvironment('key', 'HUMDRUM_KEY', {
      flag: flags.keyFile && ['--key-file', MASKED],
      mask: true,
    }),
    fromEnvironment('host', 'HUMDRUM_HOST', { otherwise: '127.0.0.1' }),
    fromEnvironment('port', 'PORT', { otherwise: '3001' }),
    fromEnvironment('probes', 'HUMDRUM_PROBES', {}),
    fromEnvironment('dry run', 'JOB_DRY_RUN', { otherwise: 'off' }),
    fromEnvironment('log level', 'LOG_LEVEL', { otherwise: 'info' }),
    fromEnvironment('log format', 'LOG_FORMAT', { otherwise: 'text' }),
    fromEnvironment('log redact', 'LOG_REDACT', {}),
    secretKeyOf(setting),
    filesOf(setting),
    ...inFile(setting),
  ];
}

const MASKED = '***';

function databaseOf({ database: flag }: GlobalFlags, { config, database }: Setting): Shown {
  const value = isFolder(database) ? database : maskUrl(database);
  if (flag !== undefined) return { setting: 'database', value, from: '--database' };
  if (process.env['DATABASE_URL'])
    return { setting: 'database', value, from: sourceOfVariable('DATABASE_URL') };
  const from = config.database === undefined ? 'default' : 'file';
  return { setting: 'database', value, from };
}

function fromEnvironment(
  setting: string,
  variable: string,
  given: { flag?: [name: string, value: string] | '' | undefined; otherwise?: string; mask?: true },
): Shown {
  if (given.flag) return { setting, value: given.flag[1], from: given.flag[0] };
  const value = process.env[variable];
  if (value)
    return { setting, value: given.mask ? MASKED : value, from: sourceOfVariable(variable) };
  return { setting, value: given.otherwise ?? null, from: 'default' };
}

function secretKeyOf({ config }: Setting): Shown {
  const setting = 'secretKey';
  if (process.env['HUMDRUM_SECRET_KEY'])
    return { setting, value: MASKED, from: sourceOfVariable('HUMDRUM_SECRET_KEY') };
  if (config.secretKey !== undefined) return { setting, value: MASKED, from: 'file' };
  return { setting, value: null, from: 'default' };
}

function filesOf({ config, database }: Setting): Shown {
  if (config.files) return { setting: 'files', value: 'custom storage', from: 'file' };
  const value = isFolder(database) ? filesBeside(database) : null;
  return { setting: 'files', value, from: 'default' };
}

/** Settings that only the file can define. Custom parts are shown by name only, because they may contain secrets. */
function inFile({ config }: Setting): Shown[] {
  const { jobs, packs, receivers, limits, queues, history, worker, alerts, access } = config;
  const parts: Record<string, string | null> = {
    jobs: jobs?.map(({ type }) => type).join(', ') || null,
    packs: packs?.map(({ name }) => name).join(', ') || null,
    receivers: receivers?.map(({ type }) => type.type).join(', ') || null,
    limits: Object.keys(limits ?? {}).join(', ') || null,
    queues: Object.keys(queues ?? {}).join(', ') || null,
    history: history ? JSON.stringify(history) : null,
    worker: worker ? JSON.stringify(worker) : null,
    alerts: alerts ? alerts.sinks.map(({ name }) => name).join(', ') || null : 'log',
    access: access ? Object.keys(access).join(', ') || null : null,
  };
  return Object.entries(parts).map(([setting, value]) => ({
    setting,
    value,
    from: config[setting as keyof typeof config] === undefined ? 'default' : 'file',
  }));
}
