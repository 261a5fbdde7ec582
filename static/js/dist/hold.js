var f=[" ","Enter"];function p(e,{press:n,release:l}){let o=!1;e.addEventListener("pointerdown",t=>{t.button===0&&(o=!0,e.setPointerCapture(t.pointerId),n())});for(let t of["pointerup","pointercancel","blur"])e.addEventListener(t,l);e.addEventListener("pointercancel",()=>{o=!1}),e.addEventListener("keydown",t=>{f.includes(t.key)&&(t.preventDefault(),t.repeat||n())}),e.addEventListener("keyup",t=>{f.includes(t.key)&&(t.preventDefault(),l())}),e.addEventListener("click",()=>{o||(n(),l()),o=!1}),e.addEventListener("contextmenu",t=>t.preventDefault())}function u(e){let n="idle",l=o=>{n=o,e(o)};return{press(){n==="full"?l("done"):(n==="idle"||n==="filling")&&l("held")},release(){n==="held"&&l("filling")},fill(){n==="held"?l("done"):n==="filling"&&l("full")}}}var h="http://www.w3.org/2000/svg";function g(){let e=document.createElementNS(h,"svg");e.setAttribute("viewBox","0 0 48 48"),e.setAttribute("aria-hidden","true");for(let n of["track","ring"]){let l=document.createElementNS(h,"circle"),o={class:n,cx:24,cy:24,r:20,pathLength:1};for(let[t,r]of Object.entries(o))l.setAttribute(t,`${r}`);e.append(l)}return e}var x=`
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
`;var m={idle:"textHold",held:"textHoldOn",filling:"textHoldFilling",full:"textHoldFull",done:"textReady"};function D(e,n,l,o){let{button:t,label:r}=w(e,n),a=new AbortController,c=()=>{a.abort(),b(t,e)};return o.addEventListener("abort",c,{once:!0,signal:a.signal}),new Promise(k=>{let i=0,s=u(d=>{r.textContent=e.dataset[m[d]]??"",l(r.textContent),d==="done"?(c(),k({from:i,to:performance.now()})):i||(i=performance.now(),t.classList.add("is-filling"),setTimeout(s.fill,n))});p(t,s),e.querySelector("[data-challenge-live]")?.before(t)})}function w(e,n){let l=v(e),o=new CSSStyleSheet;o.replaceSync(x),l.adoptedStyleSheets=[...l.adoptedStyleSheets,o];let t=document.createElement("button");t.type="button",t.className="challenge-hold",t.style.setProperty("--takes",`${n}ms`);let r=document.createElement("span");return r.textContent=e.dataset[m.idle]??"",t.append(g(),r),{button:t,label:r}}function b(e,n){let l=v(n).activeElement===e;e.remove();let o=n.hasAttribute("tabindex")?n:n.querySelector("button");l&&o?.focus()}var v=e=>e.getRootNode();export{D as hold};
