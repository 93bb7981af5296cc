CREATE TABLE change_outbox (
	id BIGINT GENERATED ALWAYS AS IDENTITY (CACHE 1), 
	event_id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	action VARCHAR COLLATE "C" NOT NULL, 
	record_id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	parties UUID[] NOT NULL, 
	changed VARCHAR[] NOT NULL, 
	actor VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_change_outbox PRIMARY KEY (id)
);

CREATE TABLE partner (
	id UUID NOT NULL, 
	code VARCHAR COLLATE "C" NOT NULL, 
	name TEXT NOT NULL, 
	country VARCHAR COLLATE "C", 
	parent_id UUID, 
	gln VARCHAR COLLATE "C", 
	lei VARCHAR COLLATE "C", 
	status VARCHAR COLLATE "C" NOT NULL, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_partner PRIMARY KEY (id), 
	CONSTRAINT uq_partner_code UNIQUE (code), 
	CONSTRAINT ck_partner_status CHECK (status in ('ACTIVE', 'SUSPENDED')), 
	CONSTRAINT ck_partner_code CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{0,39}$'), 
	CONSTRAINT fk_partner_parent_id FOREIGN KEY(parent_id) REFERENCES partner (id)
);

CREATE TABLE signing_key (
	kid VARCHAR NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	sealed BYTEA NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_signing_key PRIMARY KEY (kid), 
	CONSTRAINT ck_signing_key_state CHECK (state in ('PENDING', 'ACTIVE', 'RETIRED', 'REVOKED'))
);

CREATE TABLE idempotency_key (
	partner_id UUID NOT NULL, 
	caller VARCHAR NOT NULL, 
	key_text VARCHAR NOT NULL, 
	fingerprint VARCHAR COLLATE "C" NOT NULL, 
	selection VARCHAR COLLATE "C" NOT NULL, 
	access VARCHAR COLLATE "C" NOT NULL, 
	record_id UUID, 
	body BYTEA, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_idempotency_key PRIMARY KEY (caller, key_text), 
	CONSTRAINT fk_idempotency_key_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE TABLE item (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	number VARCHAR COLLATE "C" NOT NULL, 
	description TEXT NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	gtin VARCHAR COLLATE "C", 
	lifecycle VARCHAR COLLATE "C" NOT NULL, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_item PRIMARY KEY (id), 
	CONSTRAINT uq_item_owner_id_number UNIQUE (owner_id, number), 
	CONSTRAINT ck_item_lifecycle CHECK (lifecycle in ('CONCEPT', 'RAMP_UP', 'SERIES', 'PHASE_OUT', 'ENDED')), 
	CONSTRAINT ck_item_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT fk_item_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id)
);

CREATE INDEX ix_item_owner_id_id ON item (owner_id, id);

CREATE TABLE relationship (
	id UUID NOT NULL, 
	provider_id UUID NOT NULL, 
	recipient_id UUID NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	proposed_by UUID NOT NULL, 
	since DATE, 
	until DATE, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_relationship PRIMARY KEY (id), 
	CONSTRAINT ck_relationship_kind CHECK (kind in ('SUPPLY', 'CONTRACT_MANUFACTURING', 'DISTRIBUTION', 'LOGISTICS')), 
	CONSTRAINT ck_relationship_state CHECK (state in ('PROPOSED', 'ACTIVE', 'SUSPENDED', 'ENDED', 'DECLINED')), 
	CONSTRAINT ck_relationship_two_firms CHECK (provider_id <> recipient_id), 
	CONSTRAINT ck_relationship_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (provider_id, recipient_id)), 
	CONSTRAINT fk_relationship_provider_id FOREIGN KEY(provider_id) REFERENCES partner (id), 
	CONSTRAINT fk_relationship_recipient_id FOREIGN KEY(recipient_id) REFERENCES partner (id), 
	CONSTRAINT fk_relationship_proposed_by FOREIGN KEY(proposed_by) REFERENCES partner (id)
);

CREATE INDEX ix_relationship_provider_id_id ON relationship (provider_id, id);

CREATE INDEX ix_relationship_recipient_id_id ON relationship (recipient_id, id);

