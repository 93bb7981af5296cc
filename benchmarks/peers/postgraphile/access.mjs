// PostGraphile (ii): no role, no pgSettings, hence no transaction; the viewer is a column of the views, fixed at the root.
import { context } from "postgraphile/grafast";
import { TYPES } from "postgraphile/@dataplan/pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { wrapPlans } from "postgraphile/utils";

// Adds "viewer = the caller" to a root's select; lines follow through their two-column key (viewer, order_id).
const onlyViewer = (sql, $select) => {
  const $viewer = $select.placeholder(context().get("viewer"), TYPES.uuid);
  $select.where(sql`${$select.alias}.viewer = ${$viewer}`);
};

const ViewerPlugin = wrapPlans(({ sql }) => ({
  Query: {
    allOrders(plan) {
      const $connection = plan();
      onlyViewer(sql, $connection.getSubplan());
      return $connection;
    },
    orderByRowId(plan) {
      const $order = plan();
      onlyViewer(sql, $order.getClassStep());
      return $order;
    },
    allForecasts(plan) {
      const $connection = plan();
      onlyViewer(sql, $connection.getSubplan());
      return $connection;
    },
  },
}));

export const preset = (url) => ({
  extends: [PostGraphileAmberPreset],
  plugins: [ViewerPlugin],
  disablePlugins: ["NodePlugin"],
  pgServices: [
    makePgService({ connectionString: url, schemas: ["peer_access"], pubsub: false, poolConfig: { max: 8 } }),
  ],
  grafast: {
    explain: false,
    context: ({ node }) => ({ viewer: node.req.headers["x-viewer"] }),
  },
  grafserv: { graphiql: false, watch: false, maxRequestLength: 100_000 },
});
