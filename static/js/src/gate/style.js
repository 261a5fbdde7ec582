/**
 * The look of a gate, the interstitial's in little. Colours fit the page by themselves: they are
 * its own text colour, the brand's where it has set one, or the house's for the page's scheme.
 */

export const GATE_STYLE = `
:host { display: block; }
.gate {
  --accent: var(--challenge-accent, currentColor);
  --paper: var(--challenge-paper, Canvas);
  --pencil: var(--challenge-pencil, currentColor);
  --warning: var(--challenge-warning, currentColor);
}
@supports (color: light-dark(red, red)) {
  .gate {
    --accent: var(--challenge-accent, light-dark(#1d5638, #8ecda6));
    --paper: var(--challenge-paper, light-dark(#faf6ec, #16150f));
    --pencil: var(--challenge-pencil, light-dark(#d9d0bc, #3d392d));
    --warning: var(--challenge-warning, light-dark(#8f5e00, #dda63f));
  }
}
[hidden] { display: none !important; }
.gate, .ways {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 8px 16px;
}
p { margin: 0; line-height: 1.5; }
button {
  min-height: 44px;
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
[aria-disabled="true"], [aria-disabled="true"]:hover {
  border-style: dashed;
  background: none;
  color: inherit;
  cursor: progress;
}
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[data-challenge-progress] { display: none; flex-wrap: wrap; gap: 16px; }
[data-state="working"] > [data-challenge-progress]:not(:empty) { display: flex; }
[data-state="problem"] > button { display: none; }
svg { display: block; }
line {
  stroke: var(--accent);
  stroke-width: var(--challenge-stroke, 3px);
  stroke-linecap: round;
  stroke-dasharray: 1;
  stroke-dashoffset: 1;
  opacity: 0;
}
.is-done { stroke-dashoffset: 0; opacity: 1; }
.is-pencil { stroke: var(--pencil); stroke-width: 1.5px; stroke-dasharray: none; opacity: 1; }
[data-challenge-live] {
  flex-basis: 100%;
  color: var(--challenge-soft, inherit);
  font-size: 0.9375rem;
  font-variant-numeric: tabular-nums;
}
[data-state="ready"] > [data-challenge-live] {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
[data-challenge-problem] {
  flex-basis: 100%;
  padding-inline-start: 16px;
  border-inline-start: 3px solid var(--warning);
}
.ways { margin-top: 8px; }
.challenge-ways { display: none; flex-basis: 100%; flex-wrap: wrap; gap: 8px 16px; }
[data-state="queue"] > .challenge-ways, [data-state="problem"] > .challenge-ways { display: flex; }
[data-state="problem"] .challenge-sign-in { display: none; }
@media (prefers-reduced-motion: no-preference) {
  line { transition: stroke-dashoffset 160ms ease-out; }
}
@media (forced-colors: active) {
  .is-done { stroke: CanvasText; }
  [aria-disabled="true"] { color: GrayText; }
}
`;