CREATE UNIQUE INDEX uq_relationship_standing ON relationship (provider_id, recipient_id, kind) WHERE state in ('PROPOSED', 'ACTIVE', 'SUSPENDED');

CREATE TABLE sharing_rule (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	grantee_id UUID, 
	grantee_role VARCHAR COLLATE "C", 
	kind VARCHAR COLLATE "C" NOT NULL, 
	items UUID[], 
	sites UUID[], 
	field_groups VARCHAR[] NOT NULL, 
	days_back INTEGER, 
	days_ahead INTEGER, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	valid_until TIMESTAMP WITH TIME ZONE, 
	state VARCHAR COLLATE "C" NOT NULL, 
	note TEXT, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_sharing_rule PRIMARY KEY (id), 
	CONSTRAINT ck_sharing_rule_state CHECK (state in ('DRAFT', 'ACTIVE', 'SUSPENDED', 'REVOKED')), 
	CONSTRAINT ck_sharing_rule_one_grantee CHECK ((grantee_id is null) <> (grantee_role is null)), 
	CONSTRAINT ck_sharing_rule_not_oneself CHECK (grantee_id <> owner_id), 
	CONSTRAINT ck_sharing_rule_validity CHECK (valid_until > valid_from), 
	CONSTRAINT ck_sharing_rule_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (owner_id, coalesce(grantee_id, owner_id))), 
	CONSTRAINT fk_sharing_rule_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_sharing_rule_grantee_id FOREIGN KEY(grantee_id) REFERENCES partner (id)
);

CREATE INDEX ix_sharing_rule_owner_id_id ON sharing_rule (owner_id, id);

CREATE TABLE site (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	code VARCHAR COLLATE "C" NOT NULL, 
	name TEXT NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	country VARCHAR COLLATE "C", 
	time_zone VARCHAR COLLATE "C" NOT NULL, 
	gln VARCHAR COLLATE "C", 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_site PRIMARY KEY (id), 
	CONSTRAINT uq_site_partner_id_code UNIQUE (partner_id, code), 
	CONSTRAINT ck_site_kind CHECK (kind in ('PLANT', 'WAREHOUSE', 'STORE', 'PORT')), 
	CONSTRAINT fk_site_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE INDEX ix_site_partner_id_id ON site (partner_id, id);

CREATE TABLE item_alias (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	item_id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	number VARCHAR COLLATE "C" NOT NULL, 
	claimed_by UUID NOT NULL, 
	confirmed_at TIMESTAMP WITH TIME ZONE, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_item_alias PRIMARY KEY (id), 
	CONSTRAINT uq_item_alias_item_id_partner_id_number UNIQUE (item_id, partner_id, number), 
	CONSTRAINT fk_item_alias_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_item_alias_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_item_alias_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_item_alias_claimed_by FOREIGN KEY(claimed_by) REFERENCES partner (id)
);

CREATE INDEX ix_item_alias_item_id_id ON item_alias (item_id, id);

CREATE INDEX ix_item_alias_owner_id_id ON item_alias (owner_id, id);

CREATE INDEX ix_item_alias_partner_id_id ON item_alias (partner_id, id);

CREATE TABLE purchase_order (
	id UUID NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	buyer_id UUID NOT NULL, 
	seller_id UUID NOT NULL, 
	consignee_id UUID, 
	buyer_number VARCHAR COLLATE "C" NOT NULL, 
	seller_number VARCHAR COLLATE "C", 
	ship_to_id UUID NOT NULL, 
	incoterm VARCHAR COLLATE "C", 
	incoterm_place TEXT, 
	currency VARCHAR COLLATE "C" NOT NULL, 
	status VARCHAR COLLATE "C" NOT NULL, 
	placed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	total_amount NUMERIC(21, 6), 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_purchase_order PRIMARY KEY (id), 
	CONSTRAINT uq_purchase_order_buyer_id_buyer_number UNIQUE (buyer_id, buyer_number), 
	CONSTRAINT ck_purchase_order_kind CHECK (kind in ('PURCHASE', 'CALL_OFF', 'REPLENISHMENT', 'SUBCONTRACT')), 
	CONSTRAINT ck_purchase_order_status CHECK (status in ('DRAFT', 'SENT', 'SELLER_PROPOSED', 'BUYER_PROPOSED', 'CONFIRMED', 'CHANGE_REQUESTED', 'PART_SHIPPED', 'SHIPPED', 'PART_RECEIVED', 'RECEIVED', 'CLOSED', 'REJECTED', 'CANCELLED')), 
	CONSTRAINT ck_purchase_order_currency CHECK (currency ~ '^[A-Z]{3}$'), 
	CONSTRAINT ck_purchase_order_two_firms CHECK (buyer_id <> seller_id), 
	CONSTRAINT ck_purchase_order_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (buyer_id, seller_id)), 
	CONSTRAINT fk_purchase_order_buyer_id FOREIGN KEY(buyer_id) REFERENCES partner (id), 
	CONSTRAINT fk_purchase_order_seller_id FOREIGN KEY(seller_id) REFERENCES partner (id), 
	CONSTRAINT fk_purchase_order_consignee_id FOREIGN KEY(consignee_id) REFERENCES partner (id), 
	CONSTRAINT fk_purchase_order_ship_to_id FOREIGN KEY(ship_to_id) REFERENCES site (id)
);

