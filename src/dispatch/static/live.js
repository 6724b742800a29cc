// Keeps a page true while it is open. Numbers and states come as {key: text} and are put where `data-live="key"` stands;
// a part marked `data-topic` is asked for anew (htmx) when its topic changes, but never under a person's hands.

const stale = new Set();
const SILENCE = 25_000; // longer than the server's heartbeat: from here on nobody knows whether the numbers are old
let heard = Date.now();

function put(element, text) {
  if (element instanceof HTMLProgressElement) element.value = Number(text);
  else if (element.textContent !== text) element.textContent = text;
}

function isBusy(part) {
  return part.contains(document.activeElement) || part.querySelector('details[open] form, form details[open], input[name="item"]:checked') !== null;
}

function renew() {
  const parts = [...document.querySelectorAll("[data-topic]")];
  const topicsOf = (part) => part.dataset.topic.split(" ");
  for (const part of parts) {
    if (topicsOf(part).some((topic) => stale.has(topic)) && !isBusy(part)) window.htmx.trigger(part, "renew");
  }
  for (const topic of [...stale]) {
    if (!parts.some((part) => topicsOf(part).includes(topic) && isBusy(part))) stale.delete(topic);
  }
}

function say(isAway) {
  heard = Date.now();
  document.getElementById("away").hidden = !isAway;
}

function listen(address) {
  const events = new EventSource(address);
  events.addEventListener("values", (event) => {
    say(false);
    for (const [key, text] of Object.entries(JSON.parse(event.data))) {
      for (const element of document.querySelectorAll(`[data-live="${CSS.escape(key)}"]`)) put(element, text);
    }
  });
  events.addEventListener("changed", (event) => {
    say(false);
    for (const topic of JSON.parse(event.data)) stale.add(topic);
    renew();
  });
  events.addEventListener("still", () => say(false));
  events.addEventListener("away", () => say(true));
  events.addEventListener("error", () => {
    const before = heard; // a stream ends every few minutes and begins again at once: no news
    setTimeout(() => heard === before && !document.hidden && say(true), 5000);
  });
  events.addEventListener("open", () => say(false));
  return events;
}

// A page in the background lets its connection go: a browser has few of them for one host.
function follow(address) {
  let events = listen(address);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) events.close();
    else if (events.readyState === EventSource.CLOSED) {
      heard = Date.now();
      events = listen(address);
    }
  });
  setInterval(() => Date.now() - heard > SILENCE && !document.hidden && say(true), 5000);
  window.addEventListener("pagehide", () => events.close());
  document.addEventListener("focusout", () => setTimeout(renew, 50));
  document.addEventListener("toggle", renew, true);
}

// A part that is replaced takes what it had queued with it: what was asked meanwhile is asked of its successor.
const again = new Set();
document.addEventListener("renew", ({ target }) => {
  if (target.classList.contains("htmx-request")) again.add(target.id);
}, true);
document.addEventListener("htmx:load", ({ target }) => {
  if (again.delete(target.id)) window.htmx.trigger(target, "renew");
});

// A part is replaced by itself only: a sign-in page that comes instead is shown as a whole. And never under a person's hands,
// which may have come while it was asked for.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, serverResponse } = event.detail;
  if (target.dataset.topic && isBusy(target)) {
    event.detail.shouldSwap = false;
    for (const topic of target.dataset.topic.split(" ")) stale.add(topic);
    return;
  }
  if (serverResponse.includes(`id="${target.id}"`)) return;
  event.detail.shouldSwap = false;
  window.location.reload();
});

const address = document.body.dataset.events;
if (address && document.querySelector("[data-live], [data-topic]")) follow(address);
