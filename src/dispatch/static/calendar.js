// Posts and digests are moved by mouse, by touch (at their grip) and by keyboard. The server decides: what it refuses goes back, and its
// words say why. A moment is always sent whole, with the thing as it was seen here, so that two people do not undo each other.

import { label, newsroom, onDay, quarter, stepDay } from "./calendar-clock.js";

const MINUTE = 60_000;
const told = document.getElementById("cal-told");
const floating = document.createElement("div");
floating.className = "drag-label";
let held = null; // what is being moved: {entry, moment, slot, place, byKey, pointer}

const sheet = () => document.getElementById("calendar");
const entryOf = (element) => element.closest?.(".entry[data-move]");
const cells = () => [...document.querySelectorAll(".cell[data-start], .cell[data-day]")];

function tell(words, acts = {}) {
  told.replaceChildren(words);
  for (const [name, act] of Object.entries(acts)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", act);
    told.append(" ", button);
  }
}

function covers(cell, moment) {
  if (cell.dataset.day) return newsroom(moment).day === cell.dataset.day;
  const start = Date.parse(cell.dataset.start);
  return start <= moment && moment < start + cell.dataset.minutes * MINUTE;
}

function mark(place) {
  for (const one of document.querySelectorAll(".target")) one.classList.remove("target");
  place?.classList.add("target");
}

// What cannot be: over already, or before the story's embargo ends.
function bar(entry) {
  const first = Math.max(Date.now(), Date.parse(entry.dataset.embargo ?? 0) || 0);
  for (const cell of cells()) {
    const end = cell.dataset.day ? onDay(first, cell.dataset.day) + MINUTE : Date.parse(cell.dataset.start) + cell.dataset.minutes * MINUTE;
    const isOver = cell.dataset.day ? cell.dataset.day < newsroom(first).day : end <= first;
    cell.classList.toggle("barred", isOver);
  }
}

function lift(entry, more) {
  held = { entry, moment: Date.parse(entry.dataset.due), slot: false, place: null, ...more };
  entry.classList.add("lifted");
  document.body.classList.add("dragging");
  bar(entry);
}

function putDown() {
  const was = held;
  held = null;
  was?.entry.classList.remove("lifted");
  document.body.classList.remove("dragging");
  floating.remove();
  mark(null);
  for (const cell of document.querySelectorAll(".barred")) cell.classList.remove("barred");
  return was;
}

async function ask(entry, fields) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(entry.move, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": token },
    body: new URLSearchParams({ seen_state: entry.state, seen_due: entry.due, ...fields }),
  });
  if (answer.redirected) return { outcome: "proof", page: answer.url, words: "Show first that it is you. Nothing was moved." };
  if (answer.status === 403) return { outcome: "refused", words: "It is not yours to move." };
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

// Where to sign in or show one's second factor; from there back to this very page.
function prove(page) {
  const there = new URL(page);
  there.searchParams.set("next", location.pathname + location.search);
  location.assign(there);
}

// The page is asked for anew; whoever works by keyboard finds the entry under their hands again.
function refresh(id, withFocus) {
  document.activeElement?.blur();
  if (withFocus) {
    const back = () => document.querySelector(`#${CSS.escape(id)} a.what`)?.focus();
    document.addEventListener("htmx:afterSettle", back, { once: true });
  }
  window.htmx.trigger(sheet(), "renew");
}

async function send(entry, moment, { slot = false, anyway = false, byKey = false, undoing = false } = {}) {
  const seen = { move: entry.dataset.move, state: entry.dataset.state, due: entry.dataset.due };
  const fields = { moment: new Date(moment).toISOString() };
  if (slot) fields.slot = "yes";
  if (anyway) fields.anyway = "yes";
  const back = preview(entry, moment);
  try {
    const said = await ask(seen, fields);
    if (said.outcome === "moved") {
      const undo = { Undo: () => send(standIn(entry, said), Date.parse(seen.due), { anyway: true, byKey, undoing: true }) };
      tell(undoing ? `It is back. ${said.words}` : said.words, undoing || seen.state === "refused" ? {} : undo);
      refresh(entry.id, byKey);
      return;
    }
    back();
    const acts = {
      ask: { "Plan it there all the same": () => send(entry, moment, { slot, anyway: true, byKey }) },
      proof: { "Show it": () => prove(said.page) },
    };
    tell(`${said.words} It is back where it was.`, acts[said.outcome]);
    if (said.due && (said.due !== seen.due || said.state !== seen.state)) refresh(entry.id, byKey);
  } catch {
    back();
    tell("Dispatch did not answer. It is where it was; load the page again to be sure.");
  }
}

// The entry as it stands after a move, whichever element shows it by then.
function standIn(entry, said) {
  const one = document.getElementById(entry.id) ?? entry.cloneNode(true);
  Object.assign(one.dataset, { state: said.state, due: said.due });
  return one;
}

// Shows it where it was dropped until the server has spoken. Returns what puts it back.
function preview(entry, moment) {
  const [parent, next] = [entry.parentNode, entry.nextSibling];
  const cell = cells().find((one) => covers(one, moment));
  entry.classList.add("asking");
  if (cell && !cell.contains(entry)) {
    const list = cell.querySelector("ul") ?? cell.appendChild(document.createElement("ul"));
    cell.classList.remove("bare");
    list.append(entry);
  }
  return () => {
    entry.classList.remove("asking");
    if (parent?.isConnected && entry.parentNode !== parent) parent.insertBefore(entry, next);
  };
}

