import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { noTerminal, openTerminal, type Terminal } from '@mvirt/testkit/tmux';
import { waitFor } from '@mvirt/testkit/wait-for';
import type { RGBA } from '@opentui/core';
import { createTestRenderer } from '@opentui/core/testing';
import { GuestTerminal } from './panes/guest-terminal.ts';
import { joined, type Run, readStyledRows } from './testing/screen-cells.ts';
import { guestColours } from './theme/guest-colours.ts';
import { createTheme } from './theme/theme.ts';

// The same bytes on the same size, in tmux and in the console pane: every cell has the same character, colours and attributes.

const missing = noTerminal() ?? ['vim', 'less', 'top'].flatMap((name) => (Bun.which(name) === null ? [`${name} is not installed`] : []))[0] ?? null;
if (missing) console.log(`skipped: ${missing}`);

const standIns = guestColours(createTheme('ansi'));
const attributeBits = { bold: 1, dim: 2, italic: 4, underline: 8, blink: 16, strike: 128 };

const levels = [0, 95, 135, 175, 215, 255];
const palette = Array.from({ length: 256 }, (_, index) => {
  if (index < 16) return standIns.sixteen[index]?.toInts().slice(0, 3).join(',');
  if (index >= 232)
    return Array(3)
      .fill((index - 232) * 10 + 8)
      .join(',');
  return [levels[Math.floor((index - 16) / 36)], levels[Math.floor((index - 16) / 6) % 6], levels[(index - 16) % 6]].join(',');
});
const rgb = (colour: RGBA): string => colour.toInts().slice(0, 3).join(',');
/** Colours by what they are on screen. */
const shown = (name: string): string => (/^\d+$/.test(name) ? (palette[Number(name)] ?? name) : name);

function asShown(run: Run): Run {
  const [fg, bg] = [run.fg === 'default' ? rgb(standIns.foreground) : shown(run.fg), run.bg === 'default' ? rgb(standIns.background) : shown(run.bg)];
  const inverse = run.attributes.includes('inverse');
  return { text: run.text, fg: inverse ? bg : fg, bg: inverse ? fg : bg, attributes: run.attributes.replace(/ ?inverse/, '').trim() };
}

/** A row as text. A blank's foreground is not seen unless a line goes through it. */
function rowOf(runs: Run[]): string {
  const cells = runs.map(asShown).flatMap((run) =>
    run.text
      .split(/( +)/)
      .filter((text) => text !== '')
      .map((text) => (text.startsWith(' ') && !/underline|strike/.test(run.attributes) ? { text, fg: '', bg: run.bg, attributes: '' } : { ...run, text })),
  );
  const row = joined(cells);
  const last = row.at(-1);
  if (last !== undefined && last.fg === '' && last.bg === rgb(standIns.background)) row.pop();
  return row.map((run) => `${run.text}[${run.fg}|${run.bg}|${run.attributes}]`).join('');
}

/** What the console pane's emulator shows of these bytes. */
async function rowsInPane(bytes: Uint8Array, columns: number, rows: number, piece: number): Promise<string[]> {
  const screen = await createTestRenderer({ width: columns, height: rows });
  const terminal = new GuestTerminal(screen.renderer, { width: columns, height: rows });
  terminal.colours = standIns;
  screen.renderer.root.add(terminal);
  for (let at = 0; at < bytes.length; at += piece) terminal.write(bytes.subarray(at, at + piece));
  await screen.renderOnce();
  const found = screen.captureSpans().lines.map((line) =>
    rowOf(
      line.spans.map(({ text, fg, bg, attributes }) => ({
        text,
        fg: rgb(fg),
        bg: rgb(bg),
        attributes: Object.entries(attributeBits)
          .flatMap(([name, bit]) => ((attributes & bit) === 0 ? [] : [name]))
          .sort()
          .join(' '),
      })),
    ),
  );
  screen.renderer.destroy();
  return found;
}

const sizes = [
  [80, 24],
  [132, 43],
] as const;

type Program = { argv: string[]; steps: ((terminal: Terminal) => Promise<unknown>)[] };

/** Runs a program in tmux, and after each step compares what it shows with the pane. */
async function compare({ argv, steps }: Program, [columns, rows]: readonly [number, number], term: string): Promise<void> {
  using dir = tempDir('faithful');
  const terminal = await openTerminal({ argv: ['sh', '-c', 'stty -echo; read -r go; stty echo; "$@"; sleep 60', 'sh', ...argv], columns, rows, term });
  await using _terminal = terminal;
  await waitFor('the shell to wait', async () => (await terminal.ask('#{pane_current_command}')) === 'sh');
  await terminal.record(dir.join('bytes'));
  await terminal.keys('Enter');
  for (const step of steps) {
    await step(terminal);
    await waitFor(
      'the pane to show the same',
      async () => {
        const styled = await terminal.styled();
        const bytes = readFileSync(dir.join('bytes'));
        const expected = readStyledRows(styled.replace(/\n$/, '')).map(rowOf);
        const found = await rowsInPane(bytes, columns, rows, 1 + (bytes.length % 61));
        // The program may have written meanwhile: then once more. At the end the difference is shown.
        if (Bun.deepEquals(found, expected)) return true;
        last = { found, expected };
        return false;
      },
      { timeoutMs: 5000 },
    ).catch((error: unknown) => {
      expect(last.found).toEqual(last.expected);
      throw error;
    });
  }
}
let last: { found: string[]; expected: string[] } = { found: [], expected: [] };

const press =
  (...keys: string[]) =>
  (terminal: Terminal) =>
    terminal.keys(...keys);
const sees = (text: string | RegExp) => (terminal: Terminal) => terminal.until(text);

