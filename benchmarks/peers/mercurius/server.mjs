// Mercurius on Fastify with graphql-jit and batch loaders: node server.mjs PORT DATABASE_URL
import fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";
import * as forecasts from "./forecasts.mjs";
import { itemsByIds, linesOfOrders, orderById, orderPage, partnersByIds } from "./statements.mjs";

const [port, url] = process.argv.slice(2);
const LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";
const MOST = 250;

// Dates, instants and amounts stay text: exact, and nothing is parsed only to be printed again.
for (const type of [pg.types.builtins.DATE, pg.types.builtins.NUMERIC]) pg.types.setTypeParser(type, (text) => text);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => `${text.replace(" ", "T")}:00`);
const pool = new pg.Pool({ connectionString: url, max: 8, options: "-c timezone=UTC -c plan_cache_mode=force_generic_plan" });
const rows = async (statement, values) => (await pool.query({ ...statement, values })).rows;

const schema = `
  type Money { amount: String! currencyCode: String! }
  type Quantity { value: String! unit: String! }
  type Partner { id: ID! code: String! name: String! country: String }
  type Item { id: ID! number: String! description: String! unit: String! }
  type OrderLine {
    lineNo: Int! quantity: Quantity! unitPrice: Money requestedOn: String! status: String! item: Item
  }
  type OrderLines { nodes: [OrderLine!]! }
  type Order {
    id: ID! status: String placedAt: String! buyerNumber: String buyer: Partner seller: Partner total: Money
    lines(first: Int = 50): OrderLines!
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Orders { nodes: [Order!]! pageInfo: PageInfo! }
  input OrderBy { id: ID! }
  type Query { order(by: OrderBy!): Order orders(first: Int = 50, after: String): Orders! }
`;

const money = (amount, currencyCode) => (amount === null ? null : { amount, currencyCode });

const toOrder = (row) => ({
  id: row.id, status: row.status, placedAt: row.placed_at, buyerNumber: row.buyer_number, buyerId: row.buyer_id,
  sellerId: row.seller_id, total: money(row.total_amount, row.currency),
});

const toLine = (row) => ({
  lineNo: row.line_no, quantity: { value: row.quantity, unit: row.unit }, requestedOn: row.requested_on,
  unitPrice: money(row.unit_price, row.currency), status: row.status, itemId: row.item_id,
});

const limited = (first) => {
  if (!(first >= 0 && first <= MOST)) throw new mercurius.ErrorWithProps(`first must be between 0 and ${MOST}`);
  return first;
};

const resolvers = {
  Query: {
    ...forecasts.query(rows, limited),
    order: async (_, { by }, { viewer }) => {
      const [row] = await rows(orderById, [viewer, by.id]);
      return row ? toOrder(row) : null;
    },
    orders: async (_, { first, after }, { viewer }) => {
      const found = await rows(orderPage, [viewer, after ?? LAST, limited(first) + 1]);
      const nodes = found.slice(0, first).map(toOrder);
      return { nodes, pageInfo: { hasNextPage: found.length > first, endCursor: nodes.at(-1)?.id ?? null } };
    },
  },
};

// One statement per relation and request: ids are made distinct, results put back in the order they were asked.
const byId = (statement, column) => async (queries) => {
  const ids = [...new Set(queries.map(({ obj }) => obj[column]).filter(Boolean))];
  const found = new Map((await rows(statement, [ids])).map((row) => [row.id, row]));
  return queries.map(({ obj }) => found.get(obj[column]) ?? null);
};

const linesLoader = async (queries, { viewer }) => {
  const answers = new Map(queries.map(({ obj }) => [obj.id, { nodes: [] }]));
  const found = await rows(linesOfOrders, [viewer, [...answers.keys()], limited(queries[0].params.first)]);
  for (const row of found) answers.get(row.order_id).nodes.push(toLine(row));
  return queries.map(({ obj }) => answers.get(obj.id));
};

// Rows are fresh objects of this request, so the loaders' own result cache would only hash them: off.
const uncached = (loader) => ({ loader, opts: { cache: false } });
const loaders = {
  Order: {
    buyer: uncached(byId(partnersByIds, "buyerId")),
    seller: uncached(byId(partnersByIds, "sellerId")),
    lines: uncached(linesLoader),
  },
  ...forecasts.loaders(rows, limited, uncached),
  OrderLine: { item: uncached(byId(itemsByIds, "itemId")) },
};

const app = fastify({ logger: false, keepAliveTimeout: 600_000 });
app.register(mercurius, {
  schema: schema + forecasts.types, resolvers, loaders, jit: 1, graphiql: false,
  context: (request) => ({ viewer: request.headers["x-viewer"] }),
});
await app.listen({ port: Number(port), host: "127.0.0.1" });
