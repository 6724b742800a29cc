// Acts that ask why: one open at a time, ready to type into, closed by Escape or a click beside it.

const opened = () => document.querySelector("details.act[open]");

function close(act, { returning }) {
  act.open = false;
  if (returning) act.querySelector("summary").focus();
}

document.addEventListener("toggle", ({ target }) => {
  if (!target.matches("details.act") || !target.open) return;
  for (const other of document.querySelectorAll("details.act[open]")) if (other !== target) other.open = false;
  target.querySelector("select, input:not([type=hidden])")?.focus();
}, true);

document.addEventListener("keydown", (event) => {
  const act = event.key === "Escape" && opened();
  if (act) close(act, { returning: true });
});

// A click beside it closes it only while nothing was written, so that no reason is lost.
document.addEventListener("click", ({ target }) => {
  const act = opened();
  if (act && !act.contains(target) && !act.querySelector("[name=reason]").value) close(act, { returning: false });
});

// Pressed twice is meant once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
