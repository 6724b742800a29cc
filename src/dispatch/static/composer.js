// The composer: what is typed is saved by itself, upon the version that was seen; whoever comes second is shown both texts.
// What could not be saved stays in its field and is tried again, for as long as the page is open.

import { accompany } from "./composer-company.js";
import { dress, pictures } from "./composer-pictures.js";

const page = document.getElementById("composer");
const SAVE_AFTER = 900;
const TRY_AGAIN = 5000;
const KEEPALIVE_MOST = 60_000; // bytes that a browser sends for a page that is being left
const works = new WeakMap(); // form → { dirty, saving, timer, tried: texts that were sent and not answered }
const signIn = '<a href="/account/login/" target="_blank" rel="noopener">Sign in in another tab</a>';

const formsIn = (root) => [...root.querySelectorAll("form[data-writes]")];
const partOf = (form) => form.closest(".part");

function workOf(form) {
  if (!works.has(form)) works.set(form, { dirty: false, saving: null, timer: 0, tried: new Set() });
  return works.get(form);
}

// After somebody signed in anew in another tab the token in the page is an old one; the cookie has the new.
function token() {
  const found = document.cookie.split("; ").find((one) => one.split("=")[0].endsWith("csrftoken"));
  return found ? decodeURIComponent(found.slice(found.indexOf("=") + 1)) : "";
}

function say(form, words, { bad = false, html = "" } = {}) {
  const place = form.querySelector("[data-saved]");
  if (!place) return;
  place.classList.toggle("bad", bad);
  place.textContent = words;
  if (html) place.insertAdjacentHTML("beforeend", ` ${html}`);
}

function written(form, act) {
  const data = new FormData(form);
  data.delete("csrfmiddlewaretoken");
  if (act !== "upload") data.delete("files");
  data.set("do", act);
  return data;
}

async function post(address, data, options = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  const answer = await fetch(address, { method: "POST", body: data, headers, redirect: "manual", ...options });
  if (answer.type === "opaqueredirect") return { status: 401 };
  const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
  return { status: answer.status, ...(isJson ? await answer.json() : {}) };
}

// One save at a time for each form; what was typed meanwhile is saved after it. True: nothing is unsaved any more.
async function save(form, act = "save", options = {}) {
  const work = workOf(form);
  while (work.saving) await work.saving;
  clearTimeout(work.timer);
  work.dirty = false;
  const data = written(form, act);
  work.saving = send(form, work, data, options);
  try {
    return await work.saving;
  } finally {
    work.saving = null;
  }
}

async function send(form, work, data, options) {
  say(form, "Saving…");
  const later = (words, html = "") => {
    work.tried.add(data.get("text").replaceAll("\r\n", "\n"));
    const act = data.get("do") === "upload" ? "upload" : "save"; // pictures are tried again, too
    return retry(form, work, { act, words, html });
  };
  let answer;
  try {
    answer = await post(form.action, data, options);
  } catch {
    return later("Not saved: no connection. Your text stays here, and is tried again.");
  }
  if (answer.status === 200) return saved(form, work, answer);
  if (answer.status === 409) return clashed(form, work, answer);
  if (answer.status === 401 || answer.status === 403) {
    return later("Not saved: you are signed out. Your text stays here, and is tried again.", signIn);
  }
  if (answer.status === 404) {
    lock(form, "Somebody else took this part out.", true);
    return false;
  }
  if (answer.status === 423) {
    lock(form, answer.problem, true);
    return false;
  }
  if (answer.status >= 500 || !answer.problem) {
    return later("Not saved: Dispatch does not answer as it should. Your text stays here, and is tried again.");
  }
  work.dirty = true;
  say(form, `Not saved: ${answer.problem}`, { bad: true });
  return false;
}

function retry(form, work, { act, words, html }) {
  work.dirty = true;
  say(form, words, { bad: true, html });
  work.timer = setTimeout(() => form.isConnected && save(form, act), TRY_AGAIN);
  return false;
}

function saved(form, work, answer) {
  work.tried.clear();
  if ("version" in answer) form.elements.version.value = answer.version;
  form.querySelector(".clash").replaceChildren();
  say(form, answer.said);
  if (answer.html) renew(form.closest(".thread"), answer.html);
  const troubles = answer.troubles ?? [];
  const shown = form.isConnected ? form : page.querySelector(`#post-${partOf(form).dataset.post} form[data-writes]`);
  if (shown && (troubles.length || answer.done)) say(shown, troubles.join(" ") || answer.done, { bad: troubles.length > 0 });
  return true;
}

// An answer that got lost on its way may have been "saved": then what stands there is what this page sent.
function clashed(form, work, answer) {
  work.dirty = true;
  if (work.tried.has(answer.text)) {
    form.elements.version.value = answer.version;
    work.tried.clear();
    work.timer = setTimeout(() => save(form), 0);
    return false;
  }
  form.querySelector(".clash").innerHTML = answer.html;
  say(form, "Not saved: somebody else wrote here, too. Look above the text.", { bad: true });
  return false;
}

function lock(form, why, isUnsaved) {
  clearTimeout(workOf(form).timer);
  for (const field of form.querySelectorAll("textarea, input:not([type=hidden])")) field.readOnly = true;
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  delete form.dataset.writes;
  form.toggleAttribute("data-unsaved", isUnsaved);
  say(form, `${why}${isUnsaved ? " What you typed last stays here to be copied." : ""}`, { bad: true });
}

