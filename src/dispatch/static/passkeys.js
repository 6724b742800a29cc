// A passkey is asked for by the browser; its answer goes with the form.

const SAID = {
  NotAllowedError: "It was not used, or not in time. Try again.",
  InvalidStateError: "This passkey is set up already.",
};

async function ask(form) {
  const { publicKey } = JSON.parse(form.dataset.asked);
  const how = form.dataset.passkey;
  const options = how === "create"
    ? PublicKeyCredential.parseCreationOptionsFromJSON(publicKey)
    : PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  return (await navigator.credentials[how]({ publicKey: options })).toJSON();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation(); // acts.js would take a second try for the first one pressed twice
    const told = form.querySelector("[role=alert]");
    told.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await ask(form));
      form.submit();
    } catch (error) {
      told.textContent = SAID[error.name] ?? "This browser cannot use passkeys here. A code works everywhere.";
      told.hidden = false;
    }
  });
}
