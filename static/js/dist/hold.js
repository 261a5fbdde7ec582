var p=[" ","Enter"];function h(e,{press:o,release:l}){let n=!1;e.addEventListener("pointerdown",t=>{t.button===0&&(n=!0,e.setPointerCapture(t.pointerId),o())});for(let t of["pointerup","pointercancel","blur"])e.addEventListener(t,l);e.addEventListener("pointercancel",()=>{n=!1}),e.addEventListener("keydown",t=>{p.includes(t.key)&&(t.preventDefault(),t.repeat||o())}),e.addEventListener("keyup",t=>{p.includes(t.key)&&(t.preventDefault(),l())}),e.addEventListener("click",()=>{n||(o(),l()),n=!1}),e.addEventListener("contextmenu",t=>t.preventDefault())}function g(e){let o="idle",l=n=>{o=n,e(n)};return{press(){o==="full"?l("done"):(o==="idle"||o==="filling")&&l("held")},release(){o==="held"&&l("filling")},fill(){o==="held"?l("done"):o==="filling"&&l("full")}}}var m="http://www.w3.org/2000/svg";function x(){let e=document.createElementNS(m,"svg");e.setAttribute("viewBox","0 0 48 48"),e.setAttribute("aria-hidden","true");for(let o of["track","ring"]){let l=document.createElementNS(m,"circle"),n={class:o,cx:24,cy:24,r:20,pathLength:1};for(let[t,r]of Object.entries(n))l.setAttribute(t,`${r}`);e.append(l)}return e}var v=`
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
`;var w={idle:"textHold",held:"textHoldOn",filling:"textHoldFilling",full:"textHoldFull",done:"textReady"},s=new CSSStyleSheet;s.replaceSync(v);function R(e,o,l){let{box:n,button:t,label:r,heard:i}=E(e.dataset[w.idle]??"",o),b=S(e,n,t),c=new AbortController,d=()=>{c.abort(),b.leave()};return l.addEventListener("abort",d,{once:!0,signal:c.signal}),new Promise(k=>{let a=0,f=g(u=>{for(let y of[r,i])y.textContent=e.dataset[w[u]]??"";u==="done"?(d(),k({from:a,to:performance.now()})):a||(a=performance.now(),t.classList.add("is-filling"),setTimeout(f.fill,o))});h(t,f)})}function E(e,o){let l=document.createElement("div");l.className="challenge-hold";let n=document.createElement("button");n.type="button",n.style.setProperty("--takes",`${o}ms`);let t=document.createElement("span");t.textContent=e,n.append(x(),t);let r=document.createElement("span");return r.setAttribute("role","status"),l.append(n,r),{box:l,button:n,label:t,heard:r}}function S(e,o,l){let n=e.getRootNode();n.adoptedStyleSheets.includes(s)||n.adoptedStyleSheets.push(s);let t=n.activeElement;return e.querySelector("[data-challenge-live]")?.before(o),t instanceof HTMLButtonElement&&e.contains(t)&&l.focus(),{leave(){let r=n.activeElement===l;o.remove();let i=e.hasAttribute("tabindex")?e:e.querySelector("button");r&&i?.focus()}}}export{R as hold};