// A channel as the server has it now. What was typed into its parts and is not saved yet stays.
function renew(before, html) {
  const kept = formsIn(before).map((one) => [one, workOf(one), new FormData(one)]);
  const focus = document.activeElement?.closest(".part")?.id ?? "none";
  const name = document.activeElement?.name ?? "";
  const hadFocus = before.contains(document.activeElement);
  const holder = document.createElement("div");
  holder.innerHTML = html;
  const after = holder.firstElementChild;
  after.toggleAttribute("data-chosen", before.hasAttribute("data-chosen"));
  before.replaceWith(after);
  for (const [one, work, data] of kept) {
    clearTimeout(work.timer);
    const next = after.querySelector(`#${partOf(one).id} form[data-writes]`);
    if (next && work.dirty) refill(next, data);
  }
  window.htmx.process(after);
  dress(after);
  count();
  if (hadFocus) (after.querySelector(`#${focus} [name="${CSS.escape(name)}"]`) ?? after.querySelector("textarea"))?.focus();
}

function refill(form, data) {
  for (const [name, value] of data) {
    const field = form.elements[name];
    if (field instanceof HTMLElement && !["csrfmiddlewaretoken", "files", "picture"].includes(name)) field.value = value;
  }
  touch(form);
  window.htmx.trigger(form, "look");
}

function touch(form) {
  const work = workOf(form);
  work.dirty = true;
  clearTimeout(work.timer);
  work.timer = setTimeout(() => form.isConnected && save(form), SAVE_AFTER);
  say(form, "Not saved yet");
}

function count() {
  for (const thread of page.querySelectorAll(".thread")) {
    const looks = thread.querySelectorAll(".part:not([data-closed]) .look");
    const problems = [...looks].reduce((sum, look) => sum + Number(look.dataset.problemCount), 0);
    const place = page.querySelector(`[data-problems="${thread.dataset.channel}"]`);
    if (place) place.textContent = problems ? `${problems} ${problems === 1 ? "problem" : "problems"}` : "";
  }
}

// A part that is replaced is not read out; this line stays, and is.
function tell(form) {
  const words = [...form.querySelectorAll(".problems li")].map((one) => one.textContent.trim()).join(". ");
  const place = form.querySelector("[data-told]");
  if (place.textContent !== words) place.textContent = words;
}

async function saveAll(root) {
  const unsaved = formsIn(root).filter((form) => workOf(form).dirty || workOf(form).saving);
  const done = await Promise.all(unsaved.map((form) => save(form)));
  return done.every(Boolean);
}

function choose(number) {
  for (const thread of page.querySelectorAll(".thread")) thread.toggleAttribute("data-chosen", thread.dataset.channel === number);
  for (const link of page.querySelectorAll(".rail a")) {
    if (link.dataset.channel === number) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

page.addEventListener("input", ({ target }) => {
  const form = target.closest("form[data-writes]");
  if (form && target.type !== "file" && target.name !== "numbered") touch(form);
});

page.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-writes]");
  if (form && target.type === "file" && target.files.length) save(form, "upload");
});

// A form of the page that acts upon a post waits until what was typed is saved: what is posted is what is seen.
page.addEventListener("submit", async (event) => {
  const { target, submitter } = event;
  if (target.matches("[data-writes]")) {
    event.preventDefault();
    event.stopPropagation();
    if (submitter?.dataset.keep) target.elements.version.value = submitter.dataset.keep;
    await save(target, submitter?.value || "save");
  } else if (formsIn(page).some((form) => workOf(form).dirty || workOf(form).saving)) {
    event.preventDefault();
    event.stopPropagation();
    if (await saveAll(page)) target.requestSubmit(submitter);
    else page.querySelector(".saved.bad")?.scrollIntoView({ block: "center" });
  }
});

page.addEventListener("click", (event) => {
  const link = event.target.closest(".rail a");
  const take = event.target.closest("[data-take]");
  if (link) {
    event.preventDefault();
    choose(link.dataset.channel);
    history.replaceState(null, "", link.href);
  } else if (take) {
    for (const form of formsIn(take.closest(".thread"))) if (form.contains(take)) workOf(form).dirty = false;
  }
});

// A link waits, too. What cannot be saved is asked about by the browser.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  const isElsewhere = !link || link.target || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey;
  if (isElsewhere || !formsIn(page).some((form) => workOf(form).dirty)) return;
  event.preventDefault();
  await saveAll(page);
  window.location.assign(link.href);
});

page.addEventListener("htmx:configRequest", ({ detail }) => {
  delete detail.parameters.csrfmiddlewaretoken;
  delete detail.parameters.files;
  detail.headers["X-CSRFToken"] = token();
});

// Instead of a part a sign-in page may come; the text must survive that.
page.addEventListener("htmx:beforeSwap", (event) => {
  event.stopPropagation();
  const { target, serverResponse } = event.detail;
  if (!serverResponse.includes(`id="${target.id}"`)) event.detail.shouldSwap = false;
});
page.addEventListener("htmx:afterSettle", () => {
  dress(page);
  count();
  for (const form of formsIn(page)) tell(form);
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) saveAll(page);
});
window.addEventListener("pagehide", () => {
  post(page.dataset.leave, new FormData(), { keepalive: true }).catch(() => {});
});
window.addEventListener("beforeunload", (event) => {
  const unsaved = formsIn(page).filter((form) => workOf(form).dirty);
  for (const form of unsaved) {
    if (form.elements.text.value.length < KEEPALIVE_MOST / 4) save(form, "save", { keepalive: true });
  }
  if (unsaved.length) event.preventDefault();
});
window.addEventListener("online", () => saveAll(page));

document.documentElement.classList.add("js");
pictures(page, { save, touch });
dress(page);
accompany(page, { post, formsIn, workOf, lock, renew });