CREATE INDEX ix_purchase_order_buyer_id_id ON purchase_order (buyer_id, id);

CREATE INDEX ix_purchase_order_buyer_id_placed_at_id ON purchase_order (buyer_id, placed_at, id);

CREATE INDEX ix_purchase_order_consignee_id_id ON purchase_order (consignee_id, id);

CREATE INDEX ix_purchase_order_consignee_id_placed_at_id ON purchase_order (consignee_id, placed_at, id);

CREATE INDEX ix_purchase_order_seller_id_id ON purchase_order (seller_id, id);

CREATE INDEX ix_purchase_order_seller_id_placed_at_id ON purchase_order (seller_id, placed_at, id);

CREATE INDEX ix_purchase_order_seller_id_seller_number ON purchase_order (seller_id, seller_number);

CREATE TABLE scope (
	id UUID NOT NULL, 
	rule_id UUID NOT NULL, 
	granter UUID NOT NULL, 
	grantee UUID NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	owner UUID NOT NULL, 
	item UUID, 
	site UUID, 
	tokens VARCHAR[] NOT NULL, 
	days_back INTEGER, 
	days_ahead INTEGER, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	valid_until TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_scope PRIMARY KEY (id), 
	CONSTRAINT ck_scope_not_oneself CHECK (grantee <> owner), 
	CONSTRAINT fk_scope_rule_id FOREIGN KEY(rule_id) REFERENCES sharing_rule (id), 
	CONSTRAINT fk_scope_granter FOREIGN KEY(granter) REFERENCES partner (id), 
	CONSTRAINT fk_scope_grantee FOREIGN KEY(grantee) REFERENCES partner (id), 
	CONSTRAINT fk_scope_owner FOREIGN KEY(owner) REFERENCES partner (id), 
	CONSTRAINT fk_scope_item FOREIGN KEY(item) REFERENCES item (id), 
	CONSTRAINT fk_scope_site FOREIGN KEY(site) REFERENCES site (id)
);

CREATE INDEX ix_scope_lookup ON scope (grantee, kind, owner, item);

CREATE INDEX ix_scope_owner ON scope (owner, kind);

CREATE INDEX ix_scope_rule_id ON scope (rule_id);

