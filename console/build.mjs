// Bundles the explorer into the Python package. The output is committed, so that installing scmhub needs no Node.
import { build } from "esbuild";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";

const target = new URL("../src/scmhub/graph/transport/static/", import.meta.url);
await mkdir(target, { recursive: true });
const { metafile } = await build({
  entryPoints: ["src/explore.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  charset: "ascii",
  outfile: new URL("explore.js", target).pathname,
});
for (const name of ["explore.html", "landing.html", "login.html", "invitation.html", "console.css", "door.js", "login.js", "invitation.js"]) {
  await copyFile(new URL(`src/${name}`, import.meta.url), new URL(name, target));
}

// Every bundled package's licence travels with the bundle.
const packages = new Set();
for (const path of Object.keys(metafile.inputs)) {
  const name = path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
  if (name) packages.add(name);
}
const notices = [];
for (const name of [...packages].sort()) {
  const folder = new URL(`node_modules/${name}/`, import.meta.url);
  const { version, license } = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
  const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
  notices.push(`${name} ${version} (${license})\n\n${file ? (await readFile(new URL(file, folder), "utf8")).trim() : ""}\n`);
}
await writeFile(new URL("explore.licences.txt", target), notices.join("\n----\n\n"));
