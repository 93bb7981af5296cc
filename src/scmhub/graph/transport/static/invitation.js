// The page of an invitation's link. The token stands behind #, so that it is in no log and no Referer header.
import { fail, field, known, post, quiet } from "./door.js";

const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const form = document.getElementById("form");

const { status, body } = await post("/invitation/look", { token: token || "none" });
if (status === 200) {
  document.getElementById("name").textContent = body.name;
  document.getElementById("invited-by").textContent = body.firm;
  document.getElementById("roles").textContent = body.roles.join(", ").toLowerCase();
  document.getElementById("account").value = body.account;
  form.hidden = false;
} else fail(body.message);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  quiet();
  const done = await post("/invitation/accept", { token, password: field("password") });
  if (done.status !== 200) return fail(done.body.message);
  known(true);
  location.assign(done.body.next);
});