for (const size of sizes) {
  for (const term of size[0] === 80 ? ['xterm-256color', 'linux', 'vt220'] : ['xterm-256color']) {
    test.skipIf(missing !== null)(`vim at ${size.join('x')}, TERM=${term}`, async () => {
      const argv = ['vim', '-Nu', 'NONE', '-i', 'NONE', '-n', '-c', 'syntax on | set hlsearch number ruler showcmd background=dark', import.meta.path];
      const steps = [
        sees('import'),
        press('G'),
        press('C-b'),
        press('/', 't', 'e', 's', 't', 'Enter'),
        press('v', 'j', 'j'),
        press('Escape', 'o', 'x', '日', '本', 'é', 'Escape'),
        press('C-w', 's'),
        press(':', 'q', '!', 'Enter'),
      ];
      await compare({ argv, steps }, size, term);
    });
  }

  test.skipIf(missing !== null)(`less at ${size.join('x')}`, async () => {
    using dir = tempDir('less');
    const lines = Array.from(
      { length: 300 },
      (_, line) => `\u001b[${31 + (line % 7)}mline ${line}\u001b[0m \u001b[1;4;48;5;${line % 256}mof\u001b[0m 日本語 ${'word '.repeat(line % 40)}`,
    );
    writeFileSync(dir.join('text'), lines.join('\n'));
    const steps = [sees('line 1'), press('Space'), press('/', '2', '7', 'Enter'), press('n'), press('-', 'S', 'Enter'), press('Right'), press('G'), press('q')];
    await compare({ argv: ['less', '-R', dir.join('text')], steps }, size, 'xterm-256color');
  });

  test.skipIf(missing !== null)(`top at ${size.join('x')}`, async () => {
    const steps = [sees('PID'), press('z'), press('x'), press('E'), press('h'), press('q')];
    // Narrower than the screen: after a full row, tmux's erasing to the end of the line spares the last column, xterm's does not.
    await compare({ argv: ['top', '-d', '60', '-w', '76'], steps }, size, 'xterm-256color');
  });
}

/** What no program above uses: each as it is, and with what it leaves behind. */
const exercises: Record<string, string> = {
  'sixteen, 256 and 24-bit colours':
    '\u001b[31;42mA\u001b[97;100mB\u001b[38;5;208;48;5;17mC\u001b[38;2;9;99;199;48;2;1;20;30mD\u001b[39mE\u001b[49mF\u001b[7mG\u001b[0mH',
  'bold, dim, italic, underlined, struck': '\u001b[1mA\u001b[2mB\u001b[22mC\u001b[3mD\u001b[23;4mE\u001b[24;9mF\u001b[29mG',
  'line drawing': '\u001b(0lqqk\r\nx  x\r\nmqqj\u001b(B lqk\u000e',
  'a scroll region': `${'x\r\n'.repeat(5)}\u001b[3;6r\u001b[3;1Ha\r\nb\r\nc\r\nd\r\ne\u001b[3;1H\u001bMtop\u001b[r`,
  'lines and characters put in and taken out':
    'abcdefgh\u001b[3G\u001b[2@\u001b[P\r\nsecond\r\nthird\u001b[2;1H\u001b[L\u001b[3;2H\u001b[M\u001b[1;4H\u001b[2X',
  tabs: 'a\tb\t\tc\u001b[Zd\r\n\u001b[3g\u001b[5G\u001bH\r\tx',
  'wide characters at the edge': `${'-'.repeat(79)}日本\r\n日\u001b[2Dy`,
  'wrapping switched off': `\u001b[?7l${'w'.repeat(200)}END\u001b[?7h\r\nnext`,
  'the alternate screen and back': 'before\u001b[?1049h\u001b[44mother\u001b[2J\u001b[?1049lafter',
  'a saved cursor': 'one\u001b7\u001b[31m\u001b[5;5Htwo\u001b8three',
  'origin mode': '\u001b[5;10r\u001b[?6h\u001b[1;1Ho\u001b[?6l\u001b[1;1Ht\u001b[r',
  repeating: 'ab\u001b[5bc',
  'combining marks': 'e\u0301 a\u0308 o',
  'insert mode': 'world\u001b[1G\u001b[4hhello \u001b[4l',
  'what means nothing': 'a\u001b[?9999h\u001b[99zb\u001b]777;x\u0007c\u001bPq~\u001b\\d\u001b_app\u001b\\e',
};

test('what is erased takes the colour that is set', async () => {
  // tmux captures no blanks that were never written, hence by hand: background colour erase, as xterm does it.
  const rows = await rowsInPane(Buffer.from('text\u001b[44m\u001b[K\r\nmore\u001b[2D\u001b[1K\r\n\u001b[41m\u001b[J'), 8, 4, 3);
  const [foreground, blue, red] = [rgb(standIns.foreground), palette[4], palette[1]];
  const background = rgb(standIns.background);
  expect(rows).toEqual([
    `text[${foreground}|${background}|]    [|${blue}|]`,
    `   [|${blue}|]e[${foreground}|${blue}|]`,
    `        [|${red}|]`,
    `        [|${red}|]`,
  ]);
});

test.skipIf(missing !== null).each(Object.entries(exercises))('%s', async (_, text) => {
  using dir = tempDir('exercise');
  writeFileSync(dir.join('text'), `${text}\u001b[12;1H\u001b[0m|end`);
  // Raw, as a serial line is: a line feed goes straight down.
  await compare({ argv: ['sh', '-c', 'stty raw; cat "$1"', 'sh', dir.join('text')], steps: [sees('|end')] }, [80, 24], 'xterm-256color');
});
