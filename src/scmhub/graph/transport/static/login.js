// The login page: a password, or the way to the firm's identity provider; then on to where one came from.
import { fail, field, known, post, quiet } from "./door.js";

const form = document.getElementById("form");
const next = safeNext(new URLSearchParams(location.search).get("next"));
document.getElementById("continue").href = next;

/** Only a path of this hub: another site's address would make this page its helper. */
function safeNext(text) {
  if (!text || !text.startsWith("/")) return "/explore";
  const url = new URL(text, location.origin);
  return url.origin === location.origin && !/^\/[\\/]/.test(text) ? url.pathname + url.search + url.hash : "/explore";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  quiet();
  const { status, body } = await post("/session", { firm: field("firm"), account: field("account"), password: field("password") });
  if (status !== 200) return fail(body.message);
  known(true);
  location.assign(next);
});

document.getElementById("provider").addEventListener("click", () => {
  const firm = field("firm").trim();
  if (!firm) return fail("Enter the code of your firm first.");
  location.assign(`/login/start?${new URLSearchParams({ firm, next })}`);
});

document.getElementById("logout").addEventListener("click", async () => {
  await post("/session/end", {});
  known(false);
  location.reload();
});

if (location.hash === "#known") known(true);
if (known()) {
  const { status, body } = await post("/graphql", { query: "{ me { name } }" });
  if (status === 200 && body.data?.me) {
    document.getElementById("name").textContent = body.data.me.name;
    document.getElementById("known").hidden = false;
    if (location.hash === "#known") location.replace(next);
  } else known(false);
}
