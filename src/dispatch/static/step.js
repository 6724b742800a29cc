/* Finds the proof that the form asks for, a number whose hash begins with enough zero bits, and sends the form on.
   Where scripts or hashing are missing, the style sheet shows the button after a few seconds instead. */
const form = document.querySelector("form[data-challenge]");
const AT_ONCE = 256;

async function hash(text) {
  return new DataView(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

async function prove(challenge, bits) {
  for (let first = 0; ; first += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, place) => first + place);
    const hashes = await Promise.all(numbers.map((number) => hash(`${challenge}:${number}`)));
    const found = hashes.findIndex((digest) => digest.getUint32(0) >>> (32 - bits) === 0);
    if (found >= 0) return first + found;
  }
}

if (form && globalThis.crypto?.subtle) {
  form.elements.proof.value = await prove(form.dataset.challenge, Number(form.dataset.bits));
  form.classList.add("proven");
  if ("goesOn" in form.dataset) form.requestSubmit();
}