CREATE TABLE shipment (
	id UUID NOT NULL, 
	number VARCHAR COLLATE "C" NOT NULL, 
	seller_id UUID NOT NULL, 
	buyer_id UUID NOT NULL, 
	consignee_id UUID, 
	carrier_id UUID, 
	ship_to_id UUID NOT NULL, 
	sscc VARCHAR COLLATE "C", 
	mode VARCHAR COLLATE "C", 
	state VARCHAR COLLATE "C" NOT NULL, 
	planned_departure TIMESTAMP WITH TIME ZONE, 
	estimated_departure TIMESTAMP WITH TIME ZONE, 
	actual_departure TIMESTAMP WITH TIME ZONE, 
	planned_arrival TIMESTAMP WITH TIME ZONE, 
	estimated_arrival TIMESTAMP WITH TIME ZONE, 
	actual_arrival TIMESTAMP WITH TIME ZONE, 
	weight_kg NUMERIC(21, 6), 
	freight_amount NUMERIC(21, 6), 
	insurance_amount NUMERIC(21, 6), 
	currency VARCHAR COLLATE "C", 
	freight_note TEXT, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_shipment PRIMARY KEY (id), 
	CONSTRAINT uq_shipment_seller_id_number UNIQUE (seller_id, number), 
	CONSTRAINT ck_shipment_state CHECK (state in ('PLANNED', 'DEPARTED', 'ARRIVED', 'RECEIVED', 'REFUSED')), 
	CONSTRAINT ck_shipment_mode CHECK (mode in ('AIR', 'AIR_CHARTER', 'OCEAN', 'TRUCK', 'RAIL', 'PARCEL')), 
	CONSTRAINT ck_shipment_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (buyer_id, seller_id)), 
	CONSTRAINT fk_shipment_seller_id FOREIGN KEY(seller_id) REFERENCES partner (id), 
	CONSTRAINT fk_shipment_buyer_id FOREIGN KEY(buyer_id) REFERENCES partner (id), 
	CONSTRAINT fk_shipment_consignee_id FOREIGN KEY(consignee_id) REFERENCES partner (id), 
	CONSTRAINT fk_shipment_carrier_id FOREIGN KEY(carrier_id) REFERENCES partner (id), 
	CONSTRAINT fk_shipment_ship_to_id FOREIGN KEY(ship_to_id) REFERENCES site (id)
);

CREATE INDEX ix_shipment_buyer_id_id ON shipment (buyer_id, id);

CREATE INDEX ix_shipment_carrier_id_id ON shipment (carrier_id, id);

CREATE INDEX ix_shipment_consignee_id_id ON shipment (consignee_id, id);

CREATE INDEX ix_shipment_seller_id_id ON shipment (seller_id, id);

CREATE TABLE order_line (
	id UUID NOT NULL, 
	order_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	buyer_id UUID NOT NULL, 
	seller_id UUID NOT NULL, 
	consignee_id UUID, 
	item_id UUID NOT NULL, 
	ship_to_id UUID NOT NULL, 
	external_id VARCHAR COLLATE "C", 
	quantity NUMERIC(21, 6) NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	unit_price NUMERIC(21, 6), 
	line_amount NUMERIC(21, 6), 
	currency VARCHAR COLLATE "C" NOT NULL, 
	requested_on DATE NOT NULL, 
	status VARCHAR COLLATE "C" NOT NULL, 
	shipped NUMERIC(21, 6) NOT NULL, 
	received_good NUMERIC(21, 6) NOT NULL, 
	received_damaged NUMERIC(21, 6) NOT NULL, 
	note TEXT, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_order_line PRIMARY KEY (id), 
	CONSTRAINT uq_order_line_order_id_line_no UNIQUE (order_id, line_no), 
	CONSTRAINT ck_order_line_status CHECK (status in ('DRAFT', 'SENT', 'SELLER_PROPOSED', 'BUYER_PROPOSED', 'CONFIRMED', 'CHANGE_REQUESTED', 'PART_SHIPPED', 'SHIPPED', 'PART_RECEIVED', 'RECEIVED', 'CLOSED', 'REJECTED', 'CANCELLED')), 
	CONSTRAINT ck_order_line_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT ck_order_line_currency CHECK (currency ~ '^[A-Z]{3}$'), 
	CONSTRAINT ck_order_line_quantity CHECK (quantity > 0), 
	CONSTRAINT fk_order_line_order_id FOREIGN KEY(order_id) REFERENCES purchase_order (id), 
	CONSTRAINT fk_order_line_buyer_id FOREIGN KEY(buyer_id) REFERENCES partner (id), 
	CONSTRAINT fk_order_line_seller_id FOREIGN KEY(seller_id) REFERENCES partner (id), 
	CONSTRAINT fk_order_line_consignee_id FOREIGN KEY(consignee_id) REFERENCES partner (id), 
	CONSTRAINT fk_order_line_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_order_line_ship_to_id FOREIGN KEY(ship_to_id) REFERENCES site (id)
);

