-- PostGraphile (i), as its documentation teaches: a role per request, row level security on the tables, settings that
-- name the caller, and security_invoker views for what a row level cannot do (masked columns). The policies are for
-- peer_reader alone, so the hub's own roles see what they saw before.
do $$ begin
  if not exists (select from pg_roles where rolname = 'peer_reader') then create role peer_reader nologin; end if;
end $$
--;
create schema peer_rls
--;
grant usage on schema public, peer_rls to peer_reader
--;
grant select on partner, site, item, purchase_order, order_line, scope to peer_reader
--;
create function peer_rls.viewer() returns uuid stable parallel safe language sql as
$$ select nullif(current_setting('peer.viewer', true), '')::uuid $$
--;
create policy peer_card on item for select to peer_reader using (true)
--;
create policy peer_own on scope for select to peer_reader using (grantee = (select peer_rls.viewer()))
--;
create view peer_rls.live_scope with (security_invoker = true) as
select owner, item, site, tokens, (now() at time zone 'UTC')::date - days_back as earliest,
       (now() at time zone 'UTC')::date + days_ahead as latest
from scope
where grantee = (select peer_rls.viewer()) and kind = 'ORDER' and valid_from <= now()
  and (valid_until is null or valid_until > now())
--;
create policy peer_line on order_line for select to peer_reader using (
  buyer_id = (select peer_rls.viewer()) or seller_id = (select peer_rls.viewer())
  or consignee_id = (select peer_rls.viewer())
  or exists (
    select from peer_rls.live_scope s
    where s.owner = order_line.buyer_id and (s.item is null or s.item = order_line.item_id)
      and (s.site is null or s.site = order_line.ship_to_id)
      and (s.earliest is null or order_line.requested_on >= s.earliest)
      and (s.latest is null or order_line.requested_on <= s.latest)))
--;
create policy peer_order on purchase_order for select to peer_reader using (
  buyer_id = (select peer_rls.viewer()) or seller_id = (select peer_rls.viewer())
  or consignee_id = (select peer_rls.viewer())
  or (buyer_id in (select owner from peer_rls.live_scope)  -- hashed once: most orders stop here
      and exists (select from order_line l where l.order_id = purchase_order.id)))
--;
create view peer_rls.partners with (security_invoker = true) as select id, code, name, country from partner
--;
create view peer_rls.items with (security_invoker = true) as select id, number, description, unit from item
--;
create view peer_rls.order_lines with (security_invoker = true) as
select order_id, line_no, quantity, unit,
       case when (select peer_rls.viewer()) in (l.buyer_id, l.seller_id) or exists (
         select from peer_rls.live_scope s
         where s.owner = l.buyer_id and 'price' = any(s.tokens) and (s.item is null or s.item = l.item_id)
           and (s.site is null or s.site = l.ship_to_id) and (s.earliest is null or l.requested_on >= s.earliest)
           and (s.latest is null or l.requested_on <= s.latest)) then unit_price end as unit_price,
       currency, requested_on, status, item_id
from order_line l
--;
-- What the covering scopes of an order open, asked only where the viewer is not buyer or seller.
create view peer_rls.orders with (security_invoker = true) as
select o.id, case when p.party or u.whole then o.status end as status, o.placed_at, o.buyer_id, o.currency,
       case when p.party or 'numbers' = any(t.tokens) then o.buyer_number end as buyer_number,
       case when p.party or 'parties' = any(t.tokens) then o.seller_id end as seller_id,
       case when p.trader or u.total then o.total_amount end as total_amount
from purchase_order o
cross join lateral (select (select peer_rls.viewer()) in (o.buyer_id, o.seller_id) as trader,
                           coalesce((select peer_rls.viewer()) in (o.buyer_id, o.seller_id, o.consignee_id), false)
                             as party) p
left join lateral (
  select array_agg(distinct token) as tokens
  from order_line l join peer_rls.live_scope s
    on s.owner = l.buyer_id and (s.item is null or s.item = l.item_id) and (s.site is null or s.site = l.ship_to_id)
   and (s.earliest is null or l.requested_on >= s.earliest) and (s.latest is null or l.requested_on <= s.latest)
  cross join unnest(s.tokens) token
  where l.order_id = o.id and l.buyer_id = o.buyer_id) t on not p.trader
left join lateral (  -- what sums up the lines takes a rule without limits
  select bool_or(true) as whole, bool_or('price' = any(s.tokens)) as total
  from peer_rls.live_scope s
  where s.owner = o.buyer_id and s.item is null and s.site is null and s.earliest is null and s.latest is null) u
  on not p.trader
--;
comment on view peer_rls.partners is E'@primaryKey id\n@behavior -query:resource:connection -query:resource:list'
--;
comment on view peer_rls.items is E'@primaryKey id\n@behavior -query:resource:connection -query:resource:list'
--;
comment on view peer_rls.orders is E'@primaryKey id\n@foreignKey (buyer_id) references peer_rls.partners (id)|@fieldName buyer\n@foreignKey (seller_id) references peer_rls.partners (id)|@fieldName seller'
--;
comment on view peer_rls.order_lines is E'@primaryKey order_id,line_no\n@foreignKey (order_id) references peer_rls.orders (id)|@foreignFieldName lines\n@foreignKey (item_id) references peer_rls.items (id)|@fieldName item'
--;
grant select on all tables in schema peer_rls to peer_reader
