// An edition before it leaves: stories are dragged or moved by their arrows, and words are saved while one types. What the
// server did not take is said, and what was typed stays. Without this file the same buttons load the page anew.

const PAUSE = 700; // of typing, in milliseconds, before it is saved
const list = document.querySelector(".arrange");
const contents = document.getElementById("contents");

function renewLooks() {
  for (const frame of document.querySelectorAll("#preview iframe")) frame.src = frame.getAttribute("src");
  for (const id of ["inbox", "preflight"]) {
    const part = document.getElementById(id);
    if (part) window.htmx.trigger(part, "renew");
  }
}

const token = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

async function post(address, body) {
  body.set("csrfmiddlewaretoken", token());
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    const type = answer.headers.get("content-type") ?? "";
    if (answer.redirected || !type.startsWith("application/json")) return { ok: false, words: "Not saved: sign in again, in another window." };
    return { ok: answer.ok, stale: answer.status === 409, ...(await answer.json()) };
  } catch {
    return { ok: false, words: "Not saved: Dispatch does not answer. It is tried again when you type." };
  }
}

// Stories

async function keepOrder(words) {
  const body = new FormData();
  for (const row of list.children) body.append("story", row.dataset.story);
  const answer = await post(contents.dataset.order, body);
  contents.querySelector("[data-said]").textContent = answer.ok ? words : answer.words;
  if (answer.ok) renewLooks();
  else window.location.reload();
}

const titleOf = (row) => row.querySelector(".headline").textContent;
const placeOf = (row) => [...list.children].indexOf(row) + 1;

function step(row, way) {
  if (way === "up") row.previousElementSibling?.before(row);
  else if (way === "down") row.nextElementSibling?.after(row);
  else list.prepend(row);
}

if (list) {
  list.classList.add("drags");
  list.addEventListener("submit", (event) => {
    const way = event.submitter?.name === "step" && event.submitter.value;
    if (!way) return;
    event.preventDefault();
    event.stopPropagation(); // acts.js would take a second press for the first one pressed twice
    const row = event.target.closest("li");
    step(row, way);
    const shown = getComputedStyle(event.submitter).visibility === "visible";
    (shown ? event.submitter : row.querySelector("button[value=down]:not([hidden])")).focus();
    if (!shown && placeOf(row) === list.children.length) row.querySelector("button[value=up]").focus();
    keepOrder(`${titleOf(row)}: now number ${placeOf(row)} of ${list.children.length}.`);
  }, true);

  let dragged = null;
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("li");
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", titleOf(dragged));
  });
  list.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.(".arrange > li");
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const { top, height } = over.getBoundingClientRect();
    if (event.clientY < top + height / 2) over.before(dragged);
    else over.after(dragged);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => {
    dragged.classList.remove("dragged");
    keepOrder(`${titleOf(dragged)}: now number ${placeOf(dragged)} of ${list.children.length}.`);
    dragged = null;
  });
}

// Words

function saving(form) {
  const said = form.querySelector("[data-said]");
  let waiting = null;
  let isStale = false;
  let under = Promise.resolve();

  async function save() {
    waiting = null;
    if (isStale) return;
    const body = new FormData(form);
    const answer = await post(form.action, body);
    isStale = Boolean(answer.stale);
    said.classList.toggle("stale", !answer.ok);
    said.textContent = answer.ok && waiting ? "" : answer.words;
    if (!answer.ok) return;
    form.elements.version.value = answer.version;
    renewLooks();
  }

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    if (isStale) return;
    said.textContent = "";
    waiting = setTimeout(() => { under = under.then(save); }, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    if (isStale) return; // the server shows both versions
    event.preventDefault();
    event.stopPropagation();
    clearTimeout(waiting);
    under = under.then(save);
  }, true);
  window.addEventListener("beforeunload", (event) => {
    if (waiting && !isStale) event.preventDefault();
  });
}

document.querySelectorAll("form[data-words]").forEach(saving);