CREATE INDEX ix_order_line_buyer_id_id ON order_line (buyer_id, id);

CREATE INDEX ix_order_line_buyer_id_item_id_id ON order_line (buyer_id, item_id, id);

CREATE INDEX ix_order_line_buyer_id_ship_to_id_id ON order_line (buyer_id, ship_to_id, id);

CREATE INDEX ix_order_line_consignee_id_id ON order_line (consignee_id, id);

CREATE INDEX ix_order_line_item ON order_line (buyer_id, item_id, order_id) INCLUDE (requested_on, ship_to_id);

CREATE INDEX ix_order_line_owner ON order_line (buyer_id, order_id) INCLUDE (requested_on, item_id, ship_to_id);

CREATE INDEX ix_order_line_seller_id_id ON order_line (seller_id, id);

CREATE INDEX ix_order_line_site ON order_line (buyer_id, ship_to_id, order_id) INCLUDE (requested_on, item_id);

CREATE TABLE shipment_event (
	id UUID NOT NULL, 
	shipment_id UUID NOT NULL, 
	seq INTEGER NOT NULL, 
	milestone VARCHAR COLLATE "C" NOT NULL, 
	certainty VARCHAR COLLATE "C" NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	corrects_seq INTEGER, 
	stated_by VARCHAR COLLATE "C" NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_shipment_event PRIMARY KEY (id), 
	CONSTRAINT uq_shipment_event_shipment_id_seq UNIQUE (shipment_id, seq), 
	CONSTRAINT ck_shipment_event_milestone CHECK (milestone in ('DEPARTURE', 'ARRIVAL')), 
	CONSTRAINT ck_shipment_event_certainty CHECK (certainty in ('PLANNED', 'ESTIMATED', 'ACTUAL')), 
	CONSTRAINT fk_shipment_event_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipment (id)
);

CREATE TABLE schedule_line (
	id UUID NOT NULL, 
	line_id UUID NOT NULL, 
	seq INTEGER NOT NULL, 
	requested_quantity NUMERIC(21, 6) NOT NULL, 
	requested_on DATE NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	first_promise_quantity NUMERIC(21, 6), 
	first_promise_on DATE, 
	last_promise_quantity NUMERIC(21, 6), 
	last_promise_on DATE, 
	shipped NUMERIC(21, 6) NOT NULL, 
	received_good NUMERIC(21, 6) NOT NULL, 
	received_damaged NUMERIC(21, 6) NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_schedule_line PRIMARY KEY (id), 
	CONSTRAINT uq_schedule_line_line_id_seq UNIQUE (line_id, seq), 
	CONSTRAINT ck_schedule_line_state CHECK (state in ('DRAFT', 'SENT', 'SELLER_PROPOSED', 'BUYER_PROPOSED', 'CONFIRMED', 'CHANGE_REQUESTED', 'PART_SHIPPED', 'SHIPPED', 'PART_RECEIVED', 'RECEIVED', 'CLOSED', 'REJECTED', 'CANCELLED')), 
	CONSTRAINT ck_schedule_line_quantity CHECK (requested_quantity > 0), 
	CONSTRAINT fk_schedule_line_line_id FOREIGN KEY(line_id) REFERENCES order_line (id)
);

CREATE TABLE schedule_revision (
	id UUID NOT NULL, 
	schedule_line_id UUID NOT NULL, 
	revision_no INTEGER NOT NULL, 
	side VARCHAR COLLATE "C" NOT NULL, 
	act VARCHAR COLLATE "C" NOT NULL, 
	reason TEXT, 
	stated_by VARCHAR COLLATE "C" NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_schedule_revision PRIMARY KEY (id), 
	CONSTRAINT uq_schedule_revision_schedule_line_id_revision_no UNIQUE (schedule_line_id, revision_no), 
	CONSTRAINT ck_schedule_revision_side CHECK (side in ('BUYER', 'SELLER')), 
	CONSTRAINT ck_schedule_revision_act CHECK (act in ('REQUEST', 'PROPOSE', 'ACCEPT', 'REJECT', 'REQUEST_CHANGE', 'DECLINE_CHANGE', 'CANCEL')), 
	CONSTRAINT fk_schedule_revision_schedule_line_id FOREIGN KEY(schedule_line_id) REFERENCES schedule_line (id)
);

