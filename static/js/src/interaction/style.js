/** The look of the button with the ring, on a page of the gate's and in a gate on another page. */

export const HOLD_STYLE = `
:has(> .challenge-hold) > button { display: none; }
.challenge-hold { margin: 24px 0 16px; }
.challenge-hold button, .challenge-hold button:hover {
  display: inline-flex;
  align-items: center;
  gap: 16px;
  min-height: 72px;
  margin: 0;
  padding-block: 8px;
  padding-inline: 12px 24px;
  border: 1px solid var(--challenge-accent, currentColor);
  border-radius: 36px;
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
.challenge-hold button:focus-visible {
  outline: 3px solid var(--challenge-accent, currentColor);
  outline-offset: 2px;
}
.challenge-hold [role="status"] {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
.challenge-hold svg { flex: none; width: 48px; height: 48px; transform: rotate(-90deg); }
.challenge-hold circle { fill: none; stroke: currentColor; stroke-width: 5px; }
.challenge-hold .track { stroke-width: 1.5px; }
.challenge-hold .ring { stroke-dasharray: 1; stroke-dashoffset: 1; opacity: 0; }
.challenge-hold .is-filling .ring {
  stroke-dashoffset: 0;
  opacity: 1;
  transition: stroke-dashoffset var(--takes) linear;
}
@media (prefers-reduced-motion: reduce) {
  .challenge-hold .is-filling .ring { transition-timing-function: steps(4); }
}
`;
