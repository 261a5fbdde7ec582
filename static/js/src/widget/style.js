/**
 * The look of a widget. Colours are the brand's where the page has set them; else the house's, for the
 * page's scheme or the one that the theme names.
 */

export const STYLE = `
:host { display: block; inline-size: 20rem; max-inline-size: 100%; }
:host([data-size="compact"]) { inline-size: 18rem; }
:host([data-size="flexible"]) { inline-size: auto; }
:host([data-theme="light"]) { color-scheme: light; }
:host([data-theme="dark"]) { color-scheme: dark; }
.box {
  --ink: var(--challenge-ink, CanvasText);
  --paper: var(--challenge-paper, Canvas);
  --accent: var(--challenge-accent, CanvasText);
  --pencil: var(--challenge-pencil, GrayText);
  --warning: var(--challenge-warning, CanvasText);
  --edge: var(--challenge-edge, GrayText);
  box-sizing: border-box;
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 4px 16px;
  min-block-size: 72px;
  padding: 8px 16px;
  border: 1px solid var(--edge);
  border-radius: 4px;
  background: var(--paper);
  color: var(--ink);
  font: 0.9375rem/1.4 var(--challenge-sans, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
  overflow-wrap: break-word;
}
@supports (color: light-dark(red, red)) {
  .box {
    --ink: var(--challenge-ink, light-dark(#1f1c16, #f0e9d9));
    --paper: var(--challenge-paper, light-dark(#faf6ec, #16150f));
    --accent: var(--challenge-accent, light-dark(#1d5638, #8ecda6));
    --pencil: var(--challenge-pencil, light-dark(#d9d0bc, #3d392d));
    --warning: var(--challenge-warning, light-dark(#8f5e00, #dda63f));
    --edge: var(--challenge-edge, light-dark(#857c6a, #7c7564));
  }
}
[hidden] { display: none !important; }
p { margin: 0; }
#caption { flex-basis: 100%; }
[data-challenge-live] { flex: 1 1 auto; min-inline-size: 7em; font-variant-numeric: tabular-nums; }
[data-challenge-progress] { display: flex; gap: 8px; }
svg { display: block; block-size: 24px; inline-size: auto; }
line {
  stroke: var(--accent);
  stroke-width: 4px;
  stroke-linecap: round;
  stroke-dasharray: 1;
  stroke-dashoffset: 1;
  opacity: 0;
}
.is-done { stroke-dashoffset: 0; opacity: 1; }
.is-pencil { stroke: var(--pencil); stroke-width: 2px; stroke-dasharray: none; opacity: 1; }
[data-state="expired"] > [data-challenge-progress],
[data-state="problem"] > :is([data-challenge-progress], [data-challenge-live]) {
  display: none;
}
[data-challenge-problem] {
  margin-block: 4px;
  flex-basis: 100%;
  padding-inline-start: 12px;
  border-inline-start: 3px solid var(--warning);
}
button {
  margin-block: 4px;
  min-block-size: 44px;
  padding: 8px 16px;
  border: 1px solid var(--accent);
  border-radius: 4px;
  background: none;
  color: var(--accent);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { background: var(--accent); color: var(--paper); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
:host([data-size="compact"]) .box { gap: 4px 8px; min-block-size: 44px; padding: 8px; }
:host([data-size="compact"]) #caption { flex: 1; }
:host([data-size="compact"]) [data-state="idle"] > :is([data-challenge-live], [data-challenge-problem]),
:host([data-size="compact"]) .box:not([data-state="idle"], [data-sending]) > #caption,
:host([data-size="compact"]) [data-sending] > [data-challenge-progress],
:host([data-size="compact"]) [data-state="working"][data-sending] > [data-challenge-live] {
  display: none;
}
:host([data-size="compact"]) [data-challenge-progress] { order: -2; gap: 4px; }
:host([data-size="compact"]) svg { block-size: 16px; }
:host([data-size="compact"]) button { min-block-size: 32px; padding: 4px 8px; }
:host([data-appearance="execute"]) [data-state="idle"],
:host([data-appearance="interaction-only"]) .box:not([data-asks], [data-sending]) {
  display: none;
}
@media (prefers-reduced-motion: no-preference) {
  line { transition: stroke-dashoffset 160ms ease-out; }
}
@media (forced-colors: active) {
  .is-done { stroke: CanvasText; }
}
`;