// By pointer

function aim({ clientX, clientY }) {
  const { entry } = held;
  const under = document.elementsFromPoint(clientX, clientY);
  const slot = under.map((one) => one.closest?.(`.free[data-slot="${entry.dataset.channel}"]`)).find(Boolean);
  const cell = under.map((one) => one.closest?.(".cell[data-start], .cell[data-day]")).find(Boolean);
  held.place = slot ?? cell ?? null;
  held.slot = Boolean(slot);
  if (slot) held.moment = Date.parse(slot.dataset.at);
  else if (cell) held.moment = cell.dataset.day ? onDay(Date.parse(entry.dataset.due), cell.dataset.day) : quarter(cell, clientY);
  mark(held.place);
  floating.textContent = held.place ? label(held.moment) + (slot ? ", a free slot" : "") : "back";
  floating.style.left = `${Math.min(clientX + 14, innerWidth - floating.offsetWidth - 8)}px`;
  floating.style.top = `${clientY + 18}px`;
  if (clientY < 48) scrollBy(0, -16);
  else if (clientY > innerHeight - 48) scrollBy(0, 16);
}

let pressed = null;
document.addEventListener("pointerdown", (event) => {
  const entry = entryOf(event.target);
  if (!entry || event.button || held || (event.pointerType !== "mouse" && !event.target.matches(".grip"))) return;
  pressed = { entry, x: event.clientX, y: event.clientY, pointer: event.pointerId };
});
document.addEventListener("pointermove", (event) => {
  if (pressed && !held && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 5) {
    const entry = document.getElementById(pressed.entry.id); // another element where the page was renewed meanwhile
    if (!entry?.dataset.move) return;
    lift(entry, { pointer: pressed.pointer });
    held.entry.querySelector("a")?.focus({ preventScroll: true }); // nothing is renewed under a person's hands
    document.body.append(floating);
  }
  if (held?.pointer === event.pointerId) aim(event);
});
document.addEventListener("pointerup", (event) => {
  pressed = null;
  if (held?.pointer !== event.pointerId) return;
  const swallow = (click) => click.preventDefault(); // a drag that ends on a link opens nothing
  addEventListener("click", swallow, true);
  setTimeout(() => removeEventListener("click", swallow, true), 50);
  const { entry, moment, slot, place } = putDown();
  document.activeElement?.blur();
  if (place && moment !== Date.parse(entry.dataset.due)) send(entry, moment, { slot });
});
document.addEventListener("pointercancel", () => {
  pressed = null;
  if (held && !held.byKey) putDown();
});
document.addEventListener("dragstart", (event) => entryOf(event.target) && event.preventDefault());

// By keyboard

const STEPS = {
  ArrowUp: (moment) => moment - 15 * MINUTE,
  ArrowDown: (moment) => moment + 15 * MINUTE,
  ArrowLeft: (moment) => stepDay(moment, -1),
  ArrowRight: (moment) => stepDay(moment, 1),
};

function show() {
  const place = cells().find((cell) => covers(cell, held.moment)) ?? null;
  mark(place);
  place?.scrollIntoView({ block: "nearest" });
  const isBeyond = !place && cells().length;
  tell(`${label(held.moment)}${isBeyond ? ", outside of these days" : ""}. Enter plans it there, Escape leaves it.`);
}

document.addEventListener("keydown", (event) => {
  if (held && !held.byKey) {
    if (event.key === "Escape") {
      pressed = null;
      putDown();
    }
    return;
  }
  if (!held) {
    const entry = event.key === " " && entryOf(event.target);
    if (!entry) return;
    event.preventDefault();
    lift(entry, { byKey: true });
    tell(`Moving “${entry.querySelector(".what").textContent}”, ${label(held.moment)}. Arrows move it, Enter plans it, Escape leaves it.`);
    return;
  }
  if (STEPS[event.key]) held.moment = STEPS[event.key](held.moment);
  else if (event.key === "Enter") {
    const { entry, moment } = putDown();
    if (moment === Date.parse(entry.dataset.due)) tell("It stays where it is.");
    else send(entry, moment, { byKey: true });
  } else if (event.key === "Escape") {
    putDown();
    tell("It stays where it is.");
  } else return;
  event.preventDefault();
  if (held) show();
}, true);
document.addEventListener("focusout", () => setTimeout(() => {
  if (held?.byKey && !held.entry.contains(document.activeElement)) putDown();
}, 0));

// A click on an empty place plans a post there; filters show at once.

document.addEventListener("click", ({ target, clientY, defaultPrevented }) => {
  if (defaultPrevented || !target.matches(".cell[data-start], .cell[data-day]") || target.closest(".over")) return;
  const at = target.dataset.day ? `${target.dataset.day}T09:00` : newsroom(quarter(target, clientY)).wall;
  location.assign(`${document.querySelector(".calendar").dataset.new}?at=${encodeURIComponent(at)}`);
});
const filters = document.querySelector(".filters");
filters.querySelector("button").hidden = true;
filters.addEventListener("change", () => filters.requestSubmit());
