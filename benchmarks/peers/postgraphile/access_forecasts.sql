-- PostGraphile (ii), operation (c): which weeks of which forecasts and which statements of stock each viewer may read,
-- precomputed for the day; null spans mean every week. Views join it; the viewer stands in every key.
create table peer_store.series_access as
select viewer, series_id, case when bool_or(party) then null else range_agg(span) end as spans,
       case when bool_or(party) then null
            else coalesce(range_agg(span) filter (where shown), '{}'::datemultirange) end as quantity_spans
from (
  select publisher_id as viewer, id as series_id, true as party, null::daterange as span, true as shown from time_series
  union all
  select counterparty_id, id, true, null, true from time_series where counterparty_id is not null
  union all
  select s.grantee, f.id, false,
         daterange((now() at time zone 'UTC')::date - s.days_back, (now() at time zone 'UTC')::date + s.days_ahead, '[]'),
         'quantity' = any(s.tokens)
  from scope s join time_series f on f.publisher_id = s.owner and (s.item is null or s.item = f.item_id)
   and (s.site is null or s.site = f.site_id)
  where s.kind = 'FORECAST' and s.valid_from <= now() and (s.valid_until is null or s.valid_until > now())) a
group by 1, 2 order by 1, 2
--;
delete from peer_store.series_access a where spans is not null and not exists (
  select from series_point p where p.series_id = a.series_id and a.spans @> p.starts_on)
--;
alter table peer_store.series_access add primary key (viewer, series_id)
--;
create table peer_store.stock_access as
select viewer, item_id, as_of, id as position_id, bool_or(shown) as shown
from (
  select owner_id as viewer, item_id, as_of, id, true as shown from inventory_position
  union all
  select holder_id, item_id, as_of, id, true from inventory_position
  union all
  select s.grantee, i.item_id, i.as_of, i.id, 'stock' = any(s.tokens)
  from scope s join inventory_position i on i.owner_id = s.owner and (s.item is null or s.item = i.item_id)
   and (s.site is null or s.site = i.site_id)
   and (s.days_back is null or i.as_of_on >= (now() at time zone 'UTC')::date - s.days_back)
   and (s.days_ahead is null or i.as_of_on <= (now() at time zone 'UTC')::date + s.days_ahead)
  where s.kind = 'INVENTORY' and s.valid_from <= now() and (s.valid_until is null or s.valid_until > now())) a
group by 1, 2, 3, 4 order by 1, 2, 3
--;
create index on peer_store.stock_access (viewer, item_id, as_of desc, position_id desc)
--;
create view peer_access.sites as select id, code, name from site
--;
create view peer_access.forecasts as
select a.viewer, f.id, f.publisher_id, f.bucket, f.unit, f.item_id
from peer_store.series_access a join time_series f on f.id = a.series_id where f.measure = 'DEMAND'
--;
create view peer_access.forecast_points as
select a.viewer, a.series_id, p.starts_on,
       case when a.quantity_spans is null or a.quantity_spans @> p.starts_on then p.quantity end as quantity
from peer_store.series_access a join series_point p on p.series_id = a.series_id
where p.known_until is null and (a.spans is null or a.spans @> p.starts_on)
  and p.starts_on >= date_trunc('week', (now() at time zone 'UTC')::date)::date
--;
create view peer_access.stock as
select a.viewer, a.item_id, a.position_id as id, a.as_of, case when a.shown then i.available end as available,
       i.unit as available_unit, i.site_id
from peer_store.stock_access a join inventory_position i on i.id = a.position_id
--;
comment on view peer_access.sites is E'@primaryKey id\n@behavior -query:resource:connection -query:resource:list -query:resource:single'
--;
comment on view peer_access.forecasts is E'@primaryKey id\n@unique viewer,id|@behavior -query:resource:single\n@unique viewer,item_id|@behavior -query:resource:single\n@foreignKey (item_id) references peer_access.items (id)|@fieldName item'
--;
comment on view peer_access.forecast_points is E'@primaryKey viewer,series_id,starts_on\n@behavior -query:resource:connection -query:resource:list -query:resource:single\n@foreignKey (viewer,series_id) references peer_access.forecasts (viewer,id)|@foreignFieldName points'
--;
comment on view peer_access.stock is E'@primaryKey viewer,id\n@behavior -query:resource:connection -query:resource:list -query:resource:single\n@foreignKey (viewer,item_id) references peer_access.forecasts (viewer,item_id)|@foreignFieldName stock\n@foreignKey (site_id) references peer_access.sites (id)|@fieldName site'
--;
analyze peer_store.series_access
--;
analyze peer_store.stock_access
