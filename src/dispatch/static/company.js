// Who else has a page open: said every few seconds, asked in the same breath, and forgotten when the page is left.

const HEARTBEAT = 10_000; // accounts/presence.py
const place = document.querySelector("[data-company]");
const token = () => document.cookie.split("; ").find((one) => one.split("=")[0].endsWith("csrftoken"))?.split("=")[1] ?? "";
const post = (address, options = {}) =>
  fetch(address, { method: "POST", headers: { "X-CSRFToken": token() }, redirect: "manual", ...options });

async function beat() {
  const answer = await post(place.dataset.company).catch(() => null);
  if (!answer?.ok) return;
  const { others } = await answer.json();
  const words = others.length ? `Also open at ${others.join(", ")}. ${place.dataset.words}` : "";
  place.hidden = !words;
  if (place.textContent !== words) place.textContent = words;
}

if (place) {
  beat();
  setInterval(() => !document.hidden && beat(), HEARTBEAT);
  window.addEventListener("pagehide", () => post(place.dataset.leave, { keepalive: true }).catch(() => {}));
}
