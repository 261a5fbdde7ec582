var y=({headers:e})=>1e3*Number(e.get("Retry-After")??Number.NaN);async function w({url:e,language:r},t,n,s){let d={Accept:"text/html",...r&&{"Accept-Language":r}},{response:a,text:u}=await t(e,{headers:d,signal:s},n),{ok:i,status:l}=a,o=a.headers.get("Content-Type")?.includes("html"),c=new DOMParser().parseFromString(o?u:"","text/html"),p=a.url;return{status:l,retryAfterMs:y(a),content:i&&o?O(c,p):void 0,refusal:i?void 0:_(c,p),remaining:Number(a.headers.get("Challenge-Remaining")??Number.NaN)}}function O(e,r){let t=e.querySelector("[data-challenge-field]")??e.querySelector("main")??e.body;return b(t,r),[...t.childNodes]}function _(e,r){let t=e.getElementById("challenge");if(!t)return;let{prefix:n,site:s="",units:d=1,state:a,place:u,...i}=t.dataset,l=Object.fromEntries(Object.entries(i).filter(([p])=>/^text/.test(p))),o=t.querySelector(".challenge-why")?.textContent??"",c=a==="refused";return c?l.textRefused=o:a==="queue"&&(l.textQueue??(l.textQueue=o)),b(t,r),{page:n&&!c?{prefix:n,site:s,units:Number(d),mustBuy:"buy"in t.dataset}:void 0,words:l,lang:e.documentElement.lang,dir:e.documentElement.dir||"ltr",retry:t.querySelector("[data-challenge-retry]")?.textContent??void 0,ways:t.querySelector(".challenge-ways")??void 0,more:u==="more"}}function b(e,r){for(let t of["href","src"])for(let n of e.querySelectorAll(`[${t}]:not([${t}^="#"])`))try{n.setAttribute(t,new URL(n.getAttribute(t)??"",r).href)}catch{}}function h(e,r){return r?new Promise((t,n)=>{let s=()=>n(r.reason);r.aborted&&s(),r.addEventListener("abort",s,{once:!0}),e.then(t,n).finally(()=>r.removeEventListener("abort",s))}):e}var C=3,T=500;async function x(e,r,t){let{face:n,texts:s}=r,d=t.leaving();n.working();try{let{content:a,remaining:u,site:i}=await M(e,r,t,d);r.reveal(a),n.ready(),i.prefix&&t.renew(i,u)}catch(a){d.aborted?n.idle():n.problem(t.textFor(s,a),t.codeOf(a))}}async function M(e,{face:r,learn:t},n,s){let d=N(),a={...e,units:1};for(;;){let u=await h(n.ask(e,n.http,s),s),{status:i,content:l,refusal:o,remaining:c}=u;if(l)return{content:l,remaining:c,site:a};if(o&&t(o),i===429){let p=n.queueMs(u.retryAfterMs);r.queue(p,o?.more?p:void 0),await h(n.http.sleep(p),s),r.working()}else if(i===403&&o?.page)a={...a,...o.page},await n.admit(a,r,d,n,s);else throw new n.ChallengeError(o?"banned":"unexpected_answer",{status:i})}}function N(){let e=0,r=0;return{looping:()=>r>1,returning:()=>e>=C,stubborn:()=>e>1,pauseMs:()=>e*T,stuck:()=>{r=0},note(t){e++,t&&r++}}}function v(e,r,t,n,s){let d=L(e.textContent?.trim()??"",t,m(e)),{root:a,field:u,button:i,retry:l}=d;r.append(u,a);let o=F(e,r,d,s(a)),c=!1,p=async()=>{if(c)return;c=!0;let g=n(o);i.focus(),await g,c=!1};for(let g of[i,l])g.addEventListener("click",p)}var m=e=>e.closest("[lang]")?.getAttribute("lang")?.match(/^[\w-]+$/)?.[0];function L(e,r,t){let n={lang:"en",dir:"ltr"},s=f("div",{hidden:"",tabindex:"-1"},f("slot",{})),d=f("button",{type:"button",part:"button"},e),a=f("div",{"data-challenge-progress":"","aria-hidden":"true"}),u=f("p",{"data-challenge-live":"",role:"status",...n}),i=f("p",{"data-challenge-problem-text":"",role:"alert",...n}),l=f("button",{type:"button",...n},"Try again"),o=f("a",{href:r,...t&&{lang:t}},e),c=f("div",{class:"ways"},l,o),p=f("div",{"data-challenge-problem":"",hidden:""},i,c),g=f("div",{class:"gate"},d,a,u,p);return Object.assign(g.dataset,{textReady:"Ready.",textConnection:"That did not work: the connection was lost.",textFailed:"That did not work."}),{field:s,root:g,button:d,live:u,problem:i,retry:l}}function F(e,r,{field:t,root:n,button:s,live:d,problem:a,retry:u},i){let l=o=>{for(let c of["aria-busy","aria-disabled"])s.setAttribute(c,`${o}`)};return{texts:n.dataset,face:{...i,working(){i.working(),l(!0)},problem(o,c){let p=r.activeElement;i.problem(o,c),l(!1),p&&u.focus()},idle(){i.idle(),l(!1)}},learn(o){Object.assign(n.dataset,o.words);for(let c of[d,a,u])c.lang=o.lang,c.dir=o.dir;o.retry&&(u.textContent=o.retry),n.querySelector(".challenge-ways")?.remove(),o.ways&&n.append(o.ways)},reveal(o){e.replaceChildren(...o),t.hidden=!1,r.activeElement&&t.focus({preventScroll:!0}),s.remove(),e.setAttribute("revealed","")}}}function f(e,r,...t){let n=document.createElement(e);for(let[s,d]of Object.entries(r))n.setAttribute(s,d);return n.append(...t),n}var k=`
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
`;var S=new CSSStyleSheet;S.replaceSync(k);function K(e,r,t,n){let s=e.attachShadow({mode:"open"});s.adoptedStyleSheets=[S];let{faceOf:d,getPage:a,renewAfter:u,surroundings:i}=n,l=o=>{let c={url:r.href,resource:r.pathname,language:m(e)},p=(g,A,E)=>w(g,a,A,E);return x({...c,...t},o,{...i(),...n,ask:p,renew:u})};v(e,s,r.href,l,d)}export{K as startGate};
