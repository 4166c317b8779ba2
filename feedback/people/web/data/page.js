// The page on which people judge. The server says what to show and which control answers it
// (sheet.py); this draws it, reads keys, and sends the answer. Whatever came from a segment is set
// as text, never as HTML. What is said in answer comes from controls.js.
"use strict";

const POLL_MS = 1000;   // between looks for a new question
const SETTLE_MS = 300;  // a second click of a double click must not answer the next question

const token = document.querySelector("meta[name=token]").content;
const at = (id) => document.getElementById(id);
let task = { state: "" };  // what the server said last
let control = null;        // {node, value(), key(event)} of the question shown
let shownAt = 0;
let busy = false;

// ---- the server ----

class Refused extends Error {
  constructor(status, sentence) { super(sentence); this.status = status; }
}

async function call(path, body) {
  const headers = { "X-Plaudit-Token": token };
  const options = { headers, cache: "no-store" };
  if (body) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  }
  let reply, said;
  try {
    reply = await fetch(path, options);
    said = await reply.json();
  } catch {
    throw new Refused(0, "plaudit can't be reached: it has ended, or is starting again. " +
      "Every answer that was saved is kept. This page keeps trying.");
  }
  if (!reply.ok) throw new Refused(reply.status, said.error);
  return said;
}

async function send(path, body, done) {
  if (busy || !ready()) return;
  busy = true;
  const seconds = (performance.now() - shownAt) / 1000;
  try {
    const comment = at("comment").value.trim();
    const fresh = await call(path, { form: task.form, seconds, comment, ...body });
    say(done);
    notice("");
    show(fresh);
  } catch (problem) {
    notice(problem.message);
    // What was stale or refused is asked again as it stands now.
    if (problem.status === 409) await load(true);
  } finally {
    busy = false;
  }
}

async function load(force = false) {
  try {
    const fresh = await call("question");
    if (force || fresh.form !== task.form || fresh.state !== task.state) {
      if (!force) notice("");
      show(fresh);
    } else {
      count(fresh.progress);
    }
  } catch (problem) {
    if (task.state === "done") return;  // plaudit has ended, as it said
    notice(problem.message);
    task = { ...task, state: "lost" };
  }
}

const ready = () => task.state === "question" && performance.now() - shownAt > SETTLE_MS;
const answer = (value) => value !== null && send("answer", { answer: value }, "Saved.");
const skip = () => send("skip", { reason: at("reason").value.trim() }, "Skipped.");

async function undo() {
  if (busy || at("undo").disabled) return;
  busy = true;
  try {
    show(await call("undo", { form: task.form }));
    notice("");
    say("Taken back: answer it again.");
  } catch (problem) {
    notice(problem.message);
    if (problem.status === 409) await load(true);
  } finally {
    busy = false;
  }
}

// ---- the page ----

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const say = (words) => { at("said").textContent = words; };
const key = (digit) => (digit ? make("kbd", { "aria-hidden": "true" }, digit) : "");
const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

function notice(words) {
  at("notice").hidden = !words;
  if (at("notice").textContent !== words) at("notice").textContent = words;
}

function count(progress) {
  const done = progress.answered + progress.skipped;
  const all = done + progress.waiting;
  at("bar").max = Math.max(all, 1);
  at("bar").value = done;
  at("count").textContent = `${done} of ${all}`;
  document.title = `${done} of ${all} · plaudit`;
  at("undo").disabled = !done;
}

const CALM = {
  waiting: [
    "Nothing to judge right now",
    "New questions appear here by themselves. You can leave this page open.",
  ],
  done: [
    "That was all, thank you!",
    "Nothing more is asked, and all your answers are saved. You can close this page.",
  ],
};

function show(fresh) {
  task = fresh;
  const asks = task.state === "question";
  const [title, explained] = asks ? [task.question, task.explained] : CALM[task.state];
  document.body.className = asks ? "" : "calm";
  at("question").textContent = title;
  at("explained").textContent = explained;
  at("explained").hidden = !explained;
  at("context").hidden = !task.context?.length;
  at("context").replaceChildren(...(task.context ?? []).flatMap(
    ([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  at("shown").replaceChildren(...(task.shown ?? []).map(card));
  control = asks ? CONTROLS[task.control.type](task.control) : null;
  at("control").replaceChildren(control ? control.node : "");
  at("dock").hidden = !asks && !(task.progress.answered + task.progress.skipped);
  // Low controls stay in sight while long texts scroll.
  at("dock").classList.toggle("low", !["rows", "marks"].includes(task.control?.type));
  at("dock").classList.toggle("words", Boolean(task.control?.words));
  for (const id of ["control", "skip", "reason", "comment"]) at(id).hidden = !asks;
  at("comment").placeholder = task.control?.words ?? "comment (optional), key c";
  at("comment").value = at("reason").value = "";
  at("keys").textContent = asks ? `Keys: ${task.control.keys} · s skip · u undo · c comment` : "";
  count(task.progress);
  shownAt = performance.now();
  scrollTo(0, 0);
  at("question").focus({ preventScroll: true });
}

function card(segment, place) {
  const name = segment.title || "what is judged";
  const content = make("div", { class: "content", tabindex: "0", role: "group", "aria-label": name });
  if (segment.text) content.append(make("pre", {}, segment.text));
  if (segment.text === "") content.append(make("em", { class: "hint" }, "(no words)"));
  if (segment.picture) {
    const src = `pictures/${segment.picture}?token=${token}`;
    content.append(make("img", { src, alt: `${segment.title} picture of what was done` }));
  }
  if (segment.table) content.append(table(segment.table));
  const head = make("h2", { hidden: !segment.title }, segment.title, make("span", { class: "place" }));
  return make("article", { class: "card", "data-place": place }, head, content);
}

function table({ columns, rows }) {
  const line = (tag, cells) => make("tr", {}, ...cells.map((cell) => make(tag, {}, cell)));
  const body = rows.map((row) => line("td", row));
  return make("table", {}, make("thead", {}, line("th", columns)), make("tbody", {}, ...body));
}

// ---- keys ----

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("textarea, #reason");
  if (typing && event.key === "Escape") event.target.blur();
  if (typing && event.key === "Enter" && event.target.id === "reason") skip();
  if (typing) return;
  if (pressed(event)) event.preventDefault();
});

function pressed(event) {
  if (event.key === "u" && !event.repeat) { undo(); return true; }
  if (!control) return false;
  if (control.key(event)) return true;
  if (event.key === "c") { at("comment").focus(); return true; }
  if (event.repeat) return false;
  if (event.key === "s") { skip(); return true; }
  const elsewhere = event.target.closest("button:not(.marks button):not(.options button), a");
  if (event.key !== "Enter" || !control.value || elsewhere) return false;
  answer(control.value());
  return true;
}

at("undo").addEventListener("click", (event) => event.detail < 2 && undo());
at("skip").addEventListener("click", (event) => event.detail < 2 && skip());
load();
setInterval(() => { if (task.state !== "question" && !busy) load(); }, POLL_MS);
