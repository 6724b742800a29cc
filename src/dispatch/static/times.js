// Times stand in the newsroom's zone. Whoever lives by another clock is told theirs: beside what is planned, on hover elsewhere.

const zone = document.body.dataset.zone;

function clock(moment, timeZone) {
  const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone };
  const day = new Intl.DateTimeFormat("en-CA", { timeZone }).format(moment);
  return { day, time: new Intl.DateTimeFormat("en-GB", parts).format(moment) };
}

function beside(element) {
  const moment = new Date(element.dateTime);
  const theirs = clock(moment, zone);
  const here = clock(moment);
  if (theirs.time === here.time && theirs.day === here.day) return;
  const day = theirs.day === here.day ? "" : `${moment.toLocaleDateString("en-GB", { weekday: "short" })} `;
  const words = `${day}${here.time} for you`;
  element.title = `${words}, ${element.title}`;
  if (!("beside" in element.dataset)) return;
  const yours = document.createElement("span");
  yours.className = "yours";
  yours.textContent = words;
  element.append(" ", yours);
}

function tell(within) {
  for (const element of within.querySelectorAll("time[datetime]:not([data-told])")) {
    element.dataset.told = "";
    beside(element);
  }
}

if (zone) {
  tell(document);
  document.addEventListener("htmx:afterSettle", () => tell(document));
}

// What leaves by itself in a moment says how long there still is to stop it.
function count(element) {
  const seconds = Math.max(0, Math.round((new Date(element.dataset.countdown) - Date.now()) / 1000));
  element.textContent = `in ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

setInterval(() => document.querySelectorAll("[data-countdown]").forEach(count), 1000);
