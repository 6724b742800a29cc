// Pictures in the composer: dropped, pasted, put in order, and the point that a crop keeps. Places are set here and not in
// the page's text, since its policy allows no inline style.

const STEP = 0.05;
const clamp = (share) => Math.min(1, Math.max(0, share));
const percent = (share) => `${Math.round(share * 1000) / 10}%`;

function field(picture, axis) {
  return picture.querySelector(`[name="${axis}-${picture.dataset.picture}"]`);
}

export function dress(root) {
  for (const image of root.querySelectorAll(".grid img")) {
    image.style.objectPosition = `${percent(Number(image.dataset.x))} ${percent(Number(image.dataset.y))}`;
    const grid = image.parentElement;
    const [first] = grid.querySelectorAll("img");
    // A row that is swiped shows each picture in its own frame; Instagram's shows all in that of the first.
    if (grid.dataset.swiped === "alike") image.style.aspectRatio = first.dataset.ratio;
    else if (grid.dataset.swiped || grid.childElementCount === 1) image.style.aspectRatio = image.dataset.ratio;
  }
  for (const picture of root.querySelectorAll(".picture")) mark(picture);
  for (const image of root.querySelectorAll("img[data-card]:not([data-heard])")) {
    image.dataset.heard = "";
    image.addEventListener("error", () => image.remove());
    if (image.complete && !image.naturalWidth) image.remove();
  }
  for (const picture of root.querySelectorAll("[data-pictures] .picture")) picture.draggable = true;
}

function mark(picture) {
  const dot = picture.querySelector(".dot");
  if (!dot) return;
  dot.style.left = percent(Number(field(picture, "x").value));
  dot.style.top = percent(Number(field(picture, "y").value));
}

function focus(picture, x, y, touch) {
  field(picture, "x").value = clamp(x).toFixed(3);
  field(picture, "y").value = clamp(y).toFixed(3);
  mark(picture);
  const form = picture.closest("form");
  const number = picture.dataset.picture;
  const place = [...form.querySelectorAll(".picture")].findIndex((one) => one.dataset.picture === number);
  const shown = form.querySelectorAll(".grid img")[place];
  if (shown) Object.assign(shown.dataset, { x: clamp(x), y: clamp(y) });
  dress(form);
  touch(form);
}

function files(form, found, save) {
  const images = [...found].filter((file) => file.type.startsWith("image/"));
  if (!images.length) return false;
  const carried = new DataTransfer();
  for (const image of images) carried.items.add(image);
  form.elements.files.files = carried.files;
  save(form, "upload");
  return true;
}

export function pictures(page, { save, touch }) {
  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-focal]");
    if (!button || event.detail === 0) return; // a click by keyboard points nowhere
    const box = button.querySelector("img").getBoundingClientRect();
    focus(button.closest(".picture"), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, touch);
  });

  page.addEventListener("keydown", (event) => {
    const picture = event.target.matches("[data-focal]") && event.target.closest(".picture");
    const steps = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (!picture || !steps[event.key]) return;
    event.preventDefault();
    const [x, y] = steps[event.key];
    focus(picture, Number(field(picture, "x").value) + x, Number(field(picture, "y").value) + y, touch);
  });

  page.addEventListener("paste", (event) => {
    const form = event.target.closest("form[data-writes]");
    if (form?.elements.files && files(form, event.clipboardData.files, save)) event.preventDefault();
  });

  ordering(page, touch);

  page.addEventListener("dragover", (event) => {
    const form = formAt(event);
    if (!carriesFiles(event) || !form?.elements.files) return;
    event.preventDefault();
    form.querySelector("[data-pictures]")?.classList.add("dropping");
  });
  const unmark = () => {
    for (const place of page.querySelectorAll(".dropping")) place.classList.remove("dropping");
  };
  page.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget?.closest?.("form[data-writes]")) unmark();
  });
  page.addEventListener("drop", (event) => {
    const form = formAt(event);
    unmark();
    if (carriesFiles(event) && form?.elements.files && files(form, event.dataTransfer.files, save)) event.preventDefault();
  });
}

// A drag may be over text, which is no element.
const elementAt = ({ target }) => (target.closest ? target : target.parentElement);
const formAt = (event) => elementAt(event)?.closest("form[data-writes]");
const carriesFiles = (event) => event.dataTransfer.types.includes("Files");

// The picture that is dragged stands before the one under the pointer while the pointer is in that one's upper half, and after
// it in the lower: so what moves away beneath a resting pointer never calls it back.
function place(dragged, over, y) {
  const box = over.getBoundingClientRect();
  const isBefore = y < box.top + box.height / 2;
  if (isBefore && over.previousElementSibling !== dragged) over.before(dragged);
  else if (!isBefore && over.nextElementSibling !== dragged) over.after(dragged);
}

// Pictures are put in order by dragging. Let go of elsewhere, or with Escape, a picture is back where it was.
function ordering(page, touch) {
  let dragged = null;
  let before = null;
  let isPlaced = false;

  page.addEventListener("dragstart", (event) => {
    const picture = elementAt(event)?.closest("[data-pictures] .picture");
    if (!picture || event.target !== picture) return; // a selected text is dragged as text
    [dragged, before, isPlaced] = [picture, picture.nextElementSibling, false];
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", `picture ${picture.dataset.picture}`); // nothing is dragged without any
    dragged.classList.add("dragged");
  });
  page.addEventListener("dragover", (event) => {
    if (!dragged) return;
    const over = elementAt(event)?.closest(".picture");
    if (over !== dragged && over?.parentElement === dragged.parentElement) place(dragged, over, event.clientY);
    event.preventDefault();
    event.dataTransfer.dropEffect = formAt(event) === dragged.closest("form") ? "move" : "none"; // no text field takes it
  });
  page.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    isPlaced = formAt(event) === dragged.closest("form");
  });
  page.addEventListener("dragend", () => {
    if (!dragged) return;
    const [picture, form] = [dragged, dragged.closest("form")];
    dragged = null;
    picture.classList.remove("dragged");
    if (!form) return; // the part was taken out meanwhile
    if (!isPlaced) form.querySelector("[data-pictures] ul").insertBefore(picture, before);
    else if (picture.nextElementSibling !== before) {
      touch(form);
      window.htmx.trigger(form, "look");
    }
  });
}
