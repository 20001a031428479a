import type { Argument, Command, Option } from 'commander';

/** Documents all commands as Markdown, from the data of `--help`. */
export function commandsPage(program: Command): string {
  return leavesOf(program).map(section).join('\n');
}

function leavesOf(command: Command): Command[] {
  const children = command.createHelp().visibleCommands(command);
  const named = children.filter((child) => child.name() !== 'help');
  return named.length === 0 ? [command] : named.flatMap(leavesOf);
}

function section(command: Command): string {
  const help = command.createHelp();
  const usage = [pathOf(command), ...command.registeredArguments.map(usageOf)].join(' ');
  const rows = [
    ...help.visibleArguments(command).map((one) => row(one.name(), meaning(one))),
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .map((one) => row(one.flags, meaning(one))),
  ];
  const table = rows.length > 0 ? `\n| | |\n| --- | --- |\n${rows.join('\n')}\n` : '';
  return `### \`${usage}\`\n\n${sentence(command.description())}\n${table}`;
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

const usageOf = (argument: Argument): string => {
  const name = argument.name().toUpperCase();
  return argument.required ? name : `[${name}]`;
};

const row = (name: string, says: string): string => `| \`${name}\` | ${says} |`;

function meaning(one: Option | Argument): string {
  const { description, argChoices } = one;
  const defaultValue: unknown = one.defaultValue;
  const choices = argChoices ? ` (${argChoices.join(', ')})` : '';
  const plain = ['string', 'number'].includes(typeof defaultValue);
  const shown = one.defaultValueDescription ?? String(defaultValue);
  const standard = plain ? ` (default: ${shown})` : '';
  const variable = 'envVar' in one && one.envVar ? ` (${one.envVar})` : '';
  return `${description}${choices}${standard}${variable}`
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
