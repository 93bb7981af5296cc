// Operation (c): forecasts of one publisher, their weeks, the newest visible stock of each item and its site.
import { itemsByIds } from "./statements.mjs";

const today = "(now() at time zone 'UTC')::date";
const live = (kind) => `
  s.grantee = $1 and s.kind = '${kind}' and s.valid_from <= now() and (s.valid_until is null or s.valid_until > now())`;
const covers = (row, owner, day) => `
  s.owner = ${row}.${owner} and (s.item is null or s.item = ${row}.item_id) and (s.site is null or s.site = ${row}.site_id)
  and (s.days_back is null or ${row}.${day} >= ${today} - s.days_back)
  and (s.days_ahead is null or ${row}.${day} <= ${today} + s.days_ahead)`;

const forecastsOf = {
  name: "forecasts_of",
  text: `
  select f.id, f.bucket, f.unit, f.item_id from time_series f
  where f.publisher_id = $2 and f.measure = 'DEMAND' and ($1 in (f.publisher_id, f.counterparty_id) or exists (
    select from scope s join series_point p on ${covers("p", "publisher_id", "starts_on")}
    where ${live("FORECAST")} and s.owner = f.publisher_id and p.series_id = f.id))
  order by f.id desc limit $3`,
};
const pointsOf = {
  name: "points_of",
  text: `
  select p.* from unnest($2::uuid[]) asked(id) cross join lateral (
    select p.series_id, p.starts_on, case when v.party or c.shown then p.quantity end as quantity from series_point p
    cross join lateral (select coalesce($1 in (p.publisher_id, p.counterparty_id), false) as party) v
    left join lateral (
      select bool_or('quantity' = any(s.tokens)) as shown from scope s
      where ${live("FORECAST")} and ${covers("p", "publisher_id", "starts_on")} having count(*) > 0) c on not v.party
    where p.series_id = asked.id and p.known_until is null and p.starts_on >= $3 and (v.party or c.shown is not null)
    order by p.starts_on limit $4) p`,
};
const stockOf = {
  name: "stock_of",
  text: `
  select i.* from unnest($2::uuid[]) asked(id) cross join lateral (
    select i.item_id, i.as_of, i.site_id, i.unit, case when v.party or c.shown then i.available end as available
    from inventory_position i
    cross join lateral (select $1 in (i.owner_id, i.holder_id) as party) v
    left join lateral (
      select bool_or('stock' = any(s.tokens)) as shown from scope s
      where ${live("INVENTORY")} and ${covers("i", "owner_id", "as_of_on")} having count(*) > 0) c on not v.party
    where i.item_id = asked.id and (v.party or c.shown is not null)
    order by i.as_of desc, i.id desc limit 1) i`,
};
const sitesByIds = { name: "sites_by_ids", text: "select id, code, name from site where id = any($1::uuid[])" };

export const types = `
  type Site { id: ID! code: String! name: String! }
  type Stock { asOf: String! available: Quantity site: Site }
  type Point { startsOn: String! quantity: String }
  type Points { nodes: [Point!]! }
  type ForecastItem { id: ID! number: String! description: String! unit: String! latestInventory: Stock }
  type Forecast { id: ID! bucket: String! unit: String! item: ForecastItem points(first: Int = 52, start: Date): Points! }
  type Forecasts { nodes: [Forecast!]! }
  input IdComparators { eq: ID }
  input ForecastWhere { publisher: IdComparators }
  scalar Date
  extend type Query { forecasts(first: Int = 50, where: ForecastWhere!): Forecasts! }
`;

export const query = (rows, limited) => ({
  forecasts: async (_, { first, where }, { viewer }) => {
    const found = await rows(forecastsOf, [viewer, where.publisher.eq, limited(first)]);
    return { nodes: found.map((row) => ({ id: row.id, bucket: row.bucket, unit: row.unit, itemId: row.item_id })) };
  },
});

const distinct = (queries, column) => [...new Set(queries.map(({ obj }) => obj[column]))];
const byId = (rows, statement, column) => async (queries) => {
  const found = new Map((await rows(statement, [distinct(queries, column)])).map((row) => [row.id, row]));
  return queries.map(({ obj }) => found.get(obj[column]) ?? null);
};

export const loaders = (rows, limited, uncached) => ({
  Forecast: {
    item: uncached(byId(rows, itemsByIds, "itemId")),
    points: uncached(async (queries, { viewer }) => {
      const answers = new Map(queries.map(({ obj }) => [obj.id, { nodes: [] }]));
      const { start, first } = queries[0].params;
      for (const row of await rows(pointsOf, [viewer, [...answers.keys()], start, limited(first)])) {
        answers.get(row.series_id).nodes.push({ startsOn: row.starts_on, quantity: row.quantity });
      }
      return queries.map(({ obj }) => answers.get(obj.id));
    }),
  },
  ForecastItem: {
    latestInventory: uncached(async (queries, { viewer }) => {
      const found = new Map((await rows(stockOf, [viewer, distinct(queries, "id")])).map((row) => [row.item_id, row]));
      return queries.map(({ obj }) => {
        const row = found.get(obj.id);
        const available = row?.available == null ? null : { value: row.available, unit: row.unit };
        return row ? { asOf: row.as_of, available, siteId: row.site_id } : null;
      });
    }),
  },
  Stock: { site: uncached(byId(rows, sitesByIds, "siteId")) },
});
