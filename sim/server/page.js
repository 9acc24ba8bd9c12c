"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, text, parent, name) => {
    const e = document.createElement(tag);
    e.textContent = text;
    if (name) e.className = name;
    if (parent) parent.append(e);
    return e;
  };
  const draw = (tag, attributes, parent, text) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
    if (text !== undefined) e.textContent = text;
    parent.append(e);
    return e;
  };
  const MONTHS = "January February March April May June July August September October November December".split(" ");
  const spoken = (iso) => `${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`;
  const dated = (text) => text.replace(/\d{4}-\d{2}-\d{2}/g, spoken);
  const years = (iso) => Number(iso.slice(0, 4)) + (Number(iso.slice(5, 7)) - 1) / 12 + (Number(iso.slice(8)) - 1) / 365;
  const MATTERS = "What matters most here";
  const signed = (x, digits) => `${x < 0 ? "\u2212" : "+"}${Math.abs(x).toFixed(digits)}`;
  const fixed = (x, digits) => { const text = x.toFixed(digits); return text.replace("-", Number(text) ? "\u2212" : ""); };
  const said = (x) => String(Number(x.toFixed(3)));

  const MOST = 6;
  let order = null, view = null, answer = null, story = null, found = [];
  const running = {}, faults = {};

  // ------------------------------------------------------------------ the address and the server

  function query(more = {}) {
    const q = new URLSearchParams();
    for (const key of ["scenario", "state", "condition", "run", "at"]) {
      if (view[key] !== null && view[key] !== "") q.append(key, view[key]);
    }
    for (const [path, [value, since]] of Object.entries(view.moves)) q.append("set", `${path}=${said(value)}@${since}`);
    for (const [key, value] of Object.entries(more)) q.append(key, value);
    return q.toString();
  }

  function note(push = false) {
    const address = `?${query()}`;
    if (address !== location.search) history[push ? "pushState" : "replaceState"](null, "", address);
    $("file").href = `scenario.toml?${query()}`;
    const sets = Object.entries(view.moves).map(([path, [value, since]]) => ` \\\n  --set ${path}=${said(value)}@${since}`);
    $("otherwise").hidden = sets.length > 0;
    $("command").textContent = `cohesion ${sets.length ? "compare" : "run"} ${view.scenario}${sets.join("")} --runs ${view.runs.more}`;
  }

  // The latest question of a kind; null if a later one has overtaken it, or if it cannot be answered, which is said
  // until one of its kind can be.
  async function ask(kind, address) {
    forget(kind);
    const own = running[kind] = new AbortController();
    try {
      const reply = await fetch(address, { signal: own.signal });
      const found = await reply.json();
      if (own !== running[kind]) return null;
      if (!reply.ok) throw new Error(found.problems.join("\n"));
      complain(kind, "");
      return found;
    } catch (error) {
      if (own !== running[kind]) return null;
      complain(kind, error instanceof TypeError ? "The server does not answer: is `cohesion app` still running?" : error.message);
      return null;
    }
  }

  function forget(kind) {
    if (running[kind]) running[kind].abort();
    running[kind] = null;
  }

  function complain(kind, message) {
    const box = $("problems"), news = message !== (faults[kind] ?? "");
    faults[kind] = message;
    const lines = [...new Set(Object.values(faults).flatMap((m) => m.split("\n")).filter(Boolean))];
    box.replaceChildren();
    for (const line of lines) make("p", line, box);
    if (!view) make("a", "The page from its beginning", make("p", "", box)).href = "?";
    box.hidden = !lines.length;
    if (message && news) box.scrollIntoView({ block: "nearest" });
  }

  async function start(search) {
    for (const kind of ["answer", "found", "run"]) { forget(kind); faults[kind] = ""; }
    const next = await ask("view", `view${search}`);
    if (!next) {
      if (faults.view) { view = null; $("desk").hidden = true; complain("view", faults.view); }
      return;
    }
    if (view?.scenario !== next.scenario || view.state !== next.state) order = null;
    view = next;
    $("desk").hidden = false;
    document.title = view.title;
    $("title").textContent = view.title;
    options($("scenario"), view.scenarios.map((x) => [x, x]), view.scenario);
    options($("state"), Object.entries(view.states), view.state);
    $("condition").value = view.condition || `${view.state} leaves`;
    const [one, two] = Object.keys(view.states);
    $("such").textContent = `${one} leaves before ${Number(view.end.slice(0, 4)) - 1}${two ? ` and not ${two} freezes` : ""}`;
    levers();
    note();
    look();
    if (view.condition) await find(view.run);
    else if (view.run !== null) await tell(view.run);
    else { $("found").textContent = ""; noStory(); }
  }

  function options(select, pairs, chosen) {
    select.replaceChildren();
    for (const [value, text] of pairs) make("option", text, select).value = value;
    select.value = chosen;
  }

  // ------------------------------------------------------------------ levers

  function levers() {
    const box = $("levers");
    const open = new Set([...box.querySelectorAll("details[open] summary")].map((s) => s.textContent));
    box.replaceChildren();
    const most = (order?.effects ?? []).filter((e) => e.clear).slice(0, MOST).map((e) => e.path);
    const groups = new Map(most.length ? [[MATTERS, most.map((path) => view.levers.find((x) => x.path === path)).filter(Boolean)]] : []);
    for (const lever of view.levers.filter((x) => !most.includes(x.path))) {
      const group = lever.group || "Also moved";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(lever);
    }
    for (const [name, some] of groups) {
      const details = make("details", "", box);
      make("summary", name, details);
      details.open = open.has(name) || some.some((x) => x.path in view.moves) || name === MATTERS || (!most.length && /security offer/.test(name));
      if (name === MATTERS) make("p", `Of the leader's and this state's levers those that change most in the scenario as it is: in what differs more by ${spoken(view.end)}, cohesion or the probability of some exit, between the lever at 0 and at 1 from the start of the forecast on; ${order.runs} runs of each, on common random numbers; \u00b1: 95 % interval. The rest stands below, by group and not by what it changes; another state's levers are ranked when it is chosen.`, details, "small");
      for (const lever of some) row(lever, details);
    }
  }

  function row(lever, parent) {
    const box = make("div", "", parent, "factor");
    const effect = order?.effects.find((e) => e.clear && e.path === lever.path), owner = effect && lever.group.split(":")[0];
    const label = make("label", `${lever.label}${effect && parent.firstChild.textContent === MATTERS && !lever.label.includes(owner) ? `, ${owner}` : ""}: `, box);
    label.title = lever.meaning;
    const out = make("output", "", label);
    if (effect) make("span", effect.outcome === "cohesion" ? `cohesion ${signed(effect.difference, 2)} \u00b1 ${effect.reach.toFixed(2)}` : `some exit ${signed(100 * effect.difference, 0)} \u00b1 ${Math.ceil(100 * effect.reach)} points`, label, "effect");
    const rail = make("div", "", box, "rail");
    const input = make("input", "", rail);
    input.id = label.htmlFor = `lever-${lever.path}`;
    Object.assign(input, { type: "range", min: 0, max: 1, step: 0.01 });
    if (lever.coded !== null) {
      const mark = make("span", "as coded", rail);
      mark.style.setProperty("--at", lever.coded);
      mark.classList.toggle("left", lever.coded > 0.5);
    }
    const more = make("div", "", box, "more");
    const from = make("select", "", make("label", "from ", more));
    const undo = make("button", "As coded", more);
    undo.type = "button";
    const dates = [view.start];
    for (let y = Number(view.start.slice(0, 4)) + 1; `${y}-01-01` < view.end; y += 1) dates.push(`${y}-01-01`);
    const show = () => {
      const moved = view.moves[lever.path];
      out.textContent = moved ? said(moved[0]) : lever.coded === null ? "drawn" : said(lever.coded);
      input.value = moved ? moved[0] : lever.coded ?? 0.5;
      box.classList.toggle("moved", Boolean(moved));
      more.hidden = !moved;
      const since = moved ? moved[1] : view.start;
      options(from, [...new Set([...dates, since])].sort().map((d) => [d, spoken(d)]), since);
    };
    const move = (value, since) => { view.moves[lever.path] = [value, since]; show(); note(); look(50); };
    input.addEventListener("input", () => move(Number(input.value), view.moves[lever.path]?.[1] ?? from.value));
    from.addEventListener("input", () => move(Number(input.value), from.value));
    undo.addEventListener("click", () => { delete view.moves[lever.path]; show(); note(); look(); });
    show();
  }

  // ------------------------------------------------------------------ the answer

  let waiting = 0;
  // First a look with few runs, then, if nothing is moved meanwhile, more of them.
  function look(patience = 0) {
    clearTimeout(waiting);
    $("status").textContent = "Computing ...";
    $("outcomes").classList.add("busy");
    for (const kind of ["answer", "order", "found", "run"]) forget(kind);
    if (story || $("found").textContent) { $("parting").textContent = ""; $("found").textContent = "The levers were moved: find again, or choose the run again."; $("story").classList.add("busy"); }
    waiting = setTimeout(() => see("first", () => { waiting = setTimeout(() => see("more"), 400); }), patience);
  }

  async function see(kind, then) {
    const got = await ask("answer", `answer?${query({ look: kind })}`);
    if (!got) { if (faults.answer) $("status").textContent = ""; return; }
    answer = got;
    show();
    if (then) then();
    else if (!order) rank();
  }

  // When nothing else is computed, which levers matter most, once for a scenario and state.
  async function rank() {
    const got = await ask("order", `order?${query()}`);
    if (!got) return;
    order = got;
    levers();
  }

  function show() {
    const first = answer.look === "first";
    const runs = `${answer.runs.toLocaleString("en")} runs of each`;
    $("status").textContent = first ? `A first look at ${runs}; more are being made ...` : `${runs}. ${answer.error}`;
    $("outcomes").classList.remove("busy");
    const list = $("sentences");
    list.replaceChildren();
    list.hidden = !answer.sentences.length;
    for (const sentence of answer.sentences) make("p", sentence.replaceAll(" %", "\u00a0%"), list);
    const last = answer.dates.length - 1;
    const chosen = answer.dates.includes($("date").value) ? $("date").value : answer.dates[last];
    options($("date"), answer.dates.map((d) => [d, spoken(d)]), chosen);
    $("note").textContent = dated([...answer.begins, answer.note].filter(Boolean).join(". "));
    charts();
    rows();
  }

  function rows() {
    const list = $("outcomes"), at = answer.dates.indexOf($("date").value);
    const moved = answer.sentences.length > 0;
    for (const words of document.querySelectorAll(".beside")) words.hidden = !moved;
    list.replaceChildren();
    for (const outcome of answer.rows) {
      const cell = outcome.at[at];
      if (!cell) continue;
      const box = make("div", "", list, "outcome");
      make("span", outcome.label, box);
      const words = moved ? `${cell.value.words} instead of ${cell.base.words}: ${cell.difference}` : cell.base.words;
      make("b", words.replaceAll(" %", "\u00a0%"), box);
      const scale = make("div", "", box, "scale");
      const place = (x) => `${100 * Math.min(1, Math.max(0, (x - outcome.low) / (outcome.high - outcome.low)))}%`;
      const [mean, low, high] = cell.value.level;
      if (low !== null) {
        const bar = make("i", "", scale);
        bar.style.left = place(low);
        bar.style.width = `calc(${place(high)} - ${place(low)})`;
      }
      if (mean !== null) make("u", "", scale).style.left = place(mean);
      if (moved && cell.base.level[0] !== null) make("s", "", scale).style.left = place(cell.base.level[0]);
    }
    const some = answer.rows.find((r) => r.outcome === "any_exit")?.at[at];
    $("brief").hidden = !some;
    if (some) $("brief").textContent = `Some exit by ${spoken($("date").value)}: ${moved ? `${some.value.words} instead of ` : ""}${some.base.words}`;
  }

  function charts() { for (const name of ["cohesion", "any_exit"]) chart($(`chart-${name}`), answer.curves[name]); }

  function chart(figure, curve) {
    figure.replaceChildren();
    make("figcaption", curve.title, figure);
    const wide = Math.max(240, figure.clientWidth), high = 210, left = 44, right = 10, top = 8, bottom = 24;
    const svg = draw("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": `${curve.title} by date` }, figure);
    const times = curve.value.map((p) => years(p[0]));
    const first = times[0], last = times[times.length - 1];
    const x = (t) => left + (t - first) / (last - first || 1) * (wide - left - right);
    const y = (v) => top + (1 - v) * (high - top - bottom);
    for (const v of [0, 0.25, 0.5, 0.75, 1]) {
      draw("line", { x1: left, x2: wide - right, y1: y(v), y2: y(v), class: "grid" }, svg);
      draw("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end", class: "faint" }, svg, curve.percent ? `${100 * v}\u00a0%` : String(v));
    }
    const step = [1, 2, 5, 10, 20, 50].find((s) => (last - first) / s <= wide / 75) ?? 100;
    for (let t = Math.ceil(first / step) * step; t <= last; t += step) {
      draw("text", { x: Math.min(x(t), wide - 16), y: high - 6, "text-anchor": "middle", class: "faint" }, svg, String(t));
    }
    for (const side of answer.sentences.length ? ["base", "value"] : ["value"]) {
      const points = curve[side].filter((p) => p[1] !== null);
      const ends = points.filter((p) => p[2] !== null);
      const path = (some, k) => some.map((p) => `${x(years(p[0])).toFixed(1)},${y(p[k]).toFixed(1)}`);
      draw("polygon", { points: [...path(ends, 3), ...path(ends, 2).reverse()].join(" "), class: `band ${side}` }, svg);
      draw("polyline", { points: path(points, 1).join(" "), class: `line ${side}` }, svg);
    }
  }

  // ------------------------------------------------------------------ one run

  async function find(run = null) {
    view.condition = $("condition").value.trim();
    $("found").textContent = "Making runs and looking through them ...";
    found = [];
    let telling = null;
    for (let more = {}; more; ) {
      const got = await ask("found", `found?${query(more)}`);
      if (!got) { if (faults.found) { $("found").textContent = ""; noStory(); note(); } return; }
      found = got.runs;
      $("found").textContent = got.says.replaceAll(" %", "\u00a0%");
      more = got.next && { tried: got.next };
      if (more) make("span", ` Few: looking through ${got.next.toLocaleString("en")} ...`, $("found"), "small");
      if (!telling && (run !== null || found.length)) telling = tell(run ?? found[0][0]);
      else if (telling && view.run !== null) choices(view.run);
    }
    if (telling) await telling;
    else { noStory(); note(); }
  }

  function noStory() { $("parting").textContent = ""; $("which").hidden = $("story").hidden = true; story = null; view.run = view.at = null; }

  function choices(run) {
    const known = found.some(([k]) => k === run) ? found : [[run, ""], ...found];
    options($("run"), known.map(([k, words]) => [k, `${k}${words ? `: ${dated(words)}` : ""}`]), String(run));
    $("which").hidden = false;
  }

  async function tell(run) {
    if (view.run !== null && run !== view.run) view.at = 0;
    view.run = run;
    choices(run);
    note();
    $("parting").textContent = `Living run ${run} again ...`;
    const got = await ask("run", `run?${query()}`);
    if (!got) { if (faults.run) $("parting").textContent = ""; return; }
    story = got;
    $("parting").textContent = parting();
    $("unmoved").hidden = !story.base;
    $("story").hidden = false;
    $("story").classList.remove("busy");
    $("at").max = story.steps.length - 1;
    step(Math.min(view.at ?? 0, story.steps.length - 1));
  }

  // Where a run and the same run without the levers part: first in numbers, then in where states stand.
  function parting() {
    if (!story.base) return "";
    const first = (differ) => story.steps.findIndex((s, t) => s.states.some((x, i) => differ(x, story.base[t].states[i])));
    const numbers = first((a, b) => a.some((v, k) => v !== b[k])), places = first((a, b) => a[0] !== b[0]);
    if (numbers < 0) return "The levers change nothing in this run.";
    const when = (t) => spoken(story.steps[t].date);
    const start = `With the levers moved and as it is, this run is the same until ${numbers ? when(numbers - 1) : "its start"}; `;
    if (places < 0) return `${start}then stances or ties differ, but no state ever stands elsewhere.`;
    const who = story.states.filter((_, i) => story.steps[places].states[i][0] !== story.base[places].states[i][0]);
    return `${start}the first to stand elsewhere, in ${when(places)}: ${who.map((s) => s[1]).join(", ")}.`;
  }

  function step(at) {
    view.at = Math.min(Math.max(at, 0), story.steps.length - 1);
    const now = story.steps[view.at];
    $("at").value = view.at;
    $("back").disabled = view.at === 0;
    $("forward").disabled = view.at === story.steps.length - 1;
    const base = story.base?.[view.at];
    const whole = (x) => x.cohesion === null ? "none: dissolved" : x.cohesion.toFixed(2);
    $("when").textContent = `${spoken(now.date)}, cohesion ${whole(now)}${base ? ` (as it is ${whole(base)})` : ""}`;
    const table = $("standing");
    table.replaceChildren();
    story.states.forEach(([, name], i) => {
      const words = (state) => state.slice(0, 4).map((x, k) => !k ? x : state[0] === "outside" && k > 1 ? "" : fixed(x, k > 1 ? 2 : 1));
      const tr = make("tr", "", table), unmoved = base && words(base.states[i]);
      make("td", name, tr, "left");
      words(now.states[i]).forEach((text, k) => {
        const td = make("td", text, tr, k ? "" : "left");
        if (base) make("span", unmoved[k] === text ? "" : unmoved[k] || "none", td, "base");
      });
    });
    web(now, base);
    const events = $("events");
    events.replaceChildren();
    for (let k = view.at; k >= 0; k -= 1) {
      for (const text of story.steps[k].said) make("li", `${spoken(story.steps[k].date)}: ${text}`, events, k === view.at ? "now" : "");
    }
    note();
  }

  function web(now, base) {
    const figure = $("web"), n = story.states.length, centre = [200, 170];
    figure.replaceChildren();
    const svg = draw("svg", { viewBox: "0 0 400 340", role: "img", "aria-label": "Ties" }, figure);
    const place = story.states.map((_, i) => {
      const angle = 2 * Math.PI * i / n - Math.PI / 2;
      return [centre[0] + 135 * Math.cos(angle), centre[1] + 128 * Math.sin(angle)];
    });
    const line = (a, b, more) => draw("line", { x1: a[0], y1: a[1], x2: b[0], y2: b[1], ...more }, svg);
    for (const [a, b] of story.disputes) line(place[a], place[b], { class: "dispute" });
    story.states.forEach((_, i) => {
      const [where, , dependence] = now.states[i];
      if (where !== "outside") line(centre, place[i], { "stroke-width": (0.5 + 9 * dependence).toFixed(1), "stroke-opacity": 0.6 });
    });
    draw("circle", { cx: centre[0], cy: centre[1], r: 11, class: "leader" }, svg);
    draw("text", { x: centre[0], y: centre[1] + 26, "text-anchor": "middle" }, svg, story.leader);
    story.states.forEach(([code, name], i) => {
      const [where] = now.states[i], [x, y] = place[i];
      draw("circle", { cx: x, cy: y, r: 9, class: where }, svg);
      const unmoved = base?.states[i][0] ?? where;
      if (unmoved !== where) draw("circle", { cx: x + 15, cy: y, r: 5, class: `${unmoved} unmoved` }, svg);
      const up = y < centre[1] ? -14 : 22;
      const [far, off] = [1.17 * x - 0.17 * centre[0], 1.17 * y - 0.17 * centre[1] + 4];
      if (n > 12) draw("text", { x: far, y: off, "text-anchor": "middle" }, svg, code);
      else draw("text", { x: Math.min(Math.max(x, 40), 360), y: y + up, "text-anchor": "middle" }, svg, name);
    });
  }

  // ------------------------------------------------------------------ what is pressed

  $("scenario").addEventListener("input", () => { history.pushState(null, "", `?scenario=${encodeURIComponent($("scenario").value)}`); start(location.search); });
  $("state").addEventListener("input", async () => {
    view.state = $("state").value;
    const next = await ask("view", `view?${query()}`);
    if (!next) return;
    view.levers = next.levers;
    order = null;
    levers();
    rank();
    note();
    if (!view.condition) $("condition").value = `${view.state} leaves`;
  });
  $("as-coded").addEventListener("click", () => { view.moves = {}; levers(); note(); look(); });
  $("date").addEventListener("input", rows);
  $("find").addEventListener("submit", (event) => { event.preventDefault(); find(); });
  $("run").addEventListener("input", () => tell(Number($("run").value)));
  $("back").addEventListener("click", () => step(view.at - 1));
  $("forward").addEventListener("click", () => step(view.at + 1));
  $("at").addEventListener("input", () => step(Number($("at").value)));
  window.addEventListener("popstate", () => start(location.search));
  let sized = 0;
  window.addEventListener("resize", () => { clearTimeout(sized); sized = setTimeout(() => { if (answer) charts(); }, 100); });
  start(location.search);
})();
