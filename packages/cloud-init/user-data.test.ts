import { expect, test } from 'bun:test';
import { parse } from 'yaml';
import { userData } from './user-data.ts';

const key = 'ssh-ed25519 AAAAC3Nza alice@host';

test('keys alone make a cloud-config', () => {
  expect(userData(null, [key, ` ${key}\n`, '', 'ssh-rsa "B": #c'])).toBe(
    '#cloud-config\nssh_authorized_keys:\n  - "ssh-ed25519 AAAAC3Nza alice@host"\n  - "ssh-rsa \\"B\\": #c"\n',
  );
  expect(userData(' \n', [key])).toBe(`#cloud-config\nssh_authorized_keys:\n  - "${key}"\n`);
});

test.each(['#cloud-config\nhostname: x', '#!/bin/sh\necho hi\n', 'anything\r\n', '#include\nhttp://x/\n'])('without keys %p stays as it is', (text) => {
  expect(userData(text, [])).toBe(text);
});

const tail = `ssh_authorized_keys:\n  - "${key}"\n`;

test.each([
  ['#cloud-config\nhostname: x\n'],
  ['#cloud-config\nhostname: x'],
  ['#Cloud-Config\r\nhostname: x\r\n'],
  ['#cloud-config\n'],
  ['#cloud-config\n# only a comment'],
  ['#cloud-config\nwrite_files:\n- path: /x\n  permissions: 0644\n  content: |\n    ssh_authorized_keys:\n      text\n'],
  ['#cloud-config\nruncmd:\n- &a [x]\n- *a\nusers: [{name: a, ssh_authorized_keys: [k]}]'],
  ['#cloud-config\n---\nlocale: C.UTF-8\n'],
])('keys are put behind %p, which stays as it is', (text) => {
  const result = userData(text, [key]);
  expect(result).toBe(`${text}${text.endsWith('\n') ? '' : '\n'}${tail}`);
  expect(parse(result, { version: '1.1' })).toEqual({ ...parse(text, { version: '1.1' }), ssh_authorized_keys: [key] });
});

/** The parts' types and texts of a message whose parts are base64. */
function parts(message: string): [string, string][] {
  const boundary = /boundary="([^"]+)"/.exec(message)?.[1] ?? '';
  const bodies = message.split(`--${boundary}`).slice(1, -1);
  return bodies.map((body) => {
    const [head = '', text = ''] = body.trimStart().split('\n\n');
    return [/^Content-Type: ([^;]+)/.exec(head)?.[1] ?? '', Buffer.from(text, 'base64').toString()];
  });
}

test.each([
  ['a script', '#!/bin/sh\necho "grüße"\n'],
  ['keys of its own', '#cloud-config\nssh_authorized_keys: [mine]\n'],
  ['flow style', '#cloud-config\n{hostname: x}\n'],
  ['an indented mapping', '#cloud-config\n  hostname: x\n'],
  ['an ended document', '#cloud-config\nhostname: x\n...\n'],
  ['no YAML', '#cloud-config\n\thostname: [\n'],
  ['a list', '#cloud-config\n- x\n'],
  ['a template', '## template: jinja\n#cloud-config\nhostname: {{ v1.x }}\n'],
  ['an archive', '#cloud-config-archive\n- type: text/plain\n'],
])('with keys, %s becomes a part beside them', (_, text) => {
  const message = userData(text, [key]);
  expect(message).toStartWith('Content-Type: multipart/mixed; boundary="mvirt-');
  expect(parts(message)).toEqual([
    ['text/plain', text],
    ['text/cloud-config', `#cloud-config\n${tail}merge_how: "dict(no_replace,recurse_list)+list(append)"\n`],
  ]);
});

test("a message of the user's own is a part as it is", () => {
  const own = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\n--b--';
  const message = userData(own, [key]);
  expect(message).toContain(`\n${own}\n--mvirt-`);
  expect(message.split('Content-Type: multipart/mixed')).toHaveLength(3);
});
