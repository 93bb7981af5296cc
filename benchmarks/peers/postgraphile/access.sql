-- PostGraphile (ii): the viewer is a column. A precomputed table says which orders and lines each viewer may read and
-- what of them; views join it; a plugin adds "viewer = ..." at the root. No row level security, no transaction. The table
-- is right only for the day it was made and would have to be rewritten whenever a rule changes: a gift to the peer.
create schema peer_access
--;
create schema peer_store
--;
create table peer_store.covered as
select s.grantee as viewer, l.order_id, l.line_no, bool_or('price' = any(s.tokens)) as price,
       bool_or('numbers' = any(s.tokens)) as numbers, bool_or('parties' = any(s.tokens)) as parties,
       bool_or(s.item is null and s.site is null and s.days_back is null and s.days_ahead is null) as whole,
       bool_or(s.item is null and s.site is null and s.days_back is null and s.days_ahead is null
               and 'price' = any(s.tokens)) as total
from scope s join order_line l on l.buyer_id = s.owner
where s.kind = 'ORDER' and s.valid_from <= now() and (s.valid_until is null or s.valid_until > now())
  and (s.item is null or s.item = l.item_id) and (s.site is null or s.site = l.ship_to_id)
  and (s.days_back is null or l.requested_on >= (now() at time zone 'UTC')::date - s.days_back)
  and (s.days_ahead is null or l.requested_on <= (now() at time zone 'UTC')::date + s.days_ahead)
group by 1, 2, 3
--;
-- line_nos / price_lines: null means every line. whole: the status is shown; total: the total is.
create table peer_store.access (
  viewer uuid not null, order_id uuid not null, whole boolean not null, total boolean not null, numbers boolean not null,
  parties boolean not null, line_nos int[], price_lines int[]
)
--;
insert into peer_store.access
select buyer_id, id, true, true, true, true, null::int[], null::int[] from purchase_order
union all
select seller_id, id, true, true, true, true, null::int[], null::int[] from purchase_order
union all
select o.consignee_id, o.id, true, coalesce(bool_or(c.total), false), true, true, null,
       coalesce(array_agg(c.line_no) filter (where c.price), '{}')
from purchase_order o left join peer_store.covered c on c.viewer = o.consignee_id and c.order_id = o.id
where o.consignee_id is not null and o.consignee_id not in (o.buyer_id, o.seller_id) group by 1, 2
union all
select c.viewer, c.order_id, bool_or(c.whole), bool_or(c.total), bool_or(c.numbers), bool_or(c.parties), array_agg(c.line_no),
       coalesce(array_agg(c.line_no) filter (where c.price), '{}')
from peer_store.covered c join purchase_order o on o.id = c.order_id
where c.viewer not in (o.buyer_id, o.seller_id) and c.viewer is distinct from o.consignee_id group by 1, 2
order by 1, 2
--;
drop table peer_store.covered
--;
alter table peer_store.access add primary key (viewer, order_id)
--;
create view peer_access.partners as select id, code, name, country from partner
--;
create view peer_access.items as select id, number, description, unit from item
--;
create view peer_access.orders as
select a.viewer, a.order_id as id, case when a.whole then o.status end as status, o.placed_at, case when a.numbers then o.buyer_number end as buyer_number,
       o.buyer_id, case when a.parties then o.seller_id end as seller_id,
       case when a.total then o.total_amount end as total_amount, o.currency
from peer_store.access a join purchase_order o on o.id = a.order_id
--;
create view peer_access.order_lines as
select a.viewer, a.order_id, l.line_no, l.quantity, l.unit,
       case when a.price_lines is null or l.line_no = any(a.price_lines) then l.unit_price end as unit_price,
       l.currency, l.requested_on, l.status, l.item_id
from peer_store.access a join order_line l on l.order_id = a.order_id
where a.line_nos is null or l.line_no = any(a.line_nos)
--;
comment on view peer_access.partners is E'@primaryKey id\n@behavior -query:resource:connection -query:resource:list -query:resource:single'
--;
comment on view peer_access.items is E'@primaryKey id\n@behavior -query:resource:connection -query:resource:list -query:resource:single'
--;
comment on view peer_access.orders is E'@primaryKey id\n@unique viewer,id|@behavior -query:resource:single\n@foreignKey (buyer_id) references peer_access.partners (id)|@fieldName buyer\n@foreignKey (seller_id) references peer_access.partners (id)|@fieldName seller'
--;
comment on view peer_access.order_lines is E'@primaryKey viewer,order_id,line_no\n@behavior -query:resource:connection -query:resource:list -query:resource:single\n@foreignKey (viewer,order_id) references peer_access.orders (viewer,id)|@foreignFieldName lines\n@foreignKey (item_id) references peer_access.items (id)|@fieldName item'
--;
analyze peer_store.access
