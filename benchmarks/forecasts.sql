-- Seeds what operation (c) reads, after data.sql and in its session: a forecast per item of 104 weeks around today (1.04 M
-- points), twenty statements of stock per item (200 k), and 6,000 pairs of rules, one for forecasts and one for stock, of
-- the shapes of data.sql.
create temp table f as
select i.n, i.owner_id, i.id as item_id, i.unit, i.owner_no, pg_temp.id7(born.at + i.n * interval '1 minute', 'series', i.n) as id,
       case when i.k % 4 <> 3 then c.id end as counterparty_id, s.id as site_id
from i join p c on c.n = (i.owner_no + 1 + i.k * 23) % 500 join s on s.partner_no = i.owner_no and s.k = i.k % 2, born
--;
insert into time_series (id, measure, publisher_id, counterparty_id, item_id, site_id, bucket, unit, basis, version_no,
                         published_at, created_at)
select id, 'DEMAND', owner_id, counterparty_id, item_id, site_id, 'WEEK', unit, '0001', 1, born.at, born.at from f, born
order by n
--;
insert into series_point (id, series_id, measure, publisher_id, counterparty_id, item_id, site_id, starts_on, quantity,
                          known_from, version_no_from)
select pg_temp.id7(born.at + f.n * interval '1 minute', 'point', f.n * 1000 + week), f.id, 'DEMAND', f.owner_id,
       f.counterparty_id, f.item_id, f.site_id, date_trunc('week', date ':today')::date + 7 * (week - 52),
       pg_temp.pick(f.n * 1000 + week, 60, 400000) / 8.0, born.at, 1
from f cross join generate_series(0, 103) week, born order by f.n, week
--;
insert into inventory_position (id, owner_id, holder_id, site_id, item_id, unit, stated_by, as_of, as_of_on, available,
                                version, created_at)
select pg_temp.id7(d.at, 'position', i.n * 100 + j), i.owner_id, h.id, s.id, i.id, i.unit, i.owner_id, d.at,
       (d.at at time zone 'UTC')::date, pg_temp.pick(i.n * 100 + j, 61, 90000) / 4.0, 1, d.at
from i cross join generate_series(0, 19) j
join p h on h.n = (i.owner_no + j * 24) % 500 join s on s.partner_no = h.n and s.k = j % 2
cross join lateral (select timestamptz ':today 00:00:00+00' - pg_temp.pick(i.n * 100 + j, 62, 60 * 24 * 60)
                           * interval '1 minute' as at) d
order by i.n, j
--;
create temp table fr as
select r.n, kind, own.id as owner_id, g.id as grantee_id, case when shape < 0.3 then item.id end as item_id,
       case when shape >= 0.2 and shape < 0.5 then site.id end as site_id,
       case when pg_temp.u(r.n, 70) < 0.9 then case kind when 'FORECAST' then array['quantity'] else array['stock'] end
            else array['parties'] end as tokens,
       case when windowed < 0.4 then (array[7, 30, 90])[1 + pg_temp.pick(r.n, 71, 3)] end as days_back,
       case when windowed < 0.3 then (array[28, 91, 182])[1 + pg_temp.pick(r.n, 72, 3)] end as days_ahead,
       case when life > 0.95 then timestamptz ':today 00:00:00+00' + interval '400 days' else born.at end as valid_from,
       case when life < 0.05 then timestamptz ':today 00:00:00+00' - interval '1 day' end as valid_until
from (select n, pg_temp.pick(n, 73, 500) as owner_no, 1 + pg_temp.pick(n, 74, 499) as step, pg_temp.u(n, 75) as shape,
             pg_temp.u(n, 76) as windowed, pg_temp.u(n, 77) as life, pg_temp.pick(n, 78, 20) as item_k,
             pg_temp.pick(n, 79, 2) as site_k
      from generate_series(1, 6000) n) r
join p own on own.n = r.owner_no join p g on g.n = (r.owner_no + r.step) % 500
join i item on item.owner_no = r.owner_no and item.k = r.item_k
join s site on site.partner_no = r.owner_no and site.k = r.site_k
cross join (values ('FORECAST'), ('INVENTORY')) kinds (kind), born
--;
insert into sharing_rule (id, owner_id, grantee_id, kind, items, sites, field_groups, days_back, days_ahead, valid_from,
                          valid_until, state, version, created_at)
select pg_temp.id7(born.at, 'rule' || kind, n), owner_id, grantee_id, kind,
       case when item_id is not null then array[item_id] end, case when site_id is not null then array[site_id] end,
       tokens, days_back, days_ahead, valid_from, valid_until, 'ACTIVE', 1, born.at
from fr, born
--;
insert into scope (id, rule_id, granter, grantee, kind, owner, item, site, tokens, days_back, days_ahead, valid_from,
                   valid_until)
select pg_temp.id7(born.at, 'scope' || kind, n), pg_temp.id7(born.at, 'rule' || kind, n), owner_id, grantee_id, kind,
       owner_id, item_id, site_id, tokens, days_back, days_ahead, valid_from, valid_until
from fr, born
