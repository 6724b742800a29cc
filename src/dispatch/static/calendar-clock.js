// Moments (milliseconds) by the newsroom's clock, with the readers' beside it, on days of 23 and 25 hours, too.

const { zone, readers, town } = document.querySelector(".calendar").dataset;
const DAY = 86_400_000;
const QUARTER = 900_000;

const format = (timeZone) => new Intl.DateTimeFormat("en-CA", {
  timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});
const clock = format(zone);
const spoken = new Intl.DateTimeFormat("en-GB", { timeZone: zone, weekday: "short", day: "numeric", month: "short" });

function parts(formatter, moment) {
  return Object.fromEntries(formatter.formatToParts(moment).map(({ type, value }) => [type, value]));
}

// {day: "2026-11-24", time: "08:30", wall: "2026-11-24T08:30"}
export function newsroom(moment) {
  const { year, month, day, hour, minute } = parts(clock, moment);
  return { day: `${year}-${month}-${day}`, time: `${hour}:${minute}`, wall: `${year}-${month}-${day}T${hour}:${minute}` };
}

// "Tue, 24 Nov, 08:30 · 09:30 in Minsk"
export function label(moment) {
  const words = `${spoken.format(moment)}, ${newsroom(moment).time}`;
  if (!readers) return words;
  const { hour, minute } = parts(format(readers), moment);
  return `${words} · ${hour}:${minute} in ${town}`;
}

// The same wall-clock time on another day; where the clocks skip it, as much later as they jump; of a doubled hour the first.
export function onDay(moment, day) {
  const here = newsroom(moment);
  if (here.day === day) return moment;
  const wanted = `${day}T${here.time}`;
  const guess = moment + Math.round((Date.parse(day) - Date.parse(here.day)) / DAY) * DAY;
  const found = guess + Date.parse(`${wanted}Z`) - Date.parse(`${newsroom(guess).wall}Z`);
  if (newsroom(found).wall !== wanted) return Math.max(guess, found);
  const sooner = [2, 4, 8].map((quarters) => found - quarters * QUARTER).find((one) => newsroom(one).wall === wanted);
  return sooner ?? found;
}

export function stepDay(moment, by) {
  const day = new Date(Date.parse(newsroom(moment).day) + by * DAY).toISOString().slice(0, 10);
  return onDay(moment, day);
}

// The quarter of an hour at this height of an hour's cell.
export function quarter(cell, y) {
  const { top, height } = cell.getBoundingClientRect();
  const quarters = cell.dataset.minutes / 15;
  const number = Math.min(Math.max(Math.floor(((y - top) / height) * quarters), 0), quarters - 1);
  return Date.parse(cell.dataset.start) + number * QUARTER;
}
