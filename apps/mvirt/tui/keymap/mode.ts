/** Where keys are heard: one pane or one dialog at a time. In `console` every key but the prefix is the guest's; `prefix` is the key after it. */
export const modes = ['list', 'logs', 'details', 'console', 'prefix', 'filter', 'search', 'palette', 'form', 'picker', 'confirm', 'help', 'output'] as const;
export type Mode = (typeof modes)[number];

/** What each mode is called in the documents. */
export const modeTitles: Record<Mode, string> = {
  list: 'In the VM list',
  logs: 'In the logs',
  details: "In a VM's details",
  console: 'In the console',
  prefix: 'In the console, after `^a`',
  filter: 'While typing a filter',
  search: 'While typing a search',
  palette: 'On the command line (`:`)',
  form: 'In a form',
  picker: 'In the file picker',
  confirm: 'Where a question is asked',
  help: 'In the help',
  output: "In a command's output",
};

/** Modes in which keys are text, but for those of a command. */
export const typing: ReadonlySet<Mode> = new Set<Mode>(['filter', 'search', 'palette', 'form', 'picker', 'console']);