CREATE TABLE shipment_line (
	id UUID NOT NULL, 
	shipment_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	seller_id UUID NOT NULL, 
	buyer_id UUID NOT NULL, 
	consignee_id UUID, 
	carrier_id UUID, 
	item_id UUID NOT NULL, 
	ship_to_id UUID NOT NULL, 
	order_line_id UUID NOT NULL, 
	schedule_line_id UUID NOT NULL, 
	quantity NUMERIC(21, 6) NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	arrival_on DATE NOT NULL, 
	CONSTRAINT pk_shipment_line PRIMARY KEY (id), 
	CONSTRAINT uq_shipment_line_shipment_id_line_no UNIQUE (shipment_id, line_no), 
	CONSTRAINT ck_shipment_line_quantity CHECK (quantity > 0), 
	CONSTRAINT ck_shipment_line_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT fk_shipment_line_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipment (id), 
	CONSTRAINT fk_shipment_line_seller_id FOREIGN KEY(seller_id) REFERENCES partner (id), 
	CONSTRAINT fk_shipment_line_buyer_id FOREIGN KEY(buyer_id) REFERENCES partner (id), 
	CONSTRAINT fk_shipment_line_consignee_id FOREIGN KEY(consignee_id) REFERENCES partner (id), 
	CONSTRAINT fk_shipment_line_carrier_id FOREIGN KEY(carrier_id) REFERENCES partner (id), 
	CONSTRAINT fk_shipment_line_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_shipment_line_ship_to_id FOREIGN KEY(ship_to_id) REFERENCES site (id), 
	CONSTRAINT fk_shipment_line_order_line_id FOREIGN KEY(order_line_id) REFERENCES order_line (id), 
	CONSTRAINT fk_shipment_line_schedule_line_id FOREIGN KEY(schedule_line_id) REFERENCES schedule_line (id)
);

CREATE INDEX ix_shipment_line_item ON shipment_line (seller_id, item_id, shipment_id) INCLUDE (arrival_on, ship_to_id);

CREATE INDEX ix_shipment_line_order_line_id_id ON shipment_line (order_line_id, id);

CREATE INDEX ix_shipment_line_owner ON shipment_line (seller_id, shipment_id) INCLUDE (arrival_on, item_id, ship_to_id);

CREATE INDEX ix_shipment_line_schedule_line_id ON shipment_line (schedule_line_id);

CREATE INDEX ix_shipment_line_site ON shipment_line (seller_id, ship_to_id, shipment_id) INCLUDE (arrival_on, item_id);

CREATE TABLE receipt (
	id UUID NOT NULL, 
	shipment_line_id UUID NOT NULL, 
	seq INTEGER NOT NULL, 
	good NUMERIC(21, 6) NOT NULL, 
	damaged NUMERIC(21, 6) NOT NULL, 
	short NUMERIC(21, 6) NOT NULL, 
	documents_ok BOOLEAN NOT NULL, 
	received_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	stated_by VARCHAR COLLATE "C" NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_receipt PRIMARY KEY (id), 
	CONSTRAINT uq_receipt_shipment_line_id_seq UNIQUE (shipment_line_id, seq), 
	CONSTRAINT ck_receipt_amounts CHECK (good >= 0 and damaged >= 0 and short >= 0), 
	CONSTRAINT fk_receipt_shipment_line_id FOREIGN KEY(shipment_line_id) REFERENCES shipment_line (id)
);

