-- Seeds one benchmark database, the same rows for the same (orders, today) every time. Run by seed.py, which replaces
-- :orders and :today and splits at lines of "--;". All randomness is a hash of the row's number.
--
-- 500 trading partners and QUIET, two sites and twenty items each; orders spread evenly over two years up to today;
-- 1-10 lines per order (5.5 on average) over nineteen of the buyer's twenty items; 30,000 rules, one scope each.

-- u(n, salt): a number in [0, 1).  pick(n, salt, k): a whole number in [0, k).
create function pg_temp.u(n bigint, salt bigint) returns float8 immutable language sql as
$$ select (hashint8extended(n, salt) & 2147483647) / 2147483648.0 $$
--;
create function pg_temp.pick(n bigint, salt bigint, k int) returns int immutable language sql as
$$ select floor(((hashint8extended(n, salt) & 2147483647) / 2147483648.0) * k)::int $$
--;
-- A UUIDv7: 48 bits of milliseconds, then bits of a hash, so that ids sort by birth as the hub's own do.
create function pg_temp.id7(at timestamptz, kind text, n bigint) returns uuid immutable language sql as
$$ select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(md5(kind || n), 1, 3)
           || '8' || substr(md5(kind || n), 4, 15))::uuid $$
--;
create temp table born as select timestamptz '2020-01-01 00:00:00+00' as at
--;
create temp table p as  -- partner numbers: 0..499 trade, 500 is QUIET
select n, pg_temp.id7(born.at + n * interval '1 second', 'partner', n) as id,
       case when n = 500 then 'QUIET' else 'P' || lpad(n::text, 3, '0') end as code
from generate_series(0, 500) n, born
--;
insert into partner (id, code, name, country, status, version, created_at)
select p.id, p.code,
       (array['Aciérie', 'Bolt', 'Cargo', 'Dübel', 'Elbe "Guß"', 'Fjord', 'Gießerei', 'Halden'])[1 + p.n % 8]
       || ' ' || (array['Works', 'Metall', 'Systems', 'Logistik', 'Castings'])[1 + pg_temp.pick(p.n, 1, 5)] || ' ' || p.n,
       case when p.n % 50 = 7 then null else (array['DE', 'FR', 'PL', 'US', 'JP'])[1 + pg_temp.pick(p.n, 2, 5)] end,
       'ACTIVE', 1, born.at
from p, born
--;
create temp table s as
select p.n as partner_no, k, p.id as partner_id,
       pg_temp.id7(born.at + (p.n * 2 + k) * interval '1 second', 'site', p.n * 2 + k) as id
from p, born, generate_series(0, 1) k
--;
insert into site (id, partner_id, code, name, kind, country, time_zone, version, created_at)
select s.id, s.partner_id, 'S' || s.k, 'Site ' || s.partner_no || '/' || s.k,
       (array['PLANT', 'WAREHOUSE'])[1 + s.k], 'DE', 'Europe/Berlin', 1, born.at
from s, born
--;
create temp table i as
select no.n, no.n % 500 as owner_no, no.n / 500 as k, p.id as owner_id,
       (array['PCE', 'KGM', 'MTR', 'LTR'])[1 + pg_temp.pick(no.n, 3, 4)] as unit,
       pg_temp.id7(born.at + no.n * interval '1 second', 'item', no.n) as id
from generate_series(0, 9999) no(n) join p on p.n = no.n % 500, born
--;
insert into item (id, owner_id, number, description, unit, gtin, lifecycle, version, created_at)
select i.id, i.owner_id, 'IT-' || lpad(i.n::text, 6, '0'),
       (array['Flange', 'Bracket', 'Housing', 'Schraube M8×40', 'Seal 3/4"', 'Bearing', 'Cable', 'Tab' || chr(9) || 'strip'])
       [1 + pg_temp.pick(i.n, 4, 8)] || ', '
       || (array['steel', 'aluminium', 'brass', 'zinc \ black'])[1 + pg_temp.pick(i.n, 5, 4)] || ', lot ' || i.n,
       i.unit, null, 'SERIES', 1, born.at
from i, born
--;
create index on i (owner_no, k)
--;
-- Orders n = 1..N. Party numbers are skewed a little: low partner numbers buy more. QUIET is party to three of them.
create temp table o as
select n, date_trunc('milliseconds', timestamptz ':today 00:00:00+00'
          - (:orders - n + pg_temp.u(n, 10)) * interval '730 days' / :orders) as at,
       floor(500 * power(pg_temp.u(n, 11), 1.3))::int as buyer_no,
       1 + pg_temp.pick(n, 12, 499) as seller_step,
       case when pg_temp.u(n, 13) < 0.2 then 1 + pg_temp.pick(n, 14, 499) end as consignee_step,
       1 + pg_temp.pick(n, 15, 10) as line_count,
       (array['EUR', 'USD', 'JPY', 'PLN'])[1 + pg_temp.pick(n, 16, 4)] as currency
from generate_series(1, :orders) n
--;
create temp table oo as
select o.n, o.at, o.line_count, o.currency, pg_temp.id7(o.at, 'order', o.n) as id, o.buyer_no, b.id as buyer_id,
       case when o.n in (:orders / 10, :orders / 2) then q.id else sel.id end as seller_id,
       case when o.n = :orders - :orders / 10 then q.id
            when o.consignee_step <> o.seller_step then con.id end as consignee_id,
       site.id as ship_to_id
