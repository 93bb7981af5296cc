// Runs PostGraphile on a loopback port: node server.mjs documented|access PORT DATABASE_URL
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { grafserv } from "postgraphile/grafserv/node";

const [setup, port, url] = process.argv.slice(2);
const { preset } = await import(`./${setup}.mjs`);
const server = createServer();
server.keepAliveTimeout = 600_000;
const served = postgraphile(preset(url)).createServ(grafserv);
await served.addTo(server);
await served.ready();
server.listen(Number(port), "127.0.0.1");
