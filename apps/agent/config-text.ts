import { type Setting, settings } from './settings.ts';
import { wrap } from './wrap.ts';

const columns = 100;

/** The configuration file as it is installed: every key with what it does, none of them set. */
export function agentToml(): string {
  const head = [
    'Configuration of the mvirt agent: man agent.toml, or docs/configuration.md.',
    'Flags of `mvirt agent` go before it. A change counts from the next start of the agent: systemctl restart mvirt (VMs run on).',
  ];
  return `${[comment(head), ...settings.map(entry)].join('\n\n')}\n`;
}

function entry(setting: Setting): string {
  return `${comment([`${capital(setting.summary)}.`, setting.detail, `Default: ${setting.defaultText}.`].filter(Boolean))}\n#${setting.name} = ${setting.example}`;
}

const comment = (paragraphs: string[]): string =>
  paragraphs
    .flatMap((paragraph) => wrap(paragraph, columns - 2))
    .map((line) => `# ${line}`)
    .join('\n');

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** docs/configuration.md. */
export function configurationDocument(): string {
  const rows = settings.flatMap((setting) => [
    `### ${setting.name}`,
    '',
    `${capital(setting.summary)}. ${setting.detail}`.trim(),
    '',
    `- in the file: \`${setting.name} = ${setting.example}\``,
    `- as a flag: \`--${setting.name} ${setting.value}\`${setting.many ? ', may be repeated' : ''}`,
    ...(setting.env === undefined ? [] : [`- in the environment: \`${setting.env}\``]),
    `- default: ${setting.defaultText}`,
    '',
  ]);
  return `${['# Configuration of the agent', '', ...intro, '', ...rows].join('\n').trimEnd()}\n`;
}

const intro = [
  'Made from the code by `npm run generate`.',
  '',
  'The agent takes each setting from a flag, else from the environment (where that is said below), else from `/etc/mvirt/agent.toml`, else the default. `--config FILE` names another file, and',
  '`--config none` none. An ordinary user’s agent reads `$XDG_CONFIG_HOME/mvirt/agent.toml` (`~/.config/mvirt/agent.toml`).',
  '',
  'The file is [TOML](https://toml.io): a line is `key = "value"`, `#` begins a comment. Keys are the names of the flags. Paths are absolute. A key that there is not, a value of the wrong kind and a',
  'line that cannot be read are refused, with the line’s number and what to write instead; the agent then does not start. `mvirt doctor` says whether the file can be used. A change counts from the',
  'next start of the agent, which leaves every VM running.',
];
