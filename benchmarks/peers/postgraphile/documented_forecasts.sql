-- PostGraphile (i), operation (c): row level security on forecasts, their weeks and stock; views for masked amounts.
grant select on time_series, series_point, inventory_position to peer_reader
--;
create view peer_rls.live_other with (security_invoker = true) as
select kind, owner, item, site, tokens, (now() at time zone 'UTC')::date - days_back as earliest,
       (now() at time zone 'UTC')::date + days_ahead as latest
from scope
where grantee = (select peer_rls.viewer()) and valid_from <= now() and (valid_until is null or valid_until > now())
--;
create policy peer_point on series_point for select to peer_reader using (
  publisher_id = (select peer_rls.viewer()) or counterparty_id = (select peer_rls.viewer())
  or exists (
    select from peer_rls.live_other s
    where s.kind = 'FORECAST' and s.owner = series_point.publisher_id
      and (s.item is null or s.item = series_point.item_id) and (s.site is null or s.site = series_point.site_id)
      and (s.earliest is null or series_point.starts_on >= s.earliest)
      and (s.latest is null or series_point.starts_on <= s.latest)))
--;
create policy peer_series on time_series for select to peer_reader using (
  publisher_id = (select peer_rls.viewer()) or counterparty_id = (select peer_rls.viewer())
  or (publisher_id in (select owner from peer_rls.live_other where kind = 'FORECAST')
      and exists (select from series_point p where p.series_id = time_series.id)))
--;
create policy peer_position on inventory_position for select to peer_reader using (
  owner_id = (select peer_rls.viewer()) or holder_id = (select peer_rls.viewer())
  or exists (
    select from peer_rls.live_other s
    where s.kind = 'INVENTORY' and s.owner = inventory_position.owner_id
      and (s.item is null or s.item = inventory_position.item_id)
      and (s.site is null or s.site = inventory_position.site_id)
      and (s.earliest is null or inventory_position.as_of_on >= s.earliest)
      and (s.latest is null or inventory_position.as_of_on <= s.latest)))
--;
create policy peer_site on site for select to peer_reader using (true)
--;
create view peer_rls.sites with (security_invoker = true) as select id, code, name from site
--;
create view peer_rls.forecasts with (security_invoker = true) as
select id, publisher_id, bucket, unit, item_id from time_series where measure = 'DEMAND'
--;
create view peer_rls.forecast_points with (security_invoker = true) as
select series_id, starts_on,
       case when (select peer_rls.viewer()) in (p.publisher_id, p.counterparty_id) or exists (
         select from peer_rls.live_other s
         where s.kind = 'FORECAST' and 'quantity' = any(s.tokens) and s.owner = p.publisher_id
           and (s.item is null or s.item = p.item_id) and (s.site is null or s.site = p.site_id)
           and (s.earliest is null or p.starts_on >= s.earliest) and (s.latest is null or p.starts_on <= s.latest))
         then quantity end as quantity
from series_point p
where known_until is null and starts_on >= date_trunc('week', (now() at time zone 'UTC')::date)::date
--;
create view peer_rls.stock with (security_invoker = true) as
select id, item_id, as_of, unit as available_unit, site_id,
       case when (select peer_rls.viewer()) in (i.owner_id, i.holder_id) or exists (
         select from peer_rls.live_other s
         where s.kind = 'INVENTORY' and 'stock' = any(s.tokens) and s.owner = i.owner_id
           and (s.item is null or s.item = i.item_id) and (s.site is null or s.site = i.site_id)
           and (s.earliest is null or i.as_of_on >= s.earliest) and (s.latest is null or i.as_of_on <= s.latest))
         then available end as available
from inventory_position i
--;
comment on view peer_rls.sites is E'@primaryKey id\n@behavior -query:resource:connection -query:resource:list'
--;
comment on view peer_rls.forecasts is E'@primaryKey id\n@unique item_id|@behavior -query:resource:single\n@foreignKey (item_id) references peer_rls.items (id)|@fieldName item'
--;
comment on view peer_rls.forecast_points is E'@primaryKey series_id,starts_on\n@foreignKey (series_id) references peer_rls.forecasts (id)|@foreignFieldName points'
--;
comment on view peer_rls.stock is E'@primaryKey id\n@foreignKey (item_id) references peer_rls.forecasts (item_id)|@foreignFieldName stock\n@foreignKey (site_id) references peer_rls.sites (id)|@fieldName site'
--;
grant select on all tables in schema peer_rls to peer_reader
