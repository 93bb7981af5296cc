// What the login and the invitation page have in common. The session itself is a cookie that no script can read.
const FLAG = "scmhub.session";

/** Whether somebody logged in with this browser: a hint that saves a question, not a proof. */
export function known(now) {
  if (now === true) localStorage.setItem(FLAG, "1");
  if (now === false) localStorage.removeItem(FLAG);
  return localStorage.getItem(FLAG) === "1";
}

export async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Scmhub": "1" },
    body: JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
  });
  return { status: response.status, body: await response.json() };
}

export const field = (name) => document.getElementById(name).value;

export function fail(text) {
  const message = document.getElementById("message");
  message.textContent = text;
  message.hidden = false;
}

export function quiet() {
  document.getElementById("message").hidden = true;
}
