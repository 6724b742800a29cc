// Who else has the composer open, and what they wrote: asked every few seconds, and shown where nobody is writing.

const HEARTBEAT = 10_000;

export function accompany(page, { post, formsIn, workOf, lock, renew }) {
  async function beat() {
    let answer;
    try {
      answer = await post(page.dataset.here, new FormData());
    } catch {
      return;
    }
    if (answer.status !== 200) return;
    const others = document.getElementById("others");
    others.hidden = !answer.others.length;
    const words = `Also open at ${answer.others.join(", ")}. Whoever saves second sees both texts.`;
    if (answer.others.length && others.textContent !== words) others.textContent = words;
    for (const thread of page.querySelectorAll(".thread")) await compare(thread, answer.posts);
  }

  const isBusy = (thread) =>
    (thread.contains(document.activeElement) && document.activeElement.matches("textarea, input")) ||
    thread.querySelector("details.act[open], [data-unsaved], .dragged") !== null ||
    formsIn(thread).some((form) => workOf(form).dirty || workOf(form).saving);

  // Who is not writing sees what others wrote; who is, is told when they save.
  async function compare(thread, posts) {
    const now = Object.entries(posts).filter(([, one]) => String(one.channel) === thread.dataset.channel);
    const parts = new Map([...thread.querySelectorAll(".part")].map((part) => [part.dataset.post, part]));
    for (const [number, one] of now) {
      const form = parts.get(number)?.querySelector("form[data-writes]");
      if (form && one.closed && !workOf(form).saving) lock(form, one.closed, workOf(form).dirty);
    }
    const isNew = ([number, one]) => {
      const part = parts.get(number);
      return part?.querySelector("[name=version]").value !== String(one.version) || part.dataset.why !== one.closed;
    };
    if (!now.length || isBusy(thread) || (now.length === parts.size && !now.some(isNew))) return;
    const answer = await fetch(`/posts/${now[0][0]}/thread`, { redirect: "manual" }).catch(() => null);
    if (answer?.ok && thread.isConnected && !isBusy(thread)) renew(thread, await answer.text());
  }

  beat();
  setInterval(() => !document.hidden && beat(), HEARTBEAT);
}
