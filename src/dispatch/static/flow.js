// The charts of the queue's flow: what went how, and how late. Points are asked for anew when something moved, not more often
// than a point's own stretch could change; without this file the table beneath says the same.
import uPlot from "./vendor/uplot/uPlot.esm.js";

const OUTCOMES = [["sent", "--good", []], ["deferred", "--warn", [8, 4]], ["refused", "--bad", [2, 3]], ["unknown", "--quiet", [8, 3, 2, 3]]];
const LATENESS = [["on average", "--accent", []], ["at most", "--warn", [6, 4]]];
const EVERY = 5_000;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const DAY = 86_400;
const clock = uPlot.fmtDate("{HH}:{mm}"), day = uPlot.fmtDate("{D} {MMM}");
const inZone = (seconds) => uPlot.tzDate(new Date(seconds * 1000), document.body.dataset.zone || undefined);

// As the pages say times: the day where it begins, and the clock's hour of 24.
function moments(_chart, splits, _axis, _space, step) {
  return splits.map((at, place) => {
    const date = inZone(at);
    if (step >= DAY) return day(date);
    const isNew = !place || inZone(splits[place - 1]).getDate() !== date.getDate();
    return isNew ? `${clock(date)}\n${day(date)}` : clock(date);
  });
}

function axes(label) {
  const stroke = colour("--quiet"), grid = { stroke: colour("--line"), width: 1 };
  return [{ stroke, grid, ticks: grid, values: moments }, { stroke, grid, ticks: grid, label, size: 64, labelSize: 20 }];
}

function drawn(place, label, series, points) {
  const options = {
    width: place.clientWidth, height: 240, axes: axes(label), cursor: { y: false },
    series: [{ value: "{YYYY}-{MM}-{DD} {HH}:{mm}" }, ...series], scales: { y: { range: (_, low, high) => [0, Math.max(high, 1) * 1.1] } },
    tzDate: inZone,
  };
  return new uPlot(options, points, place);
}

function begin(place) {
  const [flow, late] = place.querySelectorAll(".chart");
  const line = ([label, name, dash], points) => ({ label, stroke: colour(name), width: 2, dash, points });
  let charts = null;
  const ask = async () => {
    const answer = await fetch(place.dataset.points);
    if (!answer.ok) return;
    const said = await answer.json();
    if (charts === null) {
      charts = [drawn(flow, "in each stretch", OUTCOMES.map((one) => line(one, { show: false })), said.flow)];
      if (late) charts.push(drawn(late, "seconds late", LATENESS.slice(0, said.late.length - 1).map((one) => line(one, { size: 4 })), said.late));
    } else {
      charts[0].setData(said.flow);
      charts[1]?.setData(said.late);
    }
  };
  const anew = () => { // in the colours of day or night
    charts?.forEach((chart) => chart.destroy());
    charts = null;
    ask();
  };
  const fit = () => charts?.forEach((chart) => chart.setSize({ width: place.clientWidth, height: 240 }));
  const again = () => { if (!document.hidden) ask(); };
  new ResizeObserver(fit).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
  ask();
  setInterval(again, EVERY);
}

for (const place of document.querySelectorAll("[data-points]")) begin(place);
