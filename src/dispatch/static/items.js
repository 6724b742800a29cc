// A row's tick box, held down with Shift, ticks everything between it and the last one that was ticked.
let last = null;

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.name !== "item") return;
  const boxes = [...document.querySelectorAll('input[name="item"]')];
  if (event.shiftKey && last && boxes.includes(last)) {
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((one, other) => one - other);
    for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
});
