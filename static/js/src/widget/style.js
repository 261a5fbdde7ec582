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
  gap: 8px 16px;
  min-block-size: 64px;
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
[data-challenge-live] { flex: 1; min-inline-size: 7em; font-variant-numeric: tabular-nums; }
[data-asks] > [data-challenge-live] { min-inline-size: 14em; }
[data-state="queue"] > [data-challenge-live] { flex-basis: 100%; }
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
[data-state="problem"] > [data-challenge-progress], [data-state="problem"] > [data-challenge-live] {
  display: none;
}
[data-challenge-problem] {
  flex-basis: 100%;
  padding-inline-start: 12px;
  border-inline-start: 3px solid var(--warning);
}
button {
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
:host([data-size="compact"]) .box { gap: 4px 8px; min-block-size: 44px; padding: 4px 8px; }
:host([data-size="compact"]) svg { block-size: 16px; }
:host([data-size="compact"]) [data-challenge-progress] { gap: 4px; }
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