from o
join p b on b.n = o.buyer_no
join p sel on sel.n = (o.buyer_no + o.seller_step) % 500
join p q on q.n = 500
left join p con on con.n = (o.buyer_no + o.consignee_step) % 500
join s site on site.partner_no = o.buyer_no and site.k = pg_temp.pick(o.n, 17, 2)
--;
create temp table l as
select oo.n, no as line_no, oo.n * 10 + no as line_n, i.id as item_id, i.unit,
       (1 + pg_temp.pick(oo.n * 10 + no, 20, 200000)) / 8.0 as quantity,
       case when pg_temp.u(oo.n * 10 + no, 21) < 0.97
            then (1 + pg_temp.pick(oo.n * 10 + no, 22, 9000000)) / 10000.0 end as unit_price
from oo cross join lateral generate_series(1, oo.line_count) no
join i on i.owner_no = oo.buyer_no and i.k = (pg_temp.pick(oo.n, 23, 19) + no) % 19
--;
insert into purchase_order (id, kind, buyer_id, seller_id, consignee_id, buyer_number, seller_number, ship_to_id,
                            incoterm, currency, status, placed_at, total_amount, version, created_at)
select oo.id, 'PURCHASE', oo.buyer_id, oo.seller_id, oo.consignee_id, 'PO-' || oo.n, 'SO-' || oo.n, oo.ship_to_id,
       'DAP', oo.currency, (array['SENT', 'CONFIRMED', 'PART_SHIPPED', 'SHIPPED', 'RECEIVED', 'CLOSED'])
       [1 + pg_temp.pick(oo.n, 24, 6)], oo.at,
       case when pg_temp.u(oo.n, 25) < 0.95 then t.total end, 1, oo.at
from oo join (select n, sum(round(quantity * unit_price, 6)) as total from l group by n) t using (n)
order by oo.n
--;
insert into order_line (id, order_id, line_no, buyer_id, seller_id, consignee_id, item_id, ship_to_id, quantity, unit,
                        unit_price, line_amount, currency, requested_on, status, shipped, received_good,
                        received_damaged, version)
select pg_temp.id7(oo.at, 'line', l.line_n), oo.id, l.line_no, oo.buyer_id, oo.seller_id, oo.consignee_id, l.item_id,
       oo.ship_to_id, l.quantity, l.unit, l.unit_price, round(l.quantity * l.unit_price, 6), oo.currency,
       (oo.at at time zone 'UTC')::date + 5 + pg_temp.pick(l.line_n, 26, 56),
       (array['SENT', 'CONFIRMED', 'PART_SHIPPED', 'SHIPPED', 'RECEIVED', 'CLOSED'])[1 + pg_temp.pick(l.line_n, 27, 6)],
       0, 0, 0, 1
from l join oo using (n)
order by l.n, l.line_no
--;
-- Rules r = 1..30000, one scope each: 55 % one item, 15 % one item at one site, 15 % all items at one site, 15 % all.
-- Half have a window; 5 % have ended, 5 % have not begun. QUIET is granted ten items nobody has ordered (k = 19).
create temp table r as
select n, pg_temp.pick(n, 30, 500) as owner_no, 1 + pg_temp.pick(n, 31, 499) as grantee_step, pg_temp.u(n, 32) as shape,
       pg_temp.pick(n, 33, 20) as item_k, pg_temp.pick(n, 34, 2) as site_k, pg_temp.u(n, 35) as life,
       pg_temp.u(n, 36) as windowed, n <= 10 as quiet
from generate_series(1, 30000) n
--;
create temp table rr as
select r.n, own.id as owner_id, case when r.quiet then q.id else g.id end as grantee_id,
       case when r.quiet or r.shape < 0.70 then i.id end as item_id,
       case when not r.quiet and r.shape >= 0.55 and r.shape < 0.85 then s.id end as site_id,
       array['quantity', 'dates'] || case when pg_temp.u(r.n, 37) < 0.3 then array['price'] else '{}'::text[] end
       || case when pg_temp.u(r.n, 38) < 0.5 then array['numbers'] else '{}'::text[] end
       || case when pg_temp.u(r.n, 39) < 0.5 then array['parties'] else '{}'::text[] end as tokens,
       case when r.windowed < 0.5 then (array[30, 90, 365])[1 + pg_temp.pick(r.n, 40, 3)] end as days_back,
       case when r.windowed < 0.4 then (array[14, 30, 90])[1 + pg_temp.pick(r.n, 41, 3)] end as days_ahead,
       case when r.life > 0.95 then timestamptz ':today 00:00:00+00' + interval '400 days' else born.at end as valid_from,
       case when r.life < 0.05 then timestamptz ':today 00:00:00+00' - interval '1 day'
            when r.life < 0.3 then timestamptz ':today 00:00:00+00' + interval '300 days' end as valid_until
from r
join p own on own.n = r.owner_no
join p g on g.n = (r.owner_no + r.grantee_step) % 500
join p q on q.n = 500
join i on i.owner_no = r.owner_no and i.k = case when r.quiet then 19 else r.item_k end
join s on s.partner_no = r.owner_no and s.k = r.site_k, born
--;
insert into sharing_rule (id, owner_id, grantee_id, kind, items, sites, field_groups, days_back, days_ahead, valid_from,
                          valid_until, state, version, created_at)
select pg_temp.id7(born.at, 'rule', rr.n), owner_id, grantee_id, 'ORDER',
       case when item_id is not null then array[item_id] end, case when site_id is not null then array[site_id] end,
       tokens, days_back, days_ahead, valid_from, valid_until, 'ACTIVE', 1, born.at
from rr, born
--;
insert into scope (id, rule_id, granter, grantee, kind, owner, item, site, tokens, days_back, days_ahead, valid_from,
                   valid_until)
select pg_temp.id7(born.at, 'scope', rr.n), pg_temp.id7(born.at, 'rule', rr.n), owner_id, grantee_id, 'ORDER', owner_id,
       item_id, site_id, tokens, days_back, days_ahead, valid_from, valid_until
from rr, born
