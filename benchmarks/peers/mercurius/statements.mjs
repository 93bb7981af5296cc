// The policy in hand-written SQL. $1 is always the viewer. Named statements: each connection prepares them once.

const covers = (line, scope) => `
  ${scope}.owner = ${line}.buyer_id and (${scope}.item is null or ${scope}.item = ${line}.item_id)
  and (${scope}.site is null or ${scope}.site = ${line}.ship_to_id)
  and (${scope}.days_back is null or ${line}.requested_on >= (now() at time zone 'UTC')::date - ${scope}.days_back)
  and (${scope}.days_ahead is null or ${line}.requested_on <= (now() at time zone 'UTC')::date + ${scope}.days_ahead)`;

const live = (scope) => `
  ${scope}.grantee = $1 and ${scope}.kind = 'ORDER' and ${scope}.valid_from <= now()
  and (${scope}.valid_until is null or ${scope}.valid_until > now())`;

// An order's row as the viewer may read it; scopes are looked up only where the viewer is not buyer or seller.
const orderColumns = `
  o.id, case when v.party or u.whole then o.status end as status, o.placed_at, o.buyer_id, o.currency,
  case when v.party or 'numbers' = any(t.tokens) then o.buyer_number end as buyer_number,
  case when v.party or 'parties' = any(t.tokens) then o.seller_id end as seller_id,
  case when v.trader or u.total then o.total_amount end as total_amount`;

const orderPolicy = `
  cross join lateral (select $1 in (o.buyer_id, o.seller_id) as trader,
    $1 in (o.buyer_id, o.seller_id) or coalesce($1 = o.consignee_id, false) as party) v
  left join lateral (
    select array_agg(distinct token) as tokens
    from order_line l join scope s on ${covers("l", "s")} and ${live("s")} cross join unnest(s.tokens) token
    where l.order_id = o.id and l.buyer_id = o.buyer_id
    having count(*) > 0) t on not v.trader
  left join lateral (
    select bool_or(true) as whole, bool_or('price' = any(s.tokens)) as total from scope s
    where s.owner = o.buyer_id and s.item is null and s.site is null and s.days_back is null and s.days_ahead is null
      and ${live("s")}) u on not v.trader`;

export const orderById = {
  name: "order_by_id",
  text: `select ${orderColumns} from purchase_order o ${orderPolicy}
    where o.id = $2 and (v.party or t.tokens is not null)`,
};

const partyBranch = (column) => `
  (select id from purchase_order where ${column} = $1 and id < $2 order by id desc limit $3)`;

// Newest first: three party branches; then, above the smallest key of a full page, a top-k per scope.
export const orderPage = {
  name: "order_page",
  text: `
  with party as materialized (
    select id from (${["buyer_id", "seller_id", "consignee_id"].map(partyBranch).join(" union ")}) p
    order by id desc limit $3),
  cut as materialized (
    select coalesce((select id from party order by id desc offset $3 - 1 limit 1), '00000000-0000-0000-0000-000000000000') id),
  s as materialized (select * from scope s where ${live("s")}),
  granted as (
    select k.order_id as id from s cross join lateral (
      select l.order_id from order_line l
      where l.buyer_id = s.owner and l.item_id = s.item and l.order_id < $2 and l.order_id > (select id from cut)
        and ${covers("l", "s")}
      order by l.order_id desc limit $3) k where s.item is not null
    union all
    select k.order_id from s cross join lateral (
      select distinct l.order_id from order_line l
      where l.buyer_id = s.owner and l.order_id < $2 and l.order_id > (select id from cut) and ${covers("l", "s")}
      order by l.order_id desc limit $3) k where s.item is null),
  page as materialized (
    select id from (select id from party union select id from granted) a order by id desc limit $3)
  select ${orderColumns} from page join purchase_order o on o.id = page.id ${orderPolicy} order by o.id desc`,
};

export const linesOfOrders = {
  name: "lines_of_orders",
  text: `
  select l.* from unnest($2::uuid[]) asked(id) cross join lateral (
    select l.order_id, l.line_no, l.quantity, l.unit, l.currency, l.requested_on, l.status, l.item_id,
           case when v.trader or c.price then l.unit_price end as unit_price
    from order_line l
    cross join lateral (select $1 in (l.buyer_id, l.seller_id) as trader) v
    left join lateral (
      select bool_or('price' = any(s.tokens)) as price from scope s
      where ${live("s")} and ${covers("l", "s")} having count(*) > 0) c on not v.trader
    where l.order_id = asked.id and (v.trader or l.consignee_id = $1 or c.price is not null)
    order by l.line_no limit $3) l`,
};

export const partnersByIds = {
  name: "partners_by_ids",
  text: "select id, code, name, country from partner where id = any($1::uuid[])",
};

export const itemsByIds = {
  name: "items_by_ids",
  text: "select id, number, description, unit from item where id = any($1::uuid[])",
};
