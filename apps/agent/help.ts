import { configFlag, type Setting, settings } from './settings.ts';
import { wrap } from './wrap.ts';

const columns = 120;
const indent = 26;

/** What `mvirt agent --help` prints. */
export const agentHelp = (): string => `mvirt agent: owns the VMs of this host and answers on a Unix socket and to gRPC clients, until SIGTERM; VMs then run on

${[...settings, configFlag].map(flagText).join('')}
What no flag says is taken from the configuration file, whose keys are the flags' names (man agent.toml).
`;

function flagText(setting: Setting | typeof configFlag): string {
  const flag = `  --${setting.name} ${setting.value}`;
  const more = 'many' in setting ? ', may be repeated' : '';
  const env = 'env' in setting ? `; $${setting.env} too` : '';
  const lines = wrap(`${setting.summary}${more}${env} (${setting.defaultText})`, columns - indent);
  return `${flag.padEnd(indent)}${lines.join(`\n${' '.repeat(indent)}`)}\n`;
}
