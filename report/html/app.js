"use strict";
// Reads the packed blocks of the page, and shows them as a table and, one by one, in full. Everything that comes from data is
// set as text, never as markup. Filters, order and the open credential stand in the fragment of the address.
(() => {
  const el = (id) => document.getElementById(id);
  const blocks = [...document.querySelectorAll("script.block")];
  const severities = ["critical", "high", "medium", "low", "info", "unknown"];
  const tiers = ["proven", "shaped", "named", "generic"];
  const fields = ["id", "severity", "tier", "kind", "title", "owner", "env", "classes", "age", "places", "holds", "unsure", "place", "decided", "targets", "change"];
  const pageSize = 100;
  const placesAtOnce = 200;
  const columns = [
    { key: "severity", name: "Severity", order: (r) => r.severity },
    { key: "id", name: "Credential", order: (r) => r.title + r.id },
    { key: "place", name: "Worst place", order: (r) => r.place },
    { key: "env", name: "Reaches", order: (r) => -r.classes.length * 100 - r.env.length, away: true },
    { key: "owner", name: "Owner", order: (r) => r.owner, away: true },
    { key: "age", name: "Age", order: (r) => -r.age, num: true },
    { key: "places", name: "Places", order: (r) => -r.places, num: true, away: true },
    { key: "holds", name: "Conditions", order: (r) => -r.holds.length, away: true },
  ];
  let rows = [];
  let shown = [];
  let state = {};
  let page = 0;

  // make builds an element: text and children are never parsed.
  function make(name, props, ...children) {
    const e = document.createElement(name);
    for (const [k, v] of Object.entries(props || {})) {
      if (v !== undefined && v !== false) e.setAttribute(k, v === true ? "" : v);
    }
    for (const c of children) if (c !== null && c !== undefined && c !== "") e.append(c);
    return e;
  }

  async function unpack(line) {
    const bytes = Uint8Array.from(atob(line), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  }

  // loadRows and loadDetail are the only ways to data: a server can stand behind them in place of the blocks.
  async function loadRows() {
    const all = await Promise.all(blocks.map((b) => unpack(b.textContent.trim().split("\n")[1])));
    return all.flatMap((list, block) => list.map((values, at) => {
      const r = { block, at };
      fields.forEach((f, i) => { r[f] = values[i]; });
      return r;
    }));
  }

  async function loadDetail(r) {
    const list = await unpack(blocks[r.block].textContent.trim().split("\n")[0]);
    return list[r.at];
  }

  const filters = {
    severity: (r, v) => severities[r.severity] === v,
    condition: (r, v) => r.holds.includes(v),
    kind: (r, v) => r.kind === v,
    owner: (r, v) => (r.owner || "nobody") === v,
    env: (r, v) => r.env.includes(v) || r.classes.includes(v.replace(/^class /, "")) || (v === "not known" && r.env.length === 0),
    target: (r, v) => r.targets.includes(v),
    change: (r, v) => r.change === v,
    tier: (r, v) => r.tier === v,
    decided: (r, v) => v === "all" || (v === "open" ? r.decided === "" : r.decided === v),
  };

  function count(list, of) {
    const n = new Map();
    for (const r of list) for (const v of of(r)) n.set(v, (n.get(v) || 0) + 1);
    return [...n].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  }

  function fill(id, first, values) {
    const s = el(id);
    s.replaceChildren(make("option", { value: "" }, first));
    for (const [v, n] of values) s.append(make("option", { value: v }, n === undefined ? v : `${v} (${n})`));
  }

  function fillFilters() {
    const open = rows.filter((r) => r.decided === "");
    fill("severity", "any", severities.filter((s, i) => open.some((r) => r.severity === i)).map((s) => [s]));
    fill("condition", "any", count(open, (r) => r.holds));
    fill("kind", "any", count(open, (r) => [r.kind]));
    fill("owner", "anybody or nobody", count(open, (r) => [r.owner || "nobody"]));
    fill("env", "any", [["class prod"], ["class nonprod"], ["class vendor"], ...count(open, (r) => r.env), ["not known"]]);
    fill("target", "any", count(open, (r) => r.targets));
    const changes = count(rows.filter((r) => r.change), (r) => [r.change]);
    fill("change", "any", changes);
    el("change-label").hidden = changes.length === 0;
    fill("tier", "any", tiers.map((t) => [t]));
    fill("decided", "open", [["all"], ...count(rows.filter((r) => r.decided), (r) => [r.decided])]);
  }

  function readAddress() {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) return false; // a part of the page
    state = Object.fromEntries(new URLSearchParams(hash));
    return true;
  }

  function writeAddress(replace) {
    const p = new URLSearchParams();
    for (const [k, v] of Object.entries(state)) if (v) p.set(k, v);
    const to = "#" + p.toString();
    if (to === location.hash || (to === "#" && location.hash === "")) return;
    if (replace) history.replaceState(null, "", to === "#" ? location.pathname + location.search : to);
    else history.pushState(null, "", to);
  }

  function apply() {
    const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    const used = Object.entries(filters).filter(([k]) => state[k]);
    shown = rows.filter((r) => {
      if (!state.decided && r.decided !== "" && !state.change) return false;
      for (const [k, f] of used) if (!f(r, state[k])) return false;
      if (words.length === 0) return true;
      r.text ??= [r.id, r.kind, r.title, r.owner, r.place, r.env.join(" "), r.holds.join(" "), r.targets.join(" ")].join(" ").toLowerCase();
      return words.every((w) => r.text.includes(w));
    });
    const col = columns.find((c) => c.key === state.sort);
    if (col) {
      const sign = state.order === "down" ? -1 : 1;
      const keyed = shown.map((r, i) => [col.order(r), i, r]);
      keyed.sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : a[1] - b[1]));
      shown = keyed.map((k) => k[2]);
    }
    page = 0;
    draw();
  }

  function draw() {
    for (const id of ["q", ...Object.keys(filters)]) {
      const e = el(id);
      if (e.value !== (state[id] || "") && document.activeElement !== e) e.value = state[id] || "";
    }
    const head = el("table").tHead.rows[0];
    if (head.cells.length === 0) {
      for (const c of columns) {
        const b = make("button", { type: "button" }, c.name);
        b.addEventListener("click", () => {
          if (state.sort !== c.key) { state.sort = c.key; delete state.order; }
          else if (!state.order) state.order = "down";
          else { delete state.sort; delete state.order; }
          writeAddress(true);
          apply();
        });
        head.append(make("th", { scope: "col", class: (c.num ? "num " : "") + (c.away ? "may-go" : "") }, b));
      }
    }
    columns.forEach((c, i) => {
      if (state.sort === c.key) head.cells[i].setAttribute("aria-sort", state.order === "down" ? "descending" : "ascending");
      else head.cells[i].removeAttribute("aria-sort");
    });
    const from = page * pageSize;
    const list = shown.slice(from, from + pageSize);
    const body = document.createDocumentFragment();
    for (const r of list) {
      const sev = severities[r.severity];
      const link = make("a", { href: "#id=" + encodeURIComponent(r.id) }, r.id.slice(0, 10));
      link.addEventListener("click", (e) => { e.preventDefault(); state.id = r.id; writeAddress(false); open(r); });
      const holds = r.holds.join(", ") + (r.unsure ? `${r.holds.length ? "; " : ""}${r.unsure} cannot be told` : "");
      body.append(make("tr", null,
        make("td", null, make("span", { class: "badge sev-" + sev }, sev)),
        make("td", { class: "id" }, link, " ", r.title, r.decided ? make("span", { class: "covered" }, " " + r.decided) : "",
          r.change ? make("span", { class: "covered" }, " " + r.change) : ""),
        make("td", { class: "place" }, r.place),
        make("td", { class: "may-go" }, r.env.join(", ")),
        make("td", { class: "may-go" }, r.owner || "nobody"),
        make("td", { class: "num" }, r.age < 0 ? "unknown" : r.age + " d"),
        make("td", { class: "num may-go" }, String(r.places)),
        make("td", { class: "may-go" }, holds)));
    }
    el("table").tBodies[0].replaceChildren(body);
    el("parts").replaceChildren();
    const all = rows.filter((r) => !r.decided).length;
    el("status").textContent = `${shown.length} of ${all} open credentials` + (state.decided ? ` and ${rows.length - all} that a decision covers` : "");
    el("page").textContent = shown.length ? `${from + 1} to ${from + list.length} of ${shown.length}` : "none";
    el("prev").disabled = page === 0;
    el("next").disabled = from + pageSize >= shown.length;
    el("expand").disabled = list.length === 0;
  }

  function listOf(name, cls, items) {
    const l = make(name, cls ? { class: cls } : null);
    for (const i of items) l.append(i);
    return l;
  }

  function placesTable(d) {
    const body = make("tbody");
    let at = 0;
    const more = make("button", { type: "button" });
    const add = () => {
      const end = Math.min(at + placesAtOnce, d.places.length);
      for (; at < end; at++) {
        const [target, place, where, added = "", author = "", commit = "", note = ""] = d.places[at];
        body.append(make("tr", null, make("td", null, target), make("td", null, make("code", null, place)),
          make("td", null, where + (note ? "; " + note : "")), make("td", null, added),
          make("td", null, author, author && commit ? " " : "", commit ? make("code", null, commit) : "")));
      }
      more.textContent = `Show more of ${d.places.length} places`;
      more.hidden = at >= d.places.length;
    };
    add();
    more.addEventListener("click", add);
    const heads = ["Target", "Place", "State", "Since", "By"].map((h) => make("th", { scope: "col" }, h));
    return [make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Places of " + d.id.slice(0, 10) },
      make("table", null, make("thead", null, make("tr", null, ...heads)), body)), more];
  }

  // part is one credential in full.
  function part(d, titleId) {
    const a = make("article", { class: "part" });
    a.append(make("h3", titleId ? { id: titleId } : null, make("span", { class: "badge sev-" + d.severity }, d.severity), " ", d.headline));
    a.append(make("p", { class: "meta" }, make("code", null, d.id), " · " + d.kind));
    if (d.fix.length) a.append(make("h4", null, "Fix"), listOf("ol", "", d.fix.map((f) => make("li", null, f))));
    a.append(make("h4", null, "Timeline"));
    const today = document.querySelector("time")?.dateTime || "";
    a.append(d.timeline.length ? listOf("ol", "timeline", d.timeline.map(([when, what, source]) =>
      make("li", { class: today && when > today ? "future" : "" }, make("time", { datetime: when }, when), what, source ? make("span", { class: "aside" }, ` (${source})`) : "")))
      : make("p", null, "No place has a date."));
    if (d.evidence.length) {
      a.append(make("h4", null, "Evidence"));
      for (const e of d.evidence) {
        a.append(make("p", { class: "aside" }, e.place),
          make("pre", { tabindex: "0" }, (e.line ? e.line + "  " : "") + e.text[0], make("mark", null, e.text[1]), e.text[2]));
      }
    }
    if (d.conditions.length) {
      const rank = { yes: 0, "cannot-tell": 1, no: 2 };
      const list = [...d.conditions].sort((x, y) => (rank[x.verdict] ?? 3) - (rank[y.verdict] ?? 3));
      const heads = ["Condition", "Verdict", "Why", "By what"].map((h) => make("th", { scope: "col" }, h));
      a.append(make("h4", null, "Verdicts"), make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Verdicts on " + d.id.slice(0, 10) },
        make("table", null, make("thead", null, make("tr", null, ...heads)), listOf("tbody", "", list.map((k) => make("tr", null,
          make("th", { scope: "row" }, k.id), make("td", null, k.verdict === "yes" ? make("strong", null, "yes") : k.verdict.replace("-", " ")),
          make("td", null, k.why, k.settle ? make("span", { class: "aside" }, ` Would settle it: ${k.settle}`) : ""), make("td", null, k.source)))))));
    }
    a.append(make("h4", null, `${d.count} ${d.count === 1 ? "place" : "places"}`), ...placesTable(d));
    a.append(make("h4", null, "What is known"), listOf("dl", "known", d.facts.flatMap(([k, v]) => [make("dt", null, k), make("dd", null, v)])));
    if (d.docs) a.append(make("p", null, make("a", { href: d.docs, rel: "noreferrer noopener" }, "The provider's page"), make("span", { class: "aside" }, " leads out of this file")));
    return a;
  }

  async function open(r) {
    const dialog = el("dialog");
    let d;
    try {
      d = await loadDetail(r);
    } catch (e) {
      fail(e);
      return;
    }
    const at = shown.indexOf(r);
    const step = (by, name) => {
      const to = shown[at + by];
      const b = make("button", { type: "button", disabled: at < 0 || !to }, name);
      b.addEventListener("click", () => { state.id = to.id; writeAddress(true); open(to); });
      return b;
    };
    const close = make("button", { type: "button" }, "Close");
    close.addEventListener("click", () => dialog.close());
    dialog.replaceChildren(make("div", { class: "tools" }, step(-1, "Previous"), step(1, "Next"), close), part(d, "dialog-title"));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  }

  async function expand() {
    const list = shown.slice(page * pageSize, (page + 1) * pageSize);
    const parts = await Promise.all(list.map(async (r) => part(await loadDetail(r))));
    el("parts").replaceChildren(...parts);
    el("status").textContent = `${parts.length} credentials are open below the table`;
  }

  function fail(e) {
    el("status").textContent = typeof DecompressionStream === "undefined"
      ? "This browser cannot unpack the table (it has no DecompressionStream). The summary above is whole."
      : "The table of this file is damaged: " + e.message;
  }

  // Paper shows what is to be done and what changed, unfolded for as long as it prints.
  const unfolded = [];
  addEventListener("beforeprint", () => {
    for (const d of document.querySelectorAll("details.paper:not([open])")) { d.open = true; unfolded.push(d); }
  });
  addEventListener("afterprint", () => { for (const d of unfolded.splice(0)) d.open = false; });

  function follow() {
    if (!readAddress()) return;
    apply();
    const r = state.id && rows.find((x) => x.id === state.id || x.id.startsWith(state.id));
    if (r) open(r);
    else {
      if (el("dialog").open) el("dialog").close();
      if (location.hash.length > 1) el("list").scrollIntoView();
    }
  }

  async function start() {
    try {
      rows = await loadRows();
    } catch (e) {
      fail(e);
      return;
    }
    fillFilters();
    for (const id of Object.keys(filters)) el(id).addEventListener("change", (e) => { state[id] = e.target.value; writeAddress(true); apply(); });
    el("q").addEventListener("input", (e) => { state.q = e.target.value; writeAddress(true); apply(); });
    el("filters").addEventListener("submit", (e) => e.preventDefault());
    el("reset").addEventListener("click", () => { state = {}; writeAddress(true); document.activeElement.blur(); apply(); el("q").focus(); });
    el("prev").addEventListener("click", () => { page--; draw(); el("list").scrollIntoView(); });
    el("next").addEventListener("click", () => { page++; draw(); el("list").scrollIntoView(); });
    el("expand").addEventListener("click", () => expand().catch(fail));
    el("dialog").addEventListener("close", () => { delete state.id; writeAddress(true); });
    addEventListener("hashchange", follow);
    for (const e of [el("filters"), el("scroller"), document.querySelector(".pager")]) e.hidden = false;
    readAddress();
    apply();
    if (state.id) follow();
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  }
  start();
})();