CREATE TABLE schedule_slice (
	id UUID NOT NULL, 
	revision_id UUID NOT NULL, 
	seq INTEGER NOT NULL, 
	quantity NUMERIC(21, 6) NOT NULL, 
	due_on DATE NOT NULL, 
	CONSTRAINT pk_schedule_slice PRIMARY KEY (id), 
	CONSTRAINT uq_schedule_slice_revision_id_seq UNIQUE (revision_id, seq), 
	CONSTRAINT ck_schedule_slice_quantity CHECK (quantity > 0), 
	CONSTRAINT fk_schedule_slice_revision_id FOREIGN KEY(revision_id) REFERENCES schedule_revision (id)
);

grant insert on "change_outbox" to hub_write;

grant select on "change_outbox" to hub_read;

grant select, insert, update on "partner" to hub_write;

grant select on "partner" to hub_read;

grant select, insert, update on "signing_key" to hub_write;

alter table "idempotency_key" enable row level security;

alter table "idempotency_key" force row level security;

create policy read_all on "idempotency_key" for select to hub_read using (true);

create policy see on "idempotency_key" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "idempotency_key" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "idempotency_key" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "idempotency_key" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "idempotency_key" to hub_write;

alter table "item" enable row level security;

alter table "item" force row level security;

create policy read_all on "item" for select to hub_read using (true);

create policy see on "item" for select to hub_write using (true);

create policy add on "item" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "item" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "item" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "item" to hub_write;

grant select on "item" to hub_read;

alter table "relationship" enable row level security;

alter table "relationship" force row level security;

create policy read_all on "relationship" for select to hub_read using (true);

