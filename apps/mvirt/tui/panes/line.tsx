import { StyledText, type TextChunk, type TextRenderable } from '@opentui/core';
import { createMemo, createRenderEffect } from 'solid-js';
import type { Span } from '../layout/span.ts';
import type { Theme } from '../theme/theme.ts';

/** One row of spans. Equal spans draw nothing anew. stale: the data is old, so it is greyed. */
export function Line(props: { spans: Span[]; width: number; theme: Theme; stale?: boolean; top?: number; left?: number }) {
  const spans = createMemo(() => props.spans, [], { equals: sameSpans });
  // Solid's `content` attribute takes strings only.
  const show = (text: TextRenderable): void =>
    createRenderEffect(() => {
      text.content = new StyledText(spans().map((each) => chunk(each, props.theme, props.stale === true)));
    });
  return (
    <text
      ref={show}
      position="absolute"
      top={props.top ?? 0}
      left={props.left ?? 0}
      width={props.width}
      height={1}
      wrapMode="none"
      selectable={false}
      bg={props.theme.background}
    />
  );
}

const keepsTone: ReadonlySet<string> = new Set(['selected', 'selectedIdle', 'hit', 'border', 'borderFocused', 'field', 'fieldFocused', 'title']);

function chunk(each: Span, theme: Theme, stale: boolean): TextChunk {
  const style = theme.style(stale && !keepsTone.has(each.tone) ? 'dim' : each.tone);
  return { __isChunk: true, text: each.text, fg: style.fg, bg: style.bg, attributes: style.attributes };
}

const sameSpans = (a: Span[], b: Span[]): boolean =>
  a.length === b.length && a.every((each, index) => each.text === b[index]?.text && each.tone === b[index]?.tone);
