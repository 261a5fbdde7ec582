/** The look of the button with the ring, on a page of the gate's and in a gate on another page. */

export const HOLD_STYLE = `
.challenge-hold {
  display: inline-flex;
  align-items: center;
  gap: 16px;
  min-height: 72px;
  margin: 0 0 16px;
  padding: 8px 24px 8px 12px;
  border: 1px solid var(--challenge-accent, currentColor);
  border-radius: 40px;
  background: none;
  color: var(--challenge-accent, currentColor);
  font: inherit;
  font-weight: 600;
  text-align: start;
  cursor: pointer;
  touch-action: none;
  user-select: none;
  -webkit-user-select: none;
  -webkit-touch-callout: none;
}
.challenge-hold:dir(rtl) { padding: 8px 12px 8px 24px; }
.challenge-hold:hover { background: none; color: var(--challenge-accent, currentColor); }
.challenge-hold:focus-visible {
  outline: 3px solid var(--challenge-accent, currentColor);
  outline-offset: 2px;
}
.challenge-hold svg { flex: none; width: 48px; height: 48px; transform: rotate(-90deg); }
.challenge-hold circle { fill: none; stroke: currentColor; stroke-width: 5px; }
.challenge-hold .track { stroke-width: 1.5px; }
.challenge-hold .ring { stroke-dasharray: 1; stroke-dashoffset: 1; }
.challenge-hold.is-filling .ring {
  stroke-dashoffset: 0;
  transition: stroke-dashoffset var(--takes) linear;
}
@media (prefers-reduced-motion: reduce) {
  .challenge-hold.is-filling .ring { transition-timing-function: steps(4); }
}
`;
