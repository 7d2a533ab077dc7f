import type { CliRenderer } from '@opentui/core';

/** What OpenTUI 0.5.12 has and does not show: output in its order with the frames. */
type Inner = { writeOut(data: string): void };

/**
 * Copies by OSC 52, which works over ssh. Inside tmux OpenTUI speaks past it to the terminal around it, which tmux lets through only with
 * allow-passthrough; tmux itself takes the plain form, with set-clipboard on (tmux(1)), so it gets both.
 */
export function createClipboard(renderer: CliRenderer, env: Record<string, string | undefined>): (text: string) => boolean {
  return (text) => {
    const taken = renderer.copyToClipboardOSC52(text);
    if (env.TMUX === undefined) return taken;
    (renderer as unknown as Inner).writeOut(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`);
    return true;
  };
}
