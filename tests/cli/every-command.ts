/** What each command does to the tables, as the guide lists it: see read-only-commands.test.ts. */
export const EVERY_COMMAND: Record<string, Record<string, string[]>> = {
  'makes and migrates': { start: [], server: [], worker: [], 'db migrate': [] },
  'needs no database': { init: [], demo: [], 'config show': [], check: [], completion: [] },
  tells: { 'db status': [], 'db plan': [], doctor: [] },
  looks: {
    'jobs list': [],
    'jobs tail': [],
    'jobs stats': [],
    'jobs show': ['1'],
    'jobs why': ['1'],
    'jobs export': ['1'],
    types: [],
    queues: [],
    workers: [],
    'schedules list': [],
    'schedules next': ['shop.tick'],
    history: [],
    'alerts list': [],
    'alerts show': ['1'],
    'audit show': ['1'],
    'audit search': [],
    'audit verify': [],
    'audit export': ['audit.ndjson'],
    'keys list': [],
    'users list': [],
    replay: ['recording.json'],
  },
  acts: {
    enqueue: ['shop.double'],
    run: ['shop.double'],
    'jobs retry': ['1', '--reason', 'x'],
    'jobs cancel': ['1', '--reason', 'x'],
    'schedules backfill': ['shop.tick', '--from', '2026-01-01', '--to', '2026-01-02'],
    'alerts ack': ['1', '--reason', 'x'],
    'alerts test': [],
    'keys create': ['ci', '--role', 'viewer'],
    'keys revoke': ['0123456789ab'],
    'users add': ['ada', '--role', 'viewer'],
    'users role': ['ada', 'admin'],
    'users password': ['ada'],
    'users disable': ['ada'],
    'users enable': ['ada'],
    'picks import-games': ['games.csv'],
    'picks place-bets': [],
  },
};

/** Each with all its arguments. */
export const commandsOf = (group: string): [command: string, args: string[]][] =>
  Object.entries(EVERY_COMMAND[group] ?? {}).map(([command, args]) => [
    command,
    [...command.split(' '), ...args],
  ]);