create policy see on "relationship" for select to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "relationship" for insert to hub_write with check (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "relationship" for update to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "relationship" for delete to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "relationship" to hub_write;

grant select on "relationship" to hub_read;

alter table "sharing_rule" enable row level security;

alter table "sharing_rule" force row level security;

create policy read_all on "sharing_rule" for select to hub_read using (true);

create policy see on "sharing_rule" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "sharing_rule" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "sharing_rule" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "sharing_rule" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "sharing_rule" to hub_write;

grant select on "sharing_rule" to hub_read;

alter table "site" enable row level security;

alter table "site" force row level security;

create policy read_all on "site" for select to hub_read using (true);

create policy see on "site" for select to hub_write using (true);

create policy add on "site" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "site" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "site" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "site" to hub_write;

grant select on "site" to hub_read;

alter table "item_alias" enable row level security;

alter table "item_alias" force row level security;

create policy read_all on "item_alias" for select to hub_read using (true);

create policy see on "item_alias" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "item_alias" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "item_alias" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "item_alias" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "item_alias" to hub_write;

grant select on "item_alias" to hub_read;

alter table "purchase_order" enable row level security;

alter table "purchase_order" force row level security;

create policy read_all on "purchase_order" for select to hub_read using (true);

create policy see on "purchase_order" for select to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "purchase_order" for insert to hub_write with check (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "purchase_order" for update to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "purchase_order" for delete to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "purchase_order" to hub_write;

grant select on "purchase_order" to hub_read;

alter table "scope" enable row level security;

alter table "scope" force row level security;

create policy read_all on "scope" for select to hub_read using (true);

create policy see on "scope" for select to hub_write using (granter = nullif(current_setting('hub.partner', true), '')::uuid or grantee = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "scope" for insert to hub_write with check (granter = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "scope" for update to hub_write using (granter = nullif(current_setting('hub.partner', true), '')::uuid or grantee = nullif(current_setting('hub.partner', true), '')::uuid) with check (granter = nullif(current_setting('hub.partner', true), '')::uuid or grantee = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "scope" for delete to hub_write using (granter = nullif(current_setting('hub.partner', true), '')::uuid or grantee = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, delete on "scope" to hub_write;

grant select on "scope" to hub_read;

alter table "shipment" enable row level security;

alter table "shipment" force row level security;

create policy read_all on "shipment" for select to hub_read using (true);

create policy see on "shipment" for select to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "shipment" for insert to hub_write with check (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "shipment" for update to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "shipment" for delete to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "shipment" to hub_write;

grant select on "shipment" to hub_read;

alter table "order_line" enable row level security;

alter table "order_line" force row level security;

create policy read_all on "order_line" for select to hub_read using (true);

create policy see on "order_line" for select to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "order_line" for insert to hub_write with check (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "order_line" for update to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "order_line" for delete to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "order_line" to hub_write;

grant select on "order_line" to hub_read;

alter table "shipment_event" enable row level security;

alter table "shipment_event" force row level security;

create policy read_all on "shipment_event" for select to hub_read using (true);

create policy see on "shipment_event" for select to hub_write using (shipment_id in (select id from "shipment"));

create policy add on "shipment_event" for insert to hub_write with check (shipment_id in (select id from "shipment"));

create policy change on "shipment_event" for update to hub_write using (shipment_id in (select id from "shipment")) with check (shipment_id in (select id from "shipment"));

create policy remove on "shipment_event" for delete to hub_write using (shipment_id in (select id from "shipment"));

grant select, insert, update, delete on "shipment_event" to hub_write;

grant select on "shipment_event" to hub_read;

alter table "schedule_line" enable row level security;

alter table "schedule_line" force row level security;

create policy read_all on "schedule_line" for select to hub_read using (true);

create policy see on "schedule_line" for select to hub_write using (line_id in (select id from "order_line"));

create policy add on "schedule_line" for insert to hub_write with check (line_id in (select id from "order_line"));

create policy change on "schedule_line" for update to hub_write using (line_id in (select id from "order_line")) with check (line_id in (select id from "order_line"));

create policy remove on "schedule_line" for delete to hub_write using (line_id in (select id from "order_line"));

grant select, insert, update, delete on "schedule_line" to hub_write;

grant select on "schedule_line" to hub_read;

alter table "schedule_revision" enable row level security;

alter table "schedule_revision" force row level security;

create policy read_all on "schedule_revision" for select to hub_read using (true);

create policy see on "schedule_revision" for select to hub_write using (schedule_line_id in (select id from "schedule_line"));

create policy add on "schedule_revision" for insert to hub_write with check (schedule_line_id in (select id from "schedule_line"));

create policy change on "schedule_revision" for update to hub_write using (schedule_line_id in (select id from "schedule_line")) with check (schedule_line_id in (select id from "schedule_line"));

create policy remove on "schedule_revision" for delete to hub_write using (schedule_line_id in (select id from "schedule_line"));

grant select, insert, update, delete on "schedule_revision" to hub_write;

grant select on "schedule_revision" to hub_read;

alter table "shipment_line" enable row level security;

alter table "shipment_line" force row level security;

create policy read_all on "shipment_line" for select to hub_read using (true);

create policy see on "shipment_line" for select to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "shipment_line" for insert to hub_write with check (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "shipment_line" for update to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "shipment_line" for delete to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "shipment_line" to hub_write;

grant select on "shipment_line" to hub_read;

alter table "receipt" enable row level security;

alter table "receipt" force row level security;

create policy read_all on "receipt" for select to hub_read using (true);

create policy see on "receipt" for select to hub_write using (shipment_line_id in (select id from "shipment_line"));

create policy add on "receipt" for insert to hub_write with check (shipment_line_id in (select id from "shipment_line"));

create policy change on "receipt" for update to hub_write using (shipment_line_id in (select id from "shipment_line")) with check (shipment_line_id in (select id from "shipment_line"));

create policy remove on "receipt" for delete to hub_write using (shipment_line_id in (select id from "shipment_line"));

grant select, insert, update, delete on "receipt" to hub_write;

grant select on "receipt" to hub_read;

alter table "schedule_slice" enable row level security;

alter table "schedule_slice" force row level security;

create policy read_all on "schedule_slice" for select to hub_read using (true);

create policy see on "schedule_slice" for select to hub_write using (revision_id in (select id from "schedule_revision"));

create policy add on "schedule_slice" for insert to hub_write with check (revision_id in (select id from "schedule_revision"));

create policy change on "schedule_slice" for update to hub_write using (revision_id in (select id from "schedule_revision")) with check (revision_id in (select id from "schedule_revision"));

create policy remove on "schedule_slice" for delete to hub_write using (revision_id in (select id from "schedule_revision"));

grant select, insert, update, delete on "schedule_slice" to hub_write;

grant select on "schedule_slice" to hub_read;
