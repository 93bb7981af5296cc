// PostGraphile (i), as documented: every request runs in a transaction with a role and a setting; PostgreSQL decides.
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

export const preset = (url) => ({
  extends: [PostGraphileAmberPreset],
  disablePlugins: ["NodePlugin"],
  pgServices: [makePgService({ connectionString: url, schemas: ["peer_rls"], pubsub: false, poolConfig: { max: 8 } })],
  grafast: {
    explain: false,
    context: ({ node }) => ({
      pgSettings: { role: "peer_reader", "peer.viewer": node.req.headers["x-viewer"] ?? "" },
    }),
  },
  grafserv: { graphiql: false, watch: false, maxRequestLength: 100_000 },
});
