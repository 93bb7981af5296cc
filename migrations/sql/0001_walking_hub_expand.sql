CREATE TABLE audit_checkpoint (
	partner_id UUID NOT NULL, 
	seq BIGINT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	signed VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_audit_checkpoint PRIMARY KEY (partner_id, seq)
);

CREATE TABLE audit_entry (
	id UUID NOT NULL, 
	seq BIGINT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	partner_id UUID NOT NULL, 
	actor VARCHAR COLLATE "C" NOT NULL, 
	action VARCHAR COLLATE "C" NOT NULL, 
	subject VARCHAR COLLATE "C" NOT NULL, 
	details JSONB NOT NULL, 
	reason TEXT, 
	previous VARCHAR COLLATE "C" NOT NULL, 
	hash VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_audit_entry PRIMARY KEY (id), 
	CONSTRAINT uq_audit_entry_partner_id_seq UNIQUE (partner_id, seq)
);

CREATE INDEX ix_audit_entry_partner_id_id ON audit_entry (partner_id, id);

CREATE INDEX ix_audit_entry_partner_id_subject_seq ON audit_entry (partner_id, subject, seq);

CREATE TABLE audit_head (
	partner_id UUID NOT NULL, 
	seq BIGINT NOT NULL, 
	hash VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_audit_head PRIMARY KEY (partner_id)
);

CREATE TABLE barred_name (
	name VARCHAR NOT NULL, 
	until TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_barred_name PRIMARY KEY (name)
);

CREATE INDEX ix_barred_name_until ON barred_name (until);

CREATE TABLE change_head (
	id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	floor_seq BIGINT NOT NULL, 
	epoch BIGINT NOT NULL, 
	system_identifier BIGINT NOT NULL, 
	timeline INTEGER NOT NULL, 
	swept_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_change_head PRIMARY KEY (id), 
	CONSTRAINT ck_change_head_one_row CHECK (id = 1)
);

CREATE TABLE change_log (
	seq BIGINT NOT NULL, 
	event_id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	action VARCHAR COLLATE "C" NOT NULL, 
	record_id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	parties UUID[] NOT NULL, 
	changed VARCHAR[] NOT NULL, 
	actor VARCHAR COLLATE "C" NOT NULL, 
	acting_id UUID, 
	was JSONB, 
	audience VARCHAR COLLATE "C", 
	only_for UUID[], 
	CONSTRAINT pk_change_log PRIMARY KEY (seq), 
	CONSTRAINT uq_change_log_event_id UNIQUE (event_id)
);

CREATE INDEX ix_change_log_only_for ON change_log USING gin (only_for) WHERE only_for is not null;

CREATE INDEX ix_change_log_owner ON change_log (owner_id, seq);

CREATE INDEX ix_change_log_parties ON change_log USING gin (parties);

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
	acting_id UUID, 
	was JSONB, 
	audience VARCHAR COLLATE "C", 
	only_for UUID[], 
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
	four_eyes BOOLEAN DEFAULT 'false' NOT NULL, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_partner PRIMARY KEY (id), 
	CONSTRAINT uq_partner_code UNIQUE (code), 
	CONSTRAINT ck_partner_status CHECK (status in ('ACTIVE', 'SUSPENDED')), 
	CONSTRAINT ck_partner_code CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{0,39}$'), 
	CONSTRAINT fk_partner_parent_id FOREIGN KEY(parent_id) REFERENCES partner (id)
);

CREATE TABLE revoked_token (
	token_id VARCHAR NOT NULL, 
	until TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_revoked_token PRIMARY KEY (token_id)
);

CREATE INDEX ix_revoked_token_until ON revoked_token (until);

CREATE TABLE sealed_key (
	kid VARCHAR NOT NULL, 
	sealed BYTEA NOT NULL, 
	CONSTRAINT pk_sealed_key PRIMARY KEY (kid)
);

CREATE TABLE signing_key (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	kid VARCHAR COLLATE "C" NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	signs_from TIMESTAMP WITH TIME ZONE, 
	signs_until TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_signing_key PRIMARY KEY (id), 
	CONSTRAINT ck_signing_key_state CHECK (state in ('PENDING', 'ACTIVE', 'RETIRED', 'REVOKED')), 
	CONSTRAINT uq_signing_key_kid UNIQUE (kid)
);

CREATE INDEX ix_signing_key_partner_id_id ON signing_key (partner_id, id);

CREATE TABLE used_assertion (
	digest BYTEA NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_used_assertion PRIMARY KEY (digest)
);

CREATE INDEX ix_used_assertion_expires_at ON used_assertion (expires_at);

CREATE TABLE watch_place (
	id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	epoch BIGINT NOT NULL, 
	swept_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_watch_place PRIMARY KEY (id), 
	CONSTRAINT ck_watch_place_one_row CHECK (id = 1)
);

CREATE TABLE wrong_password (
	name BYTEA NOT NULL, 
	failures INTEGER NOT NULL, 
	blocked_until TIMESTAMP WITH TIME ZONE NOT NULL, 
	until TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_wrong_password PRIMARY KEY (name)
);

CREATE INDEX ix_wrong_password_until ON wrong_password (until);

CREATE TABLE access_log (
	id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	owner_id UUID NOT NULL, 
	reader_id UUID NOT NULL, 
	actor VARCHAR COLLATE "C" NOT NULL, 
	document VARCHAR COLLATE "C" NOT NULL, 
	operation VARCHAR COLLATE "C", 
	kind VARCHAR COLLATE "C" NOT NULL, 
	rules UUID[] NOT NULL, 
	records INTEGER NOT NULL, 
	counted INTEGER NOT NULL, 
	CONSTRAINT pk_access_log PRIMARY KEY (id), 
	CONSTRAINT fk_access_log_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_access_log_reader_id FOREIGN KEY(reader_id) REFERENCES partner (id)
);

CREATE INDEX ix_access_log_owner_id_id ON access_log (owner_id, id);

CREATE INDEX ix_access_log_reader_id_id ON access_log (reader_id, id);

CREATE TABLE access_review (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	reason TEXT NOT NULL, 
	started_by VARCHAR COLLATE "C" NOT NULL, 
	started_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	closed_by VARCHAR COLLATE "C", 
	closed_at TIMESTAMP WITH TIME ZONE, 
	close_reason TEXT, 
	revoked INTEGER, 
	unattested INTEGER, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_access_review PRIMARY KEY (id), 
	CONSTRAINT ck_access_review_state CHECK (state in ('OPEN', 'CLOSED')), 
	CONSTRAINT ck_access_review_due CHECK (due_at >= started_at), 
	CONSTRAINT ck_access_review_closed CHECK ((state = 'CLOSED') = (closed_at is not null)), 
	CONSTRAINT fk_access_review_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id)
);

CREATE INDEX ix_access_review_owner_id_id ON access_review (owner_id, id);

CREATE TABLE block_pair (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	one_id UUID NOT NULL, 
	other_id UUID NOT NULL, 
	own_records_only BOOLEAN NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	reason TEXT NOT NULL, 
	lift_reason TEXT, 
	set_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	lifted_at TIMESTAMP WITH TIME ZONE, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_block_pair PRIMARY KEY (id), 
	CONSTRAINT ck_block_pair_state CHECK (state in ('ACTIVE', 'LIFTED')), 
	CONSTRAINT ck_block_pair_two_partners CHECK (one_id <> other_id), 
	CONSTRAINT ck_block_pair_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (one_id, other_id)), 
	CONSTRAINT ck_block_pair_lifted CHECK ((state = 'LIFTED') = (lifted_at is not null)), 
	CONSTRAINT fk_block_pair_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_block_pair_one_id FOREIGN KEY(one_id) REFERENCES partner (id), 
	CONSTRAINT fk_block_pair_other_id FOREIGN KEY(other_id) REFERENCES partner (id)
);

CREATE INDEX ix_block_pair_one ON block_pair (one_id, other_id) WHERE state = 'ACTIVE';

CREATE INDEX ix_block_pair_other ON block_pair (other_id, one_id) WHERE state = 'ACTIVE';

CREATE INDEX ix_block_pair_owner_id_id ON block_pair (owner_id, id);

CREATE UNIQUE INDEX uq_block_pair_standing ON block_pair (owner_id, one_id, other_id) WHERE state = 'ACTIVE';

CREATE TABLE disruption (
	id UUID NOT NULL, 
	sender_id UUID NOT NULL, 
	recipient_id UUID NOT NULL, 
	reference VARCHAR COLLATE "C", 
	cause VARCHAR COLLATE "C" NOT NULL, 
	effect VARCHAR COLLATE "C" NOT NULL, 
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expected_end_at TIMESTAMP WITH TIME ZONE, 
	text TEXT NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	measure TEXT, 
	reported_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	resolved_at TIMESTAMP WITH TIME ZONE, 
	consent VARCHAR COLLATE "C" NOT NULL, 
	origin_id UUID, 
	forwarded BOOLEAN NOT NULL, 
	source_id UUID, 
	resolve_with_source BOOLEAN NOT NULL, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_disruption PRIMARY KEY (id), 
	CONSTRAINT ck_disruption_cause CHECK (cause in ('STRIKE', 'NATURAL_DISASTER', 'PRODUCTION_INCIDENT', 'PANDEMIC_OR_EPIDEMIC', 'LOGISTICS_DISRUPTION', 'WAR', 'OTHER')), 
	CONSTRAINT ck_disruption_effect CHECK (effect in ('DEMAND_REDUCTION', 'DEMAND_INCREASE', 'CAPACITY_REDUCTION', 'CAPACITY_INCREASE')), 
	CONSTRAINT ck_disruption_consent CHECK (consent in ('NONE', 'MASKED', 'NAMED')), 
	CONSTRAINT ck_disruption_state CHECK (state in ('OPEN', 'RESOLVED')), 
	CONSTRAINT ck_disruption_two_firms CHECK (sender_id <> recipient_id), 
	CONSTRAINT ck_disruption_dates CHECK (expected_end_at > starts_at), 
	CONSTRAINT ck_disruption_source CHECK (forwarded or source_id is null), 
	CONSTRAINT ck_disruption_resolve_with_source CHECK (source_id is not null or not resolve_with_source), 
	CONSTRAINT ck_disruption_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (sender_id, recipient_id)), 
	CONSTRAINT fk_disruption_sender_id FOREIGN KEY(sender_id) REFERENCES partner (id), 
	CONSTRAINT fk_disruption_recipient_id FOREIGN KEY(recipient_id) REFERENCES partner (id), 
	CONSTRAINT fk_disruption_origin_id FOREIGN KEY(origin_id) REFERENCES partner (id), 
	CONSTRAINT fk_disruption_source_id FOREIGN KEY(source_id) REFERENCES disruption (id)
);

CREATE INDEX ix_disruption_recipient_id_id ON disruption (recipient_id, id);

CREATE INDEX ix_disruption_recipient_id_starts_at_id ON disruption (recipient_id, starts_at, id);

CREATE INDEX ix_disruption_sender_id_id ON disruption (sender_id, id);

CREATE INDEX ix_disruption_sender_id_starts_at_id ON disruption (sender_id, starts_at, id);

CREATE INDEX ix_disruption_source_id_sender_id ON disruption (source_id, sender_id);

CREATE TABLE frontend (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	redirect_uris VARCHAR[] COLLATE "C" NOT NULL, 
	origins VARCHAR[] COLLATE "C" NOT NULL, 
	token_scopes VARCHAR[] COLLATE "C" NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_used_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_frontend PRIMARY KEY (id), 
	CONSTRAINT ck_frontend_state CHECK (state in ('ACTIVE', 'SUSPENDED')), 
	CONSTRAINT fk_frontend_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE INDEX ix_frontend_partner_id_id ON frontend (partner_id, id);

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

CREATE TABLE identity_provider (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	issuer VARCHAR COLLATE "C" NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	active_number INTEGER, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_identity_provider PRIMARY KEY (id), 
	CONSTRAINT ck_identity_provider_state CHECK (state in ('DRAFT', 'ACTIVE', 'REMOVED')), 
	CONSTRAINT fk_identity_provider_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE INDEX ix_identity_provider_partner_id_id ON identity_provider (partner_id, id);

CREATE UNIQUE INDEX uq_identity_provider_issuer ON identity_provider (issuer) WHERE state = 'ACTIVE';

CREATE UNIQUE INDEX uq_identity_provider_partner ON identity_provider (partner_id) WHERE state = 'ACTIVE';

CREATE TABLE import_run (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	file_name TEXT NOT NULL, 
	file_sha256 VARCHAR COLLATE "C" NOT NULL, 
	map_sha256 VARCHAR COLLATE "C" NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	atoms_done INTEGER NOT NULL, 
	rows_done INTEGER NOT NULL, 
	refused INTEGER NOT NULL, 
	counts JSONB NOT NULL, 
	started_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_import_run PRIMARY KEY (id), 
	CONSTRAINT ck_import_run_state CHECK (state in ('RUNNING', 'DONE')), 
	CONSTRAINT fk_import_run_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE UNIQUE INDEX uq_import_run_running ON import_run (partner_id, file_sha256, map_sha256) WHERE state = 'RUNNING';

CREATE TABLE imported (
	partner_id UUID NOT NULL, 
	kind VARCHAR NOT NULL, 
	external_id VARCHAR NOT NULL, 
	record_id UUID NOT NULL, 
	digest VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_imported PRIMARY KEY (partner_id, kind, external_id), 
	CONSTRAINT ck_imported_kind CHECK (kind in ('ORDER', 'ORDER_LINE', 'SHIPMENT')), 
	CONSTRAINT fk_imported_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE TABLE integration (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	documents VARCHAR COLLATE "C" NOT NULL, 
	token_scopes VARCHAR[] NOT NULL, 
	purposes VARCHAR[], 
	kinds VARCHAR[], 
	state VARCHAR COLLATE "C" NOT NULL, 
	version INTEGER NOT NULL, 
	grade INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_used_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_integration PRIMARY KEY (id), 
	CONSTRAINT ck_integration_state CHECK (state in ('ACTIVE', 'SUSPENDED')), 
	CONSTRAINT ck_integration_documents CHECK (documents in ('ANY', 'TRUSTED')), 
	CONSTRAINT fk_integration_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE INDEX ix_integration_partner_id_id ON integration (partner_id, id);

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

CREATE TABLE person (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	email TEXT, 
	roles VARCHAR[] NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	provider_id UUID, 
	provider_subject VARCHAR COLLATE "C", 
	last_login_at TIMESTAMP WITH TIME ZONE, 
	version INTEGER NOT NULL, 
	grade INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_person PRIMARY KEY (id), 
	CONSTRAINT ck_person_state CHECK (state in ('ACTIVE', 'DEACTIVATED')), 
	CONSTRAINT ck_person_roles CHECK (roles <@ array['READER','PLANNER','STEWARD','ADMIN','AUDITOR','OPERATOR']::varchar[] and roles <> '{}'), 
	CONSTRAINT ck_person_provider CHECK ((provider_id is null) = (provider_subject is null)), 
	CONSTRAINT ck_person_operator CHECK (('OPERATOR' = any (roles)) <= (partner_id = '00000000-0000-0000-0000-000000000000')), 
	CONSTRAINT uq_person_provider_id_provider_subject UNIQUE (provider_id, provider_subject), 
	CONSTRAINT fk_person_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE INDEX ix_person_partner_id_id ON person (partner_id, id);

CREATE TABLE relationship (
	id UUID NOT NULL, 
	provider_id UUID NOT NULL, 
	recipient_id UUID NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	proposed_by UUID NOT NULL, 
	suspended_by UUID, 
	since DATE, 
	until DATE, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_relationship PRIMARY KEY (id), 
	CONSTRAINT ck_relationship_kind CHECK (kind in ('SUPPLY', 'CONTRACT_MANUFACTURING', 'DISTRIBUTION', 'LOGISTICS')), 
	CONSTRAINT ck_relationship_state CHECK (state in ('PROPOSED', 'ACTIVE', 'SUSPENDED', 'ENDED', 'DECLINED')), 
	CONSTRAINT ck_relationship_two_firms CHECK (provider_id <> recipient_id), 
	CONSTRAINT ck_relationship_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (provider_id, recipient_id)), 
	CONSTRAINT ck_relationship_suspended CHECK (suspended_by is null or state = 'SUSPENDED'), 
	CONSTRAINT fk_relationship_provider_id FOREIGN KEY(provider_id) REFERENCES partner (id), 
	CONSTRAINT fk_relationship_recipient_id FOREIGN KEY(recipient_id) REFERENCES partner (id), 
	CONSTRAINT fk_relationship_proposed_by FOREIGN KEY(proposed_by) REFERENCES partner (id), 
	CONSTRAINT fk_relationship_suspended_by FOREIGN KEY(suspended_by) REFERENCES partner (id)
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
	purposes VARCHAR[], 
	field_groups VARCHAR[] NOT NULL, 
	days_back INTEGER, 
	days_ahead INTEGER, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	valid_until TIMESTAMP WITH TIME ZONE, 
	receipts VARCHAR COLLATE "C", 
	state VARCHAR COLLATE "C" NOT NULL, 
	note TEXT, 
	authored_by VARCHAR COLLATE "C", 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_sharing_rule PRIMARY KEY (id), 
	CONSTRAINT ck_sharing_rule_state CHECK (state in ('DRAFT', 'ACTIVE', 'SUSPENDED', 'REVOKED')), 
	CONSTRAINT ck_sharing_rule_one_grantee CHECK ((grantee_id is null) <> (grantee_role is null)), 
	CONSTRAINT ck_sharing_rule_not_oneself CHECK (grantee_id <> owner_id), 
	CONSTRAINT ck_sharing_rule_validity CHECK (valid_until > valid_from), 
	CONSTRAINT ck_sharing_rule_purposes CHECK (cardinality(purposes) > 0), 
	CONSTRAINT ck_sharing_rule_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (owner_id, coalesce(grantee_id, owner_id))), 
	CONSTRAINT ck_sharing_rule_receipts CHECK (receipts in ('BATCHED', 'STRICT')), 
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

CREATE TABLE stored_document (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	sha256 VARCHAR COLLATE "C" NOT NULL, 
	name TEXT NOT NULL, 
	text TEXT NOT NULL, 
	operations VARCHAR[] NOT NULL, 
	cost INTEGER NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	registered_by VARCHAR COLLATE "C" NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	answers_until TIMESTAMP WITH TIME ZONE, 
	last_used_at TIMESTAMP WITH TIME ZONE, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_stored_document PRIMARY KEY (id), 
	CONSTRAINT ck_stored_document_state CHECK (state in ('REGISTERED', 'RETIRED')), 
	CONSTRAINT fk_stored_document_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE INDEX ix_stored_document_partner_id_id ON stored_document (partner_id, id);

CREATE UNIQUE INDEX ix_stored_document_partner_id_sha256 ON stored_document (partner_id, sha256);

CREATE TABLE webhook (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	url TEXT NOT NULL, 
	document TEXT NOT NULL, 
	operation_name TEXT, 
	variables TEXT NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	reason TEXT, 
	registered_by VARCHAR COLLATE "C" NOT NULL, 
	stands_on VARCHAR[] NOT NULL, 
	purposes VARCHAR[], 
	kinds VARCHAR[], 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	cursor VARCHAR COLLATE "C", 
	delivered_at TIMESTAMP WITH TIME ZONE, 
	delivered_through TIMESTAMP WITH TIME ZONE, 
	pending_since TIMESTAMP WITH TIME ZONE, 
	failed_tries INTEGER NOT NULL, 
	deaths INTEGER NOT NULL, 
	next_try_at TIMESTAMP WITH TIME ZONE, 
	last_attempt_at TIMESTAMP WITH TIME ZONE, 
	last_status INTEGER, 
	last_error TEXT, 
	CONSTRAINT pk_webhook PRIMARY KEY (id), 
	CONSTRAINT ck_webhook_state CHECK (state in ('ACTIVE', 'SUSPENDED', 'FAILED', 'DISABLED')), 
	CONSTRAINT fk_webhook_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE INDEX ix_webhook_partner_id_id ON webhook (partner_id, id);

CREATE TABLE access_review_line (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	review_id UUID NOT NULL, 
	line_no INTEGER NOT NULL, 
	about VARCHAR COLLATE "C" NOT NULL, 
	rule_id UUID, 
	integration_id UUID, 
	person_id UUID, 
	subject_version INTEGER NOT NULL, 
	kind VARCHAR COLLATE "C", 
	grantee_id UUID, 
	grantee_role VARCHAR COLLATE "C", 
	field_groups VARCHAR[], 
	name TEXT, 
	role VARCHAR COLLATE "C", 
	token_scopes VARCHAR[], 
	purposes VARCHAR[], 
	kinds VARCHAR[], 
	expires_at TIMESTAMP WITH TIME ZONE, 
	stale_days INTEGER, 
	activated_by VARCHAR COLLATE "C", 
	activated_at TIMESTAMP WITH TIME ZONE, 
	last_used_at TIMESTAMP WITH TIME ZONE, 
	state VARCHAR COLLATE "C" NOT NULL, 
	decision VARCHAR COLLATE "C", 
	attested_version INTEGER, 
	attested_by VARCHAR COLLATE "C", 
	attested_at TIMESTAMP WITH TIME ZONE, 
	reason TEXT, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_access_review_line PRIMARY KEY (id), 
	CONSTRAINT ck_access_review_line_state CHECK (state in ('PENDING', 'ATTESTED', 'CHANGED', 'GONE')), 
	CONSTRAINT ck_access_review_line_decision CHECK (decision in ('KEEP', 'REVOKE')), 
	CONSTRAINT ck_access_review_line_about CHECK (about in ('RULE', 'INTEGRATION', 'PERSON')), 
	CONSTRAINT ck_access_review_line_one_subject CHECK (num_nonnulls(rule_id, integration_id, person_id) = 1), 
	CONSTRAINT ck_access_review_line_rule CHECK ((about = 'RULE') = (rule_id is not null and kind is not null)), 
	CONSTRAINT ck_access_review_line_person CHECK ((about = 'PERSON') = (person_id is not null and role is not null)), 
	CONSTRAINT uq_access_review_line_review_id_rule_id UNIQUE (review_id, rule_id), 
	CONSTRAINT uq_access_review_line_review_id_integration_id UNIQUE (review_id, integration_id), 
	CONSTRAINT uq_access_review_line_review_id_person_id_role UNIQUE (review_id, person_id, role), 
	CONSTRAINT uq_access_review_line_review_id_line_no UNIQUE (review_id, line_no), 
	CONSTRAINT fk_access_review_line_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_access_review_line_review_id FOREIGN KEY(review_id) REFERENCES access_review (id), 
	CONSTRAINT fk_access_review_line_rule_id FOREIGN KEY(rule_id) REFERENCES sharing_rule (id), 
	CONSTRAINT fk_access_review_line_integration_id FOREIGN KEY(integration_id) REFERENCES integration (id), 
	CONSTRAINT fk_access_review_line_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_access_review_line_grantee_id FOREIGN KEY(grantee_id) REFERENCES partner (id)
);

CREATE INDEX ix_access_review_line_integration_id ON access_review_line (integration_id);

CREATE INDEX ix_access_review_line_owner_id_id ON access_review_line (owner_id, id);

CREATE INDEX ix_access_review_line_person_id ON access_review_line (person_id);

CREATE INDEX ix_access_review_line_rule_id ON access_review_line (rule_id);

CREATE TABLE agreement (
	id UUID NOT NULL, 
	relationship_id UUID NOT NULL, 
	provider_id UUID NOT NULL, 
	recipient_id UUID NOT NULL, 
	title TEXT NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	version_no INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_agreement PRIMARY KEY (id), 
	CONSTRAINT ck_agreement_state CHECK (state in ('PROPOSED', 'DECLINED', 'WITHDRAWN', 'SIGNED', 'TERMINATED')), 
	CONSTRAINT fk_agreement_relationship_id FOREIGN KEY(relationship_id) REFERENCES relationship (id), 
	CONSTRAINT fk_agreement_provider_id FOREIGN KEY(provider_id) REFERENCES partner (id), 
	CONSTRAINT fk_agreement_recipient_id FOREIGN KEY(recipient_id) REFERENCES partner (id)
);

CREATE INDEX ix_agreement_provider_id_id ON agreement (provider_id, id);

CREATE INDEX ix_agreement_recipient_id_id ON agreement (recipient_id, id);

CREATE INDEX ix_agreement_relationship_id_id ON agreement (relationship_id, id);

CREATE TABLE breach (
	id UUID NOT NULL, 
	affected_id UUID NOT NULL, 
	other_id UUID, 
	criterion VARCHAR COLLATE "C" NOT NULL, 
	subject VARCHAR COLLATE "C" NOT NULL, 
	bucket DATE, 
	item_id UUID, 
	site_id UUID, 
	variance NUMERIC(21, 6) NOT NULL, 
	allowed NUMERIC(21, 6) NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	basis VARCHAR COLLATE "C" NOT NULL, 
	basis_version INTEGER NOT NULL, 
	clause VARCHAR COLLATE "C", 
	severity VARCHAR COLLATE "C" NOT NULL, 
	found_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	returned_at TIMESTAMP WITH TIME ZONE, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_breach PRIMARY KEY (id), 
	CONSTRAINT uq_breach_key UNIQUE NULLS NOT DISTINCT (affected_id, criterion, subject, bucket), 
	CONSTRAINT ck_breach_criterion CHECK (criterion in ('LATE_ORDER', 'EARLY_ORDER', 'RESPONSE_REQUIRED', 'RECEIPT_VARIANCE', 'FORECAST_MISMATCH', 'FROZEN_CHANGE', 'STALE', 'BELOW_TARGET', 'SHORTAGE', 'EXCESS', 'SERVICE_LEVEL')), 
	CONSTRAINT ck_breach_basis CHECK (basis in ('DEFAULT', 'CLAUSE')), 
	CONSTRAINT ck_breach_severity CHECK (severity in ('LOW', 'MEDIUM', 'HIGH')), 
	CONSTRAINT ck_breach_two_firms CHECK (affected_id <> other_id), 
	CONSTRAINT ck_breach_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (affected_id, coalesce(other_id, affected_id))), 
	CONSTRAINT fk_breach_affected_id FOREIGN KEY(affected_id) REFERENCES partner (id), 
	CONSTRAINT fk_breach_other_id FOREIGN KEY(other_id) REFERENCES partner (id), 
	CONSTRAINT fk_breach_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_breach_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE INDEX ix_breach_affected_id_id ON breach (affected_id, id);

CREATE INDEX ix_breach_affected_id_subject ON breach (affected_id, subject);

CREATE INDEX ix_breach_item_id_id ON breach (item_id, id);

CREATE INDEX ix_breach_other_id_id ON breach (other_id, id);

CREATE TABLE credential (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	integration_id UUID NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	revoked_at TIMESTAMP WITH TIME ZONE, 
	last_used_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_credential PRIMARY KEY (id), 
	CONSTRAINT ck_credential_kind CHECK (kind in ('SECRET', 'PUBLIC_KEY')), 
	CONSTRAINT fk_credential_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_credential_integration_id FOREIGN KEY(integration_id) REFERENCES integration (id)
);

CREATE INDEX ix_credential_integration_id_id ON credential (integration_id, id);

CREATE INDEX ix_credential_partner_id_id ON credential (partner_id, id);

CREATE TABLE disruption_item (
	id UUID NOT NULL, 
	disruption_id UUID NOT NULL, 
	item_id UUID NOT NULL, 
	CONSTRAINT pk_disruption_item PRIMARY KEY (id), 
	CONSTRAINT uq_disruption_item_disruption_id_item_id UNIQUE (disruption_id, item_id), 
	CONSTRAINT fk_disruption_item_disruption_id FOREIGN KEY(disruption_id) REFERENCES disruption (id), 
	CONSTRAINT fk_disruption_item_item_id FOREIGN KEY(item_id) REFERENCES item (id)
);

CREATE TABLE disruption_site (
	id UUID NOT NULL, 
	disruption_id UUID NOT NULL, 
	site_id UUID NOT NULL, 
	CONSTRAINT pk_disruption_site PRIMARY KEY (id), 
	CONSTRAINT uq_disruption_site_disruption_id_site_id UNIQUE (disruption_id, site_id), 
	CONSTRAINT fk_disruption_site_disruption_id FOREIGN KEY(disruption_id) REFERENCES disruption (id), 
	CONSTRAINT fk_disruption_site_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE TABLE disruption_update (
	id UUID NOT NULL, 
	disruption_id UUID NOT NULL, 
	update_no INTEGER NOT NULL, 
	as_of TIMESTAMP WITH TIME ZONE NOT NULL, 
	text TEXT NOT NULL, 
	expected_end_at TIMESTAMP WITH TIME ZONE, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_disruption_update PRIMARY KEY (id), 
	CONSTRAINT uq_disruption_update_disruption_id_update_no UNIQUE (disruption_id, update_no), 
	CONSTRAINT fk_disruption_update_disruption_id FOREIGN KEY(disruption_id) REFERENCES disruption (id)
);

CREATE TABLE identity_provider_version (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	provider_id UUID NOT NULL, 
	number INTEGER NOT NULL, 
	client_id VARCHAR COLLATE "C" NOT NULL, 
	role_claim VARCHAR COLLATE "C" NOT NULL, 
	mappings VARCHAR[] NOT NULL, 
	creates_people BOOLEAN NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	tested_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_identity_provider_version PRIMARY KEY (id), 
	CONSTRAINT uq_identity_provider_version_provider_id_number UNIQUE (provider_id, number), 
	CONSTRAINT fk_identity_provider_version_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_identity_provider_version_provider_id FOREIGN KEY(provider_id) REFERENCES identity_provider (id)
);

CREATE INDEX ix_identity_provider_version_partner_id_id ON identity_provider_version (partner_id, id);

CREATE TABLE inventory_position (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	holder_id UUID NOT NULL, 
	site_id UUID NOT NULL, 
	item_id UUID NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	stated_by UUID NOT NULL, 
	as_of TIMESTAMP WITH TIME ZONE NOT NULL, 
	as_of_on DATE NOT NULL, 
	available NUMERIC(21, 6) NOT NULL, 
	blocked NUMERIC(21, 6), 
	allocated NUMERIC(21, 6), 
	in_transit NUMERIC(21, 6), 
	on_order NUMERIC(21, 6), 
	minimum NUMERIC(21, 6), 
	maximum NUMERIC(21, 6), 
	target NUMERIC(21, 6), 
	safety_stock NUMERIC(21, 6), 
	targets_set_at TIMESTAMP WITH TIME ZONE, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_inventory_position PRIMARY KEY (id), 
	CONSTRAINT uq_inventory_position_owner_id_holder_id_site_id_item_i_510c UNIQUE (owner_id, holder_id, site_id, item_id, stated_by), 
	CONSTRAINT ck_inventory_position_stater CHECK (stated_by in (owner_id, holder_id)), 
	CONSTRAINT ck_inventory_position_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT ck_inventory_position_range CHECK (maximum >= minimum), 
	CONSTRAINT ck_inventory_position_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (owner_id, holder_id)), 
	CONSTRAINT ck_inventory_position_available CHECK (available >= 0), 
	CONSTRAINT ck_inventory_position_blocked CHECK (blocked >= 0), 
	CONSTRAINT ck_inventory_position_allocated CHECK (allocated >= 0), 
	CONSTRAINT ck_inventory_position_in_transit CHECK (in_transit >= 0), 
	CONSTRAINT ck_inventory_position_on_order CHECK (on_order >= 0), 
	CONSTRAINT ck_inventory_position_minimum CHECK (minimum >= 0), 
	CONSTRAINT ck_inventory_position_maximum CHECK (maximum >= 0), 
	CONSTRAINT ck_inventory_position_target CHECK (target >= 0), 
	CONSTRAINT ck_inventory_position_safety_stock CHECK (safety_stock >= 0), 
	CONSTRAINT fk_inventory_position_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_inventory_position_holder_id FOREIGN KEY(holder_id) REFERENCES partner (id), 
	CONSTRAINT fk_inventory_position_site_id FOREIGN KEY(site_id) REFERENCES site (id), 
	CONSTRAINT fk_inventory_position_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_inventory_position_stated_by FOREIGN KEY(stated_by) REFERENCES partner (id)
);

CREATE INDEX ix_inventory_position_holder_id_as_of_id ON inventory_position (holder_id, as_of, id);

CREATE INDEX ix_inventory_position_holder_id_id ON inventory_position (holder_id, id);

CREATE INDEX ix_inventory_position_item ON inventory_position (owner_id, item_id, id) INCLUDE (as_of_on, site_id);

CREATE INDEX ix_inventory_position_item_id_as_of_id ON inventory_position (item_id, as_of, id);

CREATE INDEX ix_inventory_position_item_id_id ON inventory_position (item_id, id);

CREATE INDEX ix_inventory_position_owner_id_as_of_id ON inventory_position (owner_id, as_of, id);

CREATE INDEX ix_inventory_position_owner_id_id ON inventory_position (owner_id, id);

CREATE INDEX ix_inventory_position_site ON inventory_position (owner_id, site_id, id) INCLUDE (as_of_on, item_id);

CREATE TABLE invitation (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	roles VARCHAR[] NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	bootstrap BOOLEAN NOT NULL, 
	person_id UUID, 
	CONSTRAINT pk_invitation PRIMARY KEY (id), 
	CONSTRAINT ck_invitation_state CHECK (state in ('OPEN', 'ACCEPTED', 'WITHDRAWN')), 
	CONSTRAINT ck_invitation_roles CHECK (roles <@ array['READER','PLANNER','STEWARD','ADMIN','AUDITOR','OPERATOR']::varchar[] and roles <> '{}'), 
	CONSTRAINT ck_invitation_operator CHECK (('OPERATOR' = any (roles)) <= (partner_id = '00000000-0000-0000-0000-000000000000')), 
	CONSTRAINT fk_invitation_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_invitation_person_id FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE INDEX ix_invitation_partner_id_id ON invitation (partner_id, id);

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

CREATE TABLE item_link (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	parent_id UUID NOT NULL, 
	item_id UUID NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	quantity NUMERIC(21, 6), 
	unit VARCHAR COLLATE "C", 
	valid_from DATE NOT NULL, 
	valid_until DATE, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_item_link PRIMARY KEY (id), 
	CONSTRAINT ck_item_link_kind CHECK (kind in ('COMPONENT', 'SUBSTITUTE', 'SUPERSEDES', 'PACKAGING')), 
	CONSTRAINT ck_item_link_two_items CHECK (parent_id <> item_id), 
	CONSTRAINT ck_item_link_quantity CHECK (quantity > 0), 
	CONSTRAINT ck_item_link_measured CHECK ((quantity is null) = (unit is null)), 
	CONSTRAINT ck_item_link_counted CHECK (kind not in ('COMPONENT', 'PACKAGING') or quantity is not null), 
	CONSTRAINT ck_item_link_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT ck_item_link_validity CHECK (valid_until > valid_from), 
	CONSTRAINT ck_item_link_not_the_hub CHECK (owner_id <> '00000000-0000-0000-0000-000000000000'), 
	CONSTRAINT fk_item_link_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_item_link_parent_id FOREIGN KEY(parent_id) REFERENCES item (id), 
	CONSTRAINT fk_item_link_item_id FOREIGN KEY(item_id) REFERENCES item (id)
);

CREATE INDEX ix_item_link_item_id_id ON item_link (item_id, id);

CREATE INDEX ix_item_link_owner_id_id ON item_link (owner_id, id);

CREATE INDEX ix_item_link_owner_id_parent_id_id ON item_link (owner_id, parent_id, id);

CREATE INDEX ix_item_link_parent_id_id ON item_link (parent_id, id);

CREATE TABLE local_account (
	person_id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	account VARCHAR COLLATE "C" NOT NULL, 
	password VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_local_account PRIMARY KEY (person_id), 
	CONSTRAINT uq_local_account_partner_id_account UNIQUE (partner_id, account), 
	CONSTRAINT fk_local_account_person_id FOREIGN KEY(person_id) REFERENCES person (id), 
	CONSTRAINT fk_local_account_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE TABLE login_grant (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	frontend_id UUID NOT NULL, 
	subject VARCHAR COLLATE "C" NOT NULL, 
	token_scopes VARCHAR[] COLLATE "C" NOT NULL, 
	authenticated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_login_grant PRIMARY KEY (id), 
	CONSTRAINT fk_login_grant_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_login_grant_frontend_id FOREIGN KEY(frontend_id) REFERENCES frontend (id)
);

CREATE INDEX ix_login_grant_partner_id_id ON login_grant (partner_id, id);

CREATE TABLE objective (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	counterparty_id UUID NOT NULL, 
	relationship_id UUID NOT NULL, 
	measure VARCHAR COLLATE "C" NOT NULL, 
	aim VARCHAR COLLATE "C" NOT NULL, 
	target NUMERIC(21, 6) NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	since DATE NOT NULL, 
	version INTEGER NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_objective PRIMARY KEY (id), 
	CONSTRAINT uq_objective_owner_id_relationship_id_measure UNIQUE (owner_id, relationship_id, measure), 
	CONSTRAINT ck_objective_aim CHECK (aim in ('AT_LEAST', 'AT_MOST')), 
	CONSTRAINT ck_objective_measure CHECK (measure ~ '^[A-Z][A-Z0-9_]{0,39}$'), 
	CONSTRAINT ck_objective_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT fk_objective_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_objective_counterparty_id FOREIGN KEY(counterparty_id) REFERENCES partner (id), 
	CONSTRAINT fk_objective_relationship_id FOREIGN KEY(relationship_id) REFERENCES relationship (id)
);

CREATE INDEX ix_objective_counterparty_id_id ON objective (counterparty_id, id);

CREATE INDEX ix_objective_owner_id_id ON objective (owner_id, id);

CREATE INDEX ix_objective_relationship_id_measure_id ON objective (relationship_id, measure, id);

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

CREATE TABLE relationship_contact (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	counterparty_id UUID NOT NULL, 
	relationship_id UUID NOT NULL, 
	function VARCHAR COLLATE "C" NOT NULL, 
	name TEXT NOT NULL, 
	email TEXT, 
	phone TEXT, 
	version INTEGER NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_relationship_contact PRIMARY KEY (id), 
	CONSTRAINT uq_relationship_contact_owner_id_relationship_id_function UNIQUE (owner_id, relationship_id, function), 
	CONSTRAINT ck_relationship_contact_function CHECK (function in ('PURCHASING', 'SALES', 'PLANNING', 'LOGISTICS', 'QUALITY', 'FINANCE', 'IT', 'MANAGEMENT')), 
	CONSTRAINT fk_relationship_contact_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_relationship_contact_counterparty_id FOREIGN KEY(counterparty_id) REFERENCES partner (id), 
	CONSTRAINT fk_relationship_contact_relationship_id FOREIGN KEY(relationship_id) REFERENCES relationship (id)
);

CREATE INDEX ix_relationship_contact_counterparty_id_id ON relationship_contact (counterparty_id, id);

CREATE INDEX ix_relationship_contact_owner_id_id ON relationship_contact (owner_id, id);

CREATE INDEX ix_relationship_contact_relationship_id_function_id ON relationship_contact (relationship_id, function, id);

CREATE TABLE relationship_event (
	id UUID NOT NULL, 
	relationship_id UUID NOT NULL, 
	event_no INTEGER NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	by_id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_relationship_event PRIMARY KEY (id), 
	CONSTRAINT uq_relationship_event_relationship_id_event_no UNIQUE (relationship_id, event_no), 
	CONSTRAINT ck_relationship_event_state CHECK (state in ('PROPOSED', 'ACTIVE', 'SUSPENDED', 'ENDED', 'DECLINED')), 
	CONSTRAINT fk_relationship_event_relationship_id FOREIGN KEY(relationship_id) REFERENCES relationship (id), 
	CONSTRAINT fk_relationship_event_by_id FOREIGN KEY(by_id) REFERENCES partner (id)
);

CREATE TABLE relationship_profile (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	relationship_id UUID NOT NULL, 
	supply_risk INTEGER, 
	profit_impact INTEGER, 
	kraljic VARCHAR COLLATE "C", 
	partnership VARCHAR COLLATE "C", 
	review_on DATE, 
	segment TEXT, 
	value_amount NUMERIC(21, 6), 
	currency VARCHAR COLLATE "C", 
	potential INTEGER, 
	note TEXT, 
	version INTEGER NOT NULL, 
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_relationship_profile PRIMARY KEY (id), 
	CONSTRAINT uq_relationship_profile_owner_id_relationship_id UNIQUE (owner_id, relationship_id), 
	CONSTRAINT ck_relationship_profile_kraljic CHECK (kraljic in ('STRATEGIC', 'LEVERAGE', 'BOTTLENECK', 'NON_CRITICAL')), 
	CONSTRAINT ck_relationship_profile_partnership CHECK (partnership in ('ARMS_LENGTH', 'TYPE_I', 'TYPE_II', 'TYPE_III', 'JOINT_VENTURE', 'VERTICAL_INTEGRATION')), 
	CONSTRAINT ck_relationship_profile_supply_risk CHECK (supply_risk between 1 and 5), 
	CONSTRAINT ck_relationship_profile_profit_impact CHECK (profit_impact between 1 and 5), 
	CONSTRAINT ck_relationship_profile_potential CHECK (potential between 1 and 5), 
	CONSTRAINT ck_relationship_profile_value_amount CHECK (value_amount >= 0), 
	CONSTRAINT ck_relationship_profile_money CHECK ((value_amount is null) = (currency is null)), 
	CONSTRAINT ck_relationship_profile_currency CHECK (currency ~ '^[A-Z]{3}$'), 
	CONSTRAINT fk_relationship_profile_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_relationship_profile_relationship_id FOREIGN KEY(relationship_id) REFERENCES relationship (id)
);

CREATE INDEX ix_relationship_profile_owner_id_id ON relationship_profile (owner_id, id);

CREATE INDEX ix_relationship_profile_relationship_id_updated_at_id ON relationship_profile (relationship_id, updated_at, id);

CREATE TABLE risk (
	id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	item_id UUID, 
	site_id UUID, 
	title TEXT NOT NULL, 
	cause VARCHAR COLLATE "C" NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	likelihood INTEGER NOT NULL, 
	impact INTEGER NOT NULL, 
	impact_amount NUMERIC(21, 6), 
	currency VARCHAR COLLATE "C", 
	note TEXT, 
	time_to_recover_days INTEGER, 
	declared_on DATE, 
	mitigation TEXT, 
	mitigation_owner TEXT, 
	mitigation_due_on DATE, 
	review_on DATE, 
	occurred_at TIMESTAMP WITH TIME ZONE, 
	resolved_at TIMESTAMP WITH TIME ZONE, 
	measure TEXT, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_risk PRIMARY KEY (id), 
	CONSTRAINT ck_risk_cause CHECK (cause in ('STRIKE', 'NATURAL_DISASTER', 'PRODUCTION_INCIDENT', 'PANDEMIC_OR_EPIDEMIC', 'LOGISTICS_DISRUPTION', 'WAR', 'OTHER')), 
	CONSTRAINT ck_risk_state CHECK (state in ('REGISTERED', 'OPEN', 'RESOLVED', 'RETIRED')), 
	CONSTRAINT ck_risk_subject CHECK (item_id is not null or site_id is not null), 
	CONSTRAINT ck_risk_likelihood CHECK (likelihood between 1 and 5), 
	CONSTRAINT ck_risk_impact CHECK (impact between 1 and 5), 
	CONSTRAINT ck_risk_impact_amount CHECK (impact_amount >= 0), 
	CONSTRAINT ck_risk_money CHECK ((impact_amount is null) = (currency is null)), 
	CONSTRAINT ck_risk_currency CHECK (currency ~ '^[A-Z]{3}$'), 
	CONSTRAINT ck_risk_time_to_recover_days CHECK (time_to_recover_days >= 0), 
	CONSTRAINT ck_risk_declared CHECK ((time_to_recover_days is null) = (declared_on is null)), 
	CONSTRAINT ck_risk_not_the_hub CHECK (owner_id <> '00000000-0000-0000-0000-000000000000'), 
	CONSTRAINT fk_risk_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_risk_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_risk_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE INDEX ix_risk_item_id_id ON risk (item_id, id);

CREATE INDEX ix_risk_owner_id_id ON risk (owner_id, id);

CREATE INDEX ix_risk_owner_id_item_id_id ON risk (owner_id, item_id, id);

CREATE INDEX ix_risk_owner_id_site_id_id ON risk (owner_id, site_id, id);

CREATE INDEX ix_risk_site_id_id ON risk (site_id, id);

CREATE TABLE scope (
	id UUID NOT NULL, 
	rule_id UUID NOT NULL, 
	granter UUID NOT NULL, 
	grantee UUID NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	owner UUID NOT NULL, 
	item UUID, 
	site UUID, 
	item_key UUID GENERATED ALWAYS AS (coalesce(item, '00000000-0000-0000-0000-000000000000'::uuid)) STORED, 
	site_key UUID GENERATED ALWAYS AS (coalesce(site, '00000000-0000-0000-0000-000000000000'::uuid)) STORED, 
	tokens VARCHAR[] NOT NULL, 
	purposes VARCHAR[], 
	receipts VARCHAR COLLATE "C", 
	days_back INTEGER, 
	days_ahead INTEGER, 
	hidden_parties UUID[], 
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

CREATE INDEX ix_scope_lookup ON scope (grantee, kind, owner, item_key);

CREATE INDEX ix_scope_owner ON scope (owner, kind);

CREATE INDEX ix_scope_receipts ON scope (grantee) WHERE receipts is not null;

CREATE INDEX ix_scope_rule_id ON scope (rule_id);

CREATE INDEX ix_scope_valid_from ON scope (valid_from);

CREATE INDEX ix_scope_valid_until ON scope (valid_until) WHERE valid_until is not null;

CREATE TABLE session (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	person_id UUID NOT NULL, 
	door VARCHAR COLLATE "C" NOT NULL, 
	authenticated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_session PRIMARY KEY (id), 
	CONSTRAINT ck_session_door CHECK (door in ('LOCAL', 'PROVIDER', 'INVITATION')), 
	CONSTRAINT fk_session_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_session_person_id FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE INDEX ix_session_partner_id_id ON session (partner_id, id);

CREATE INDEX ix_session_person_id_id ON session (person_id, id);

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

CREATE TABLE time_series (
	id UUID NOT NULL, 
	measure VARCHAR COLLATE "C" NOT NULL, 
	publisher_id UUID NOT NULL, 
	counterparty_id UUID, 
	item_id UUID NOT NULL, 
	site_id UUID, 
	bucket VARCHAR COLLATE "C" NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	basis VARCHAR COLLATE "C" NOT NULL, 
	answers_series_id UUID, 
	answers_version_no INTEGER, 
	version_no INTEGER NOT NULL, 
	published_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	reason TEXT, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_time_series PRIMARY KEY (id), 
	CONSTRAINT uq_time_series_natural_key UNIQUE NULLS NOT DISTINCT (publisher_id, measure, item_id, counterparty_id, site_id, basis, bucket, unit), 
	CONSTRAINT ck_time_series_measure CHECK (measure in ('DEMAND', 'SELL_OUT', 'COMMIT', 'PRODUCTION', 'CAPACITY')), 
	CONSTRAINT ck_time_series_bucket CHECK (bucket in ('DAY', 'WEEK', 'MONTH')), 
	CONSTRAINT ck_time_series_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT ck_time_series_basis CHECK (basis ~ '^[A-Z0-9]{0,8}$'), 
	CONSTRAINT ck_time_series_capacity_basis CHECK (measure <> 'CAPACITY' or basis in ('ACTUAL', 'MAXIMUM', 'AGREED')), 
	CONSTRAINT ck_time_series_commit_answers CHECK ((measure = 'COMMIT') = (answers_series_id is not null)), 
	CONSTRAINT ck_time_series_two_firms CHECK (publisher_id <> counterparty_id), 
	CONSTRAINT ck_time_series_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (publisher_id, coalesce(counterparty_id, publisher_id))), 
	CONSTRAINT fk_time_series_publisher_id FOREIGN KEY(publisher_id) REFERENCES partner (id), 
	CONSTRAINT fk_time_series_counterparty_id FOREIGN KEY(counterparty_id) REFERENCES partner (id), 
	CONSTRAINT fk_time_series_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_time_series_site_id FOREIGN KEY(site_id) REFERENCES site (id), 
	CONSTRAINT fk_time_series_answers_series_id FOREIGN KEY(answers_series_id) REFERENCES time_series (id)
);

CREATE INDEX ix_time_series_answers_series_id_id ON time_series (answers_series_id, id) WHERE answers_series_id is not null;

CREATE INDEX ix_time_series_counterparty_id_measure_id ON time_series (counterparty_id, measure, id);

CREATE INDEX ix_time_series_counterparty_id_measure_item_id_id ON time_series (counterparty_id, measure, item_id, id);

CREATE INDEX ix_time_series_item_id_measure_id ON time_series (item_id, measure, id);

CREATE INDEX ix_time_series_publisher_id_measure_id ON time_series (publisher_id, measure, id);

CREATE INDEX ix_time_series_publisher_id_measure_item_id_id ON time_series (publisher_id, measure, item_id, id);

CREATE TABLE webhook_delivery (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	webhook_id UUID NOT NULL, 
	purpose VARCHAR COLLATE "C" NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	message_id VARCHAR COLLATE "C" NOT NULL, 
	epoch BIGINT, 
	seq BIGINT, 
	part VARCHAR COLLATE "C" NOT NULL, 
	changed_at TIMESTAMP WITH TIME ZONE, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	tries INTEGER NOT NULL, 
	last_attempt_at TIMESTAMP WITH TIME ZONE, 
	last_status INTEGER, 
	last_error TEXT, 
	CONSTRAINT pk_webhook_delivery PRIMARY KEY (id), 
	CONSTRAINT ck_webhook_delivery_purpose CHECK (purpose in ('CHANGE', 'TEST')), 
	CONSTRAINT ck_webhook_delivery_state CHECK (state in ('QUEUED', 'DELIVERED', 'DEAD', 'WITHHELD')), 
	CONSTRAINT fk_webhook_delivery_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_webhook_delivery_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhook (id)
);

CREATE INDEX ix_webhook_delivery_partner_id_id ON webhook_delivery (partner_id, id);

CREATE INDEX ix_webhook_delivery_webhook_id_id ON webhook_delivery (webhook_id, id);

CREATE TABLE webhook_secret (
	id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	webhook_id UUID NOT NULL, 
	sealed BYTEA NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ends_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_webhook_secret PRIMARY KEY (id), 
	CONSTRAINT fk_webhook_secret_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_webhook_secret_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhook (id)
);

CREATE INDEX ix_webhook_secret_webhook_id_id ON webhook_secret (webhook_id, id);

CREATE TABLE agreement_version (
	id UUID NOT NULL, 
	agreement_id UUID NOT NULL, 
	relationship_id UUID NOT NULL, 
	provider_id UUID NOT NULL, 
	recipient_id UUID NOT NULL, 
	version_no INTEGER NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	proposed_by UUID NOT NULL, 
	in_force_from DATE NOT NULL, 
	in_force_until DATE, 
	notice_days INTEGER NOT NULL, 
	note TEXT, 
	reason TEXT, 
	ending_reason TEXT, 
	digest VARCHAR COLLATE "C" NOT NULL, 
	proposed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	signed_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_agreement_version PRIMARY KEY (id), 
	CONSTRAINT uq_agreement_version_agreement_id_version_no UNIQUE (agreement_id, version_no), 
	CONSTRAINT ck_agreement_version_state CHECK (state in ('PROPOSED', 'COUNTERED', 'DECLINED', 'WITHDRAWN', 'SIGNED', 'SUPERSEDED', 'TERMINATED')), 
	CONSTRAINT ck_agreement_version_notice_days CHECK (notice_days >= 0), 
	CONSTRAINT fk_agreement_version_agreement_id FOREIGN KEY(agreement_id) REFERENCES agreement (id), 
	CONSTRAINT fk_agreement_version_relationship_id FOREIGN KEY(relationship_id) REFERENCES relationship (id), 
	CONSTRAINT fk_agreement_version_provider_id FOREIGN KEY(provider_id) REFERENCES partner (id), 
	CONSTRAINT fk_agreement_version_recipient_id FOREIGN KEY(recipient_id) REFERENCES partner (id), 
	CONSTRAINT fk_agreement_version_proposed_by FOREIGN KEY(proposed_by) REFERENCES partner (id)
);

CREATE INDEX ix_agreement_version_provider_id_id ON agreement_version (provider_id, id);

CREATE INDEX ix_agreement_version_recipient_id_id ON agreement_version (recipient_id, id);

CREATE TABLE authorization_code (
	digest BYTEA NOT NULL, 
	partner_id UUID NOT NULL, 
	grant_id UUID NOT NULL, 
	redirect_uri VARCHAR COLLATE "C" NOT NULL, 
	code_challenge VARCHAR COLLATE "C" NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	used_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_authorization_code PRIMARY KEY (digest), 
	CONSTRAINT fk_authorization_code_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_authorization_code_grant_id FOREIGN KEY(grant_id) REFERENCES login_grant (id)
);

CREATE INDEX ix_authorization_code_grant_id ON authorization_code (grant_id);

CREATE TABLE breach_evidence (
	id UUID NOT NULL, 
	breach_id UUID NOT NULL, 
	evidence_no INTEGER NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	record VARCHAR COLLATE "C" NOT NULL, 
	field VARCHAR COLLATE "C" NOT NULL, 
	value VARCHAR COLLATE "C" NOT NULL, 
	record_version INTEGER, 
	stated_at TIMESTAMP WITH TIME ZONE, 
	seen_by UUID[] NOT NULL, 
	rule_kind VARCHAR COLLATE "C" NOT NULL, 
	owner_id UUID NOT NULL, 
	item_id UUID, 
	site_id UUID, 
	day DATE, 
	field_groups VARCHAR[], 
	CONSTRAINT pk_breach_evidence PRIMARY KEY (id), 
	CONSTRAINT uq_breach_evidence_breach_id_evidence_no UNIQUE (breach_id, evidence_no), 
	CONSTRAINT fk_breach_evidence_breach_id FOREIGN KEY(breach_id) REFERENCES breach (id), 
	CONSTRAINT fk_breach_evidence_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_breach_evidence_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_breach_evidence_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE INDEX ix_breach_evidence_reach ON breach_evidence (owner_id, rule_kind, item_id);

CREATE TABLE case_file (
	id UUID NOT NULL, 
	opener_id UUID NOT NULL, 
	counterparty_id UUID, 
	breach_id UUID, 
	template VARCHAR COLLATE "C" NOT NULL, 
	severity VARCHAR COLLATE "C" NOT NULL, 
	level INTEGER NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	title TEXT NOT NULL, 
	due_on DATE, 
	escalated_for DATE, 
	version INTEGER NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_case_file PRIMARY KEY (id), 
	CONSTRAINT ck_case_file_template CHECK (template in ('EXCEPTION', 'CLAIM', 'INQUIRY', 'DIVERGENCE', 'DISPUTE', 'IMPROVEMENT')), 
	CONSTRAINT ck_case_file_severity CHECK (severity in ('LOW', 'MEDIUM', 'HIGH')), 
	CONSTRAINT ck_case_file_state CHECK (state in ('OPEN', 'ACKNOWLEDGED', 'IN_PROGRESS', 'RESOLVED', 'CLOSED', 'REOPENED')), 
	CONSTRAINT ck_case_file_level CHECK (level between 0 and 9), 
	CONSTRAINT ck_case_file_two_firms CHECK (opener_id <> counterparty_id), 
	CONSTRAINT ck_case_file_two_sides CHECK (counterparty_id is not null or breach_id is not null), 
	CONSTRAINT ck_case_file_not_the_hub CHECK ('00000000-0000-0000-0000-000000000000' not in (opener_id, coalesce(counterparty_id, opener_id))), 
	CONSTRAINT fk_case_file_opener_id FOREIGN KEY(opener_id) REFERENCES partner (id), 
	CONSTRAINT fk_case_file_counterparty_id FOREIGN KEY(counterparty_id) REFERENCES partner (id), 
	CONSTRAINT fk_case_file_breach_id FOREIGN KEY(breach_id) REFERENCES breach (id)
);

CREATE INDEX ix_case_file_breach_id_id ON case_file (breach_id, id) WHERE breach_id is not null;

CREATE INDEX ix_case_file_counterparty_id_id ON case_file (counterparty_id, id);

CREATE INDEX ix_case_file_due_on ON case_file (due_on) WHERE state not in ('RESOLVED', 'CLOSED');

CREATE INDEX ix_case_file_opener_id_id ON case_file (opener_id, id);

CREATE TABLE credential_proof (
	credential_id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	secret_sha256 BYTEA, 
	public_jwk VARCHAR COLLATE "C", 
	CONSTRAINT pk_credential_proof PRIMARY KEY (credential_id), 
	CONSTRAINT ck_credential_proof_one_proof CHECK ((secret_sha256 is null) <> (public_jwk is null)), 
	CONSTRAINT fk_credential_proof_credential_id FOREIGN KEY(credential_id) REFERENCES credential (id), 
	CONSTRAINT fk_credential_proof_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE TABLE identity_provider_secret (
	version_id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	sealed BYTEA NOT NULL, 
	CONSTRAINT pk_identity_provider_secret PRIMARY KEY (version_id), 
	CONSTRAINT fk_identity_provider_secret_version_id FOREIGN KEY(version_id) REFERENCES identity_provider_version (id), 
	CONSTRAINT fk_identity_provider_secret_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE TABLE inventory_statement (
	id UUID NOT NULL, 
	position_id UUID NOT NULL, 
	owner_id UUID NOT NULL, 
	holder_id UUID NOT NULL, 
	site_id UUID NOT NULL, 
	item_id UUID NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	stated_by UUID NOT NULL, 
	as_of TIMESTAMP WITH TIME ZONE NOT NULL, 
	as_of_on DATE NOT NULL, 
	available NUMERIC(21, 6) NOT NULL, 
	blocked NUMERIC(21, 6), 
	allocated NUMERIC(21, 6), 
	in_transit NUMERIC(21, 6), 
	on_order NUMERIC(21, 6), 
	source VARCHAR COLLATE "C" NOT NULL, 
	delta NUMERIC(21, 6), 
	reason TEXT, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_inventory_statement PRIMARY KEY (id), 
	CONSTRAINT ck_inventory_statement_stater CHECK (stated_by in (owner_id, holder_id)), 
	CONSTRAINT ck_inventory_statement_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT ck_inventory_statement_delta CHECK ((source = 'ADJUST') = (delta is not null)), 
	CONSTRAINT ck_inventory_statement_available CHECK (available >= 0), 
	CONSTRAINT ck_inventory_statement_blocked CHECK (blocked >= 0), 
	CONSTRAINT ck_inventory_statement_allocated CHECK (allocated >= 0), 
	CONSTRAINT ck_inventory_statement_in_transit CHECK (in_transit >= 0), 
	CONSTRAINT ck_inventory_statement_on_order CHECK (on_order >= 0), 
	CONSTRAINT ck_inventory_statement_source CHECK (source in ('SET', 'ADJUST')), 
	CONSTRAINT fk_inventory_statement_position_id FOREIGN KEY(position_id) REFERENCES inventory_position (id), 
	CONSTRAINT fk_inventory_statement_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id), 
	CONSTRAINT fk_inventory_statement_holder_id FOREIGN KEY(holder_id) REFERENCES partner (id), 
	CONSTRAINT fk_inventory_statement_site_id FOREIGN KEY(site_id) REFERENCES site (id), 
	CONSTRAINT fk_inventory_statement_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_inventory_statement_stated_by FOREIGN KEY(stated_by) REFERENCES partner (id)
);

CREATE INDEX ix_inventory_statement_position_id_as_of_id ON inventory_statement (position_id, as_of, id);

CREATE TABLE invitation_proof (
	digest BYTEA NOT NULL, 
	invitation_id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	CONSTRAINT pk_invitation_proof PRIMARY KEY (digest), 
	CONSTRAINT fk_invitation_proof_invitation_id FOREIGN KEY(invitation_id) REFERENCES invitation (id), 
	CONSTRAINT fk_invitation_proof_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

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

CREATE INDEX ix_order_line_seller_id_item_id_id ON order_line (seller_id, item_id, id);

CREATE INDEX ix_order_line_site ON order_line (buyer_id, ship_to_id, order_id) INCLUDE (requested_on, item_id);

CREATE TABLE refresh_token (
	digest BYTEA NOT NULL, 
	partner_id UUID NOT NULL, 
	grant_id UUID NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	used_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_refresh_token PRIMARY KEY (digest), 
	CONSTRAINT fk_refresh_token_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id), 
	CONSTRAINT fk_refresh_token_grant_id FOREIGN KEY(grant_id) REFERENCES login_grant (id)
);

CREATE INDEX ix_refresh_token_grant_id ON refresh_token (grant_id);

CREATE TABLE series_comment (
	id UUID NOT NULL, 
	series_id UUID NOT NULL, 
	publisher_id UUID NOT NULL, 
	counterparty_id UUID, 
	author_id UUID NOT NULL, 
	starts_on DATE, 
	text TEXT NOT NULL, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_series_comment PRIMARY KEY (id), 
	CONSTRAINT fk_series_comment_series_id FOREIGN KEY(series_id) REFERENCES time_series (id), 
	CONSTRAINT fk_series_comment_publisher_id FOREIGN KEY(publisher_id) REFERENCES partner (id), 
	CONSTRAINT fk_series_comment_counterparty_id FOREIGN KEY(counterparty_id) REFERENCES partner (id), 
	CONSTRAINT fk_series_comment_author_id FOREIGN KEY(author_id) REFERENCES partner (id)
);

CREATE INDEX ix_series_comment_series_id_recorded_at_id ON series_comment (series_id, recorded_at, id);

CREATE TABLE series_point (
	id UUID NOT NULL, 
	series_id UUID NOT NULL, 
	measure VARCHAR COLLATE "C" NOT NULL, 
	publisher_id UUID NOT NULL, 
	counterparty_id UUID, 
	item_id UUID NOT NULL, 
	site_id UUID, 
	starts_on DATE NOT NULL, 
	quantity NUMERIC(21, 6) NOT NULL, 
	upside NUMERIC(21, 6), 
	response VARCHAR COLLATE "C", 
	known_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	known_until TIMESTAMP WITH TIME ZONE, 
	version_no_from INTEGER NOT NULL, 
	CONSTRAINT pk_series_point PRIMARY KEY (id), 
	CONSTRAINT ck_series_point_measure CHECK (measure in ('DEMAND', 'SELL_OUT', 'COMMIT', 'PRODUCTION', 'CAPACITY')), 
	CONSTRAINT ck_series_point_quantity CHECK (quantity >= 0), 
	CONSTRAINT ck_series_point_upside CHECK (upside >= 0), 
	CONSTRAINT ck_series_point_known CHECK (known_until > known_from), 
	CONSTRAINT ck_series_point_response CHECK (response in ('COMMITTED', 'PARTIAL', 'REJECTED')), 
	CONSTRAINT fk_series_point_series_id FOREIGN KEY(series_id) REFERENCES time_series (id), 
	CONSTRAINT fk_series_point_publisher_id FOREIGN KEY(publisher_id) REFERENCES partner (id), 
	CONSTRAINT fk_series_point_counterparty_id FOREIGN KEY(counterparty_id) REFERENCES partner (id), 
	CONSTRAINT fk_series_point_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_series_point_site_id FOREIGN KEY(site_id) REFERENCES site (id)
);

CREATE INDEX ix_series_point_item ON series_point (publisher_id, measure, item_id, series_id) INCLUDE (starts_on, site_id);

CREATE INDEX ix_series_point_owner ON series_point (publisher_id, measure, series_id) INCLUDE (starts_on, item_id, site_id);

CREATE INDEX ix_series_point_series_id_starts_on_id ON series_point (series_id, starts_on, id);

CREATE INDEX ix_series_point_site ON series_point (publisher_id, measure, site_id, series_id) INCLUDE (starts_on, item_id);

CREATE UNIQUE INDEX uq_series_point_current ON series_point (series_id, starts_on) WHERE known_until is null;

CREATE TABLE series_version (
	id UUID NOT NULL, 
	series_id UUID NOT NULL, 
	publisher_id UUID NOT NULL, 
	counterparty_id UUID, 
	version_no INTEGER NOT NULL, 
	state VARCHAR COLLATE "C" NOT NULL, 
	published_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	reason TEXT, 
	periods_changed INTEGER NOT NULL, 
	answers_version_no INTEGER, 
	answers_superseded BOOLEAN NOT NULL, 
	CONSTRAINT pk_series_version PRIMARY KEY (id), 
	CONSTRAINT uq_series_version_series_id_version_no UNIQUE (series_id, version_no), 
	CONSTRAINT ck_series_version_state CHECK (state in ('PUBLISHED', 'SUPERSEDED')), 
	CONSTRAINT fk_series_version_series_id FOREIGN KEY(series_id) REFERENCES time_series (id), 
	CONSTRAINT fk_series_version_publisher_id FOREIGN KEY(publisher_id) REFERENCES partner (id), 
	CONSTRAINT fk_series_version_counterparty_id FOREIGN KEY(counterparty_id) REFERENCES partner (id)
);

CREATE TABLE session_proof (
	digest BYTEA NOT NULL, 
	session_id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	until TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_session_proof PRIMARY KEY (digest), 
	CONSTRAINT fk_session_proof_session_id FOREIGN KEY(session_id) REFERENCES session (id), 
	CONSTRAINT fk_session_proof_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE INDEX ix_session_proof_until ON session_proof (until);

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

CREATE TABLE agreement_signature (
	id UUID NOT NULL, 
	version_id UUID NOT NULL, 
	partner_id UUID NOT NULL, 
	signatory TEXT, 
	digest VARCHAR COLLATE "C" NOT NULL, 
	signed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_agreement_signature PRIMARY KEY (id), 
	CONSTRAINT uq_agreement_signature_version_id_partner_id UNIQUE (version_id, partner_id), 
	CONSTRAINT fk_agreement_signature_version_id FOREIGN KEY(version_id) REFERENCES agreement_version (id), 
	CONSTRAINT fk_agreement_signature_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
);

CREATE TABLE case_entry (
	id UUID NOT NULL, 
	case_id UUID NOT NULL, 
	entry_no INTEGER NOT NULL, 
	act VARCHAR COLLATE "C" NOT NULL, 
	author_id UUID, 
	text TEXT, 
	recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_case_entry PRIMARY KEY (id), 
	CONSTRAINT uq_case_entry_case_id_entry_no UNIQUE (case_id, entry_no), 
	CONSTRAINT ck_case_entry_act CHECK (act in ('OPEN', 'ACKNOWLEDGE', 'START', 'RESOLVE', 'CLOSE', 'REOPEN', 'COMMENT', 'ESCALATE', 'REVISE', 'REFER', 'STEP_ADD', 'STEP_DONE', 'BREACH', 'RETURN')), 
	CONSTRAINT fk_case_entry_case_id FOREIGN KEY(case_id) REFERENCES case_file (id), 
	CONSTRAINT fk_case_entry_author_id FOREIGN KEY(author_id) REFERENCES partner (id)
);

CREATE TABLE case_reference (
	id UUID NOT NULL, 
	case_id UUID NOT NULL, 
	kind VARCHAR COLLATE "C" NOT NULL, 
	record VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_case_reference PRIMARY KEY (id), 
	CONSTRAINT uq_case_reference_case_id_record UNIQUE (case_id, record), 
	CONSTRAINT fk_case_reference_case_id FOREIGN KEY(case_id) REFERENCES case_file (id)
);

CREATE TABLE case_step (
	id UUID NOT NULL, 
	case_id UUID NOT NULL, 
	step_no INTEGER NOT NULL, 
	what TEXT NOT NULL, 
	owner_id UUID NOT NULL, 
	due_on DATE, 
	done_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_case_step PRIMARY KEY (id), 
	CONSTRAINT uq_case_step_case_id_step_no UNIQUE (case_id, step_no), 
	CONSTRAINT fk_case_step_case_id FOREIGN KEY(case_id) REFERENCES case_file (id), 
	CONSTRAINT fk_case_step_owner_id FOREIGN KEY(owner_id) REFERENCES partner (id)
);

CREATE TABLE fence_clause (
	id UUID NOT NULL, 
	version_id UUID NOT NULL, 
	clause_no INTEGER NOT NULL, 
	item_id UUID, 
	frozen_days INTEGER NOT NULL, 
	firm_days INTEGER NOT NULL, 
	flexible_days INTEGER NOT NULL, 
	inside_frozen VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_fence_clause PRIMARY KEY (id), 
	CONSTRAINT ck_fence_clause_inside_frozen CHECK (inside_frozen in ('REFUSED', 'MARKED')), 
	CONSTRAINT ck_fence_clause_days CHECK (0 <= frozen_days and frozen_days <= firm_days and firm_days <= flexible_days), 
	CONSTRAINT uq_fence_clause_version_id_clause_no UNIQUE (version_id, clause_no), 
	CONSTRAINT fk_fence_clause_version_id FOREIGN KEY(version_id) REFERENCES agreement_version (id), 
	CONSTRAINT fk_fence_clause_item_id FOREIGN KEY(item_id) REFERENCES item (id)
);

CREATE TABLE response_clause (
	id UUID NOT NULL, 
	version_id UUID NOT NULL, 
	clause_no INTEGER NOT NULL, 
	subject VARCHAR COLLATE "C" NOT NULL, 
	days INTEGER NOT NULL, 
	CONSTRAINT pk_response_clause PRIMARY KEY (id), 
	CONSTRAINT ck_response_clause_subject CHECK (subject in ('ORDER', 'CHANGE', 'FORECAST', 'CASE')), 
	CONSTRAINT ck_response_clause_days CHECK (days >= 0), 
	CONSTRAINT uq_response_clause_version_id_clause_no UNIQUE (version_id, clause_no), 
	CONSTRAINT fk_response_clause_version_id FOREIGN KEY(version_id) REFERENCES agreement_version (id)
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
	answer_due_on DATE, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_schedule_line PRIMARY KEY (id), 
	CONSTRAINT uq_schedule_line_line_id_seq UNIQUE (line_id, seq), 
	CONSTRAINT ck_schedule_line_state CHECK (state in ('DRAFT', 'SENT', 'SELLER_PROPOSED', 'BUYER_PROPOSED', 'CONFIRMED', 'CHANGE_REQUESTED', 'PART_SHIPPED', 'SHIPPED', 'PART_RECEIVED', 'RECEIVED', 'CLOSED', 'REJECTED', 'CANCELLED')), 
	CONSTRAINT ck_schedule_line_quantity CHECK (requested_quantity > 0), 
	CONSTRAINT fk_schedule_line_line_id FOREIGN KEY(line_id) REFERENCES order_line (id)
);

CREATE TABLE service_level_clause (
	id UUID NOT NULL, 
	version_id UUID NOT NULL, 
	clause_no INTEGER NOT NULL, 
	item_id UUID, 
	measure VARCHAR COLLATE "C" NOT NULL, 
	at_least NUMERIC(21, 6) NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	period VARCHAR COLLATE "C" NOT NULL, 
	due VARCHAR COLLATE "C", 
	early_days INTEGER, 
	late_days INTEGER, 
	short_allowed NUMERIC(21, 6), 
	CONSTRAINT pk_service_level_clause PRIMARY KEY (id), 
	CONSTRAINT ck_service_level_clause_measure CHECK (measure in ('OTIF', 'FILL_RATE', 'ON_TIME', 'READY_RATE')), 
	CONSTRAINT ck_service_level_clause_period CHECK (period in ('WEEK', 'MONTH', 'QUARTER')), 
	CONSTRAINT ck_service_level_clause_due CHECK (due in ('REQUESTED', 'FIRST_PROMISE', 'LAST_PROMISE')), 
	CONSTRAINT ck_service_level_clause_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT ck_service_level_clause_delivery CHECK ((measure = 'READY_RATE') = (due is null) and (due is null) = (late_days is null)), 
	CONSTRAINT ck_service_level_clause_at_least CHECK (at_least >= 0), 
	CONSTRAINT ck_service_level_clause_early_days CHECK (early_days >= 0), 
	CONSTRAINT ck_service_level_clause_late_days CHECK (late_days >= 0), 
	CONSTRAINT ck_service_level_clause_short_allowed CHECK (short_allowed >= 0), 
	CONSTRAINT uq_service_level_clause_version_id_clause_no UNIQUE (version_id, clause_no), 
	CONSTRAINT fk_service_level_clause_version_id FOREIGN KEY(version_id) REFERENCES agreement_version (id), 
	CONSTRAINT fk_service_level_clause_item_id FOREIGN KEY(item_id) REFERENCES item (id)
);

CREATE TABLE stock_policy_clause (
	id UUID NOT NULL, 
	version_id UUID NOT NULL, 
	clause_no INTEGER NOT NULL, 
	item_id UUID NOT NULL, 
	site_id UUID NOT NULL, 
	stock_owner_id UUID NOT NULL, 
	unit VARCHAR COLLATE "C" NOT NULL, 
	minimum NUMERIC(21, 6), 
	maximum NUMERIC(21, 6), 
	target NUMERIC(21, 6), 
	CONSTRAINT pk_stock_policy_clause PRIMARY KEY (id), 
	CONSTRAINT ck_stock_policy_clause_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT ck_stock_policy_clause_range CHECK (maximum >= minimum), 
	CONSTRAINT ck_stock_policy_clause_says_something CHECK (num_nonnulls(minimum, maximum, target) > 0), 
	CONSTRAINT ck_stock_policy_clause_minimum CHECK (minimum >= 0), 
	CONSTRAINT ck_stock_policy_clause_maximum CHECK (maximum >= 0), 
	CONSTRAINT ck_stock_policy_clause_target CHECK (target >= 0), 
	CONSTRAINT uq_stock_policy_clause_version_id_clause_no UNIQUE (version_id, clause_no), 
	CONSTRAINT fk_stock_policy_clause_version_id FOREIGN KEY(version_id) REFERENCES agreement_version (id), 
	CONSTRAINT fk_stock_policy_clause_item_id FOREIGN KEY(item_id) REFERENCES item (id), 
	CONSTRAINT fk_stock_policy_clause_site_id FOREIGN KEY(site_id) REFERENCES site (id), 
	CONSTRAINT fk_stock_policy_clause_stock_owner_id FOREIGN KEY(stock_owner_id) REFERENCES partner (id)
);

CREATE TABLE tolerance_clause (
	id UUID NOT NULL, 
	version_id UUID NOT NULL, 
	clause_no INTEGER NOT NULL, 
	item_id UUID, 
	criterion VARCHAR COLLATE "C" NOT NULL, 
	allowed NUMERIC(21, 6) NOT NULL, 
	grave NUMERIC(21, 6), 
	unit VARCHAR COLLATE "C" NOT NULL, 
	CONSTRAINT pk_tolerance_clause PRIMARY KEY (id), 
	CONSTRAINT ck_tolerance_clause_criterion CHECK (criterion in ('LATE_ORDER', 'EARLY_ORDER', 'RECEIPT_VARIANCE', 'FORECAST_MISMATCH', 'FROZEN_CHANGE', 'STALE', 'BELOW_TARGET', 'SHORTAGE', 'EXCESS')), 
	CONSTRAINT ck_tolerance_clause_unit CHECK (unit ~ '^[A-Z0-9]{1,3}$'), 
	CONSTRAINT ck_tolerance_clause_allowed CHECK (allowed >= 0), 
	CONSTRAINT ck_tolerance_clause_grave CHECK (grave >= 0), 
	CONSTRAINT uq_tolerance_clause_version_id_clause_no UNIQUE (version_id, clause_no), 
	CONSTRAINT fk_tolerance_clause_version_id FOREIGN KEY(version_id) REFERENCES agreement_version (id), 
	CONSTRAINT fk_tolerance_clause_item_id FOREIGN KEY(item_id) REFERENCES item (id)
);

CREATE TABLE schedule_revision (
	id UUID NOT NULL, 
	schedule_line_id UUID NOT NULL, 
	revision_no INTEGER NOT NULL, 
	side VARCHAR COLLATE "C" NOT NULL, 
	act VARCHAR COLLATE "C" NOT NULL, 
	reason TEXT, 
	inside_frozen BOOLEAN DEFAULT 'false' NOT NULL, 
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

CREATE INDEX ix_shipment_line_buyer_id_id ON shipment_line (buyer_id, id);

CREATE INDEX ix_shipment_line_buyer_id_item_id_id ON shipment_line (buyer_id, item_id, id);

CREATE INDEX ix_shipment_line_carrier_id_id ON shipment_line (carrier_id, id);

CREATE INDEX ix_shipment_line_consignee_id_id ON shipment_line (consignee_id, id);

CREATE INDEX ix_shipment_line_item ON shipment_line (seller_id, item_id, shipment_id) INCLUDE (arrival_on, ship_to_id);

CREATE INDEX ix_shipment_line_order_line_id_id ON shipment_line (order_line_id, id);

CREATE INDEX ix_shipment_line_owner ON shipment_line (seller_id, shipment_id) INCLUDE (arrival_on, item_id, ship_to_id);

CREATE INDEX ix_shipment_line_schedule_line_id ON shipment_line (schedule_line_id);

CREATE INDEX ix_shipment_line_seller_id_id ON shipment_line (seller_id, id);

CREATE INDEX ix_shipment_line_seller_id_item_id_id ON shipment_line (seller_id, item_id, id);

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

grant select, insert on "audit_checkpoint" to hub_write;

grant select on "audit_checkpoint" to hub_read;

alter table "audit_entry" enable row level security;

alter table "audit_entry" force row level security;

create policy read_all on "audit_entry" for select to hub_read using (true);

create policy see on "audit_entry" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "audit_entry" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "audit_entry" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "audit_entry" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert on "audit_entry" to hub_write;

grant select on "audit_entry" to hub_read;

create function audit_is_final() returns trigger language plpgsql as $$
begin raise exception 'the audit trail is never changed'; end $$;

create trigger final before update or delete on audit_entry for each row execute function audit_is_final();

create trigger whole before truncate on audit_entry for each statement execute function audit_is_final();

grant select, insert, update on "audit_head" to hub_write;

grant select on "audit_head" to hub_read;

grant select, insert, delete on "barred_name" to hub_write;

grant select on "barred_name" to hub_read;

grant select, insert, update on "change_head" to hub_pump;

grant select on "change_head" to hub_read;

grant select, insert, delete on "change_log" to hub_pump;

grant select on "change_log" to hub_read;

grant insert on "change_outbox" to hub_write;

grant select, insert, delete on "change_outbox" to hub_pump;

grant select on "change_outbox" to hub_read;

grant select, insert, update on "partner" to hub_write;

grant select on "partner" to hub_read;

insert into partner (id, code, name, status, version, created_at) values ('00000000-0000-0000-0000-000000000000', 'HUB', 'Operator of this hub', 'ACTIVE', 1, '2026-01-01T00:00:00Z');

grant select, insert, delete on "revoked_token" to hub_write;

grant select on "revoked_token" to hub_read;

grant select, insert on "sealed_key" to hub_write;

alter table "signing_key" enable row level security;

alter table "signing_key" force row level security;

create policy read_all on "signing_key" for select to hub_read using (true);

create policy see on "signing_key" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "signing_key" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "signing_key" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "signing_key" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "signing_key" to hub_write;

grant select on "signing_key" to hub_read;

grant select, insert, delete on "used_assertion" to hub_write;

grant select, insert, update on "watch_place" to hub_write;

grant select on "watch_place" to hub_read;

grant select, insert, update, delete on "wrong_password" to hub_write;

alter table "access_log" enable row level security;

alter table "access_log" force row level security;

alter table "access_log" add constraint "ck_access_log_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id, reader_id]));

create policy read_all on "access_log" for select to hub_read using (true);

create policy see on "access_log" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or reader_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "access_log" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or reader_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "access_log" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or reader_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or reader_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "access_log" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or reader_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert on "access_log" to hub_write;

grant select on "access_log" to hub_read;

alter table "access_review" enable row level security;

alter table "access_review" force row level security;

alter table "access_review" add constraint "ck_access_review_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id]));

create policy read_all on "access_review" for select to hub_read using (true);

create policy see on "access_review" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "access_review" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "access_review" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "access_review" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "access_review" to hub_write;

grant select on "access_review" to hub_read;

alter table "block_pair" enable row level security;

alter table "block_pair" force row level security;

create policy read_all on "block_pair" for select to hub_read using (true);

create policy see on "block_pair" for select to hub_write using (true);

create policy add on "block_pair" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "block_pair" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "block_pair" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "block_pair" to hub_write;

grant select on "block_pair" to hub_read;

alter table "disruption" enable row level security;

alter table "disruption" force row level security;

create policy read_all on "disruption" for select to hub_read using (true);

create policy see on "disruption" for select to hub_write using (sender_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "disruption" for insert to hub_write with check (sender_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "disruption" for update to hub_write using (sender_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (sender_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "disruption" for delete to hub_write using (sender_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "disruption" to hub_write;

grant select on "disruption" to hub_read;

alter table "frontend" enable row level security;

alter table "frontend" force row level security;

alter table "frontend" add constraint "ck_frontend_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "frontend" for select to hub_read using (true);

create policy see on "frontend" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "frontend" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "frontend" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "frontend" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "frontend" to hub_write;

grant select on "frontend" to hub_read;

alter table "idempotency_key" enable row level security;

alter table "idempotency_key" force row level security;

create policy read_all on "idempotency_key" for select to hub_read using (true);

create policy see on "idempotency_key" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "idempotency_key" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "idempotency_key" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "idempotency_key" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "idempotency_key" to hub_write;

alter table "identity_provider" enable row level security;

alter table "identity_provider" force row level security;

alter table "identity_provider" add constraint "ck_identity_provider_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "identity_provider" for select to hub_read using (true);

create policy see on "identity_provider" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "identity_provider" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "identity_provider" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "identity_provider" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "identity_provider" to hub_write;

grant select on "identity_provider" to hub_read;

alter table "import_run" enable row level security;

alter table "import_run" force row level security;

alter table "import_run" add constraint "ck_import_run_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "import_run" for select to hub_read using (true);

create policy see on "import_run" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "import_run" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "import_run" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "import_run" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "import_run" to hub_write;

alter table "imported" enable row level security;

alter table "imported" force row level security;

alter table "imported" add constraint "ck_imported_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "imported" for select to hub_read using (true);

create policy see on "imported" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "imported" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "imported" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "imported" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "imported" to hub_write;

alter table "integration" enable row level security;

alter table "integration" force row level security;

alter table "integration" add constraint "ck_integration_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "integration" for select to hub_read using (true);

create policy see on "integration" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "integration" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "integration" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "integration" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "integration" to hub_write;

grant select on "integration" to hub_read;

alter table "item" enable row level security;

alter table "item" force row level security;

alter table "item" add constraint "ck_item_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id]));

create policy read_all on "item" for select to hub_read using (true);

create policy see on "item" for select to hub_write using (true);

create policy add on "item" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "item" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "item" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "item" to hub_write;

grant select on "item" to hub_read;

alter table "person" enable row level security;

alter table "person" force row level security;

create policy read_all on "person" for select to hub_read using (true);

create policy see on "person" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "person" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "person" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "person" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "person" to hub_write;

grant select on "person" to hub_read;

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

alter table "site" add constraint "ck_site_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "site" for select to hub_read using (true);

create policy see on "site" for select to hub_write using (true);

create policy add on "site" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "site" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "site" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "site" to hub_write;

grant select on "site" to hub_read;

alter table "stored_document" enable row level security;

alter table "stored_document" force row level security;

alter table "stored_document" add constraint "ck_stored_document_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "stored_document" for select to hub_read using (true);

create policy see on "stored_document" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "stored_document" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "stored_document" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "stored_document" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "stored_document" to hub_write;

grant select on "stored_document" to hub_read;

alter table "webhook" enable row level security;

alter table "webhook" force row level security;

alter table "webhook" add constraint "ck_webhook_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "webhook" for select to hub_read using (true);

create policy see on "webhook" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "webhook" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "webhook" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "webhook" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "webhook" to hub_write;

grant select on "webhook" to hub_read;

alter table "access_review_line" enable row level security;

alter table "access_review_line" force row level security;

alter table "access_review_line" add constraint "ck_access_review_line_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id]));

create policy read_all on "access_review_line" for select to hub_read using (true);

create policy see on "access_review_line" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "access_review_line" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "access_review_line" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "access_review_line" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "access_review_line" to hub_write;

grant select on "access_review_line" to hub_read;

alter table "agreement" enable row level security;

alter table "agreement" force row level security;

alter table "agreement" add constraint "ck_agreement_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[provider_id, recipient_id]));

create policy read_all on "agreement" for select to hub_read using (true);

create policy see on "agreement" for select to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "agreement" for insert to hub_write with check (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "agreement" for update to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "agreement" for delete to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "agreement" to hub_write;

grant select on "agreement" to hub_read;

alter table "breach" enable row level security;

alter table "breach" force row level security;

create policy read_all on "breach" for select to hub_read using (true);

create policy see on "breach" for select to hub_write using (affected_id = nullif(current_setting('hub.partner', true), '')::uuid or other_id = nullif(current_setting('hub.partner', true), '')::uuid or affected_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "breach" for insert to hub_write with check (affected_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "breach" for update to hub_write using (affected_id = nullif(current_setting('hub.partner', true), '')::uuid or other_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (affected_id = nullif(current_setting('hub.partner', true), '')::uuid or other_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "breach" for delete to hub_write using (affected_id = nullif(current_setting('hub.partner', true), '')::uuid or other_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "breach" to hub_write;

grant select on "breach" to hub_read;

alter table "credential" enable row level security;

alter table "credential" force row level security;

alter table "credential" add constraint "ck_credential_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "credential" for select to hub_read using (true);

create policy see on "credential" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "credential" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "credential" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "credential" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "credential" to hub_write;

grant select on "credential" to hub_read;

alter table "disruption_item" enable row level security;

alter table "disruption_item" force row level security;

create policy read_all on "disruption_item" for select to hub_read using (true);

create policy see on "disruption_item" for select to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_item".disruption_id));

create policy add on "disruption_item" for insert to hub_write with check (exists (select from "disruption" p1 where p1.id = "disruption_item".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "disruption_item" for update to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_item".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "disruption" p1 where p1.id = "disruption_item".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "disruption_item" for delete to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_item".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "disruption_item" to hub_write;

grant select on "disruption_item" to hub_read;

alter table "disruption_site" enable row level security;

alter table "disruption_site" force row level security;

create policy read_all on "disruption_site" for select to hub_read using (true);

create policy see on "disruption_site" for select to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_site".disruption_id));

create policy add on "disruption_site" for insert to hub_write with check (exists (select from "disruption" p1 where p1.id = "disruption_site".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "disruption_site" for update to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_site".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "disruption" p1 where p1.id = "disruption_site".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "disruption_site" for delete to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_site".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "disruption_site" to hub_write;

grant select on "disruption_site" to hub_read;

alter table "disruption_update" enable row level security;

alter table "disruption_update" force row level security;

create policy read_all on "disruption_update" for select to hub_read using (true);

create policy see on "disruption_update" for select to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_update".disruption_id));

create policy add on "disruption_update" for insert to hub_write with check (exists (select from "disruption" p1 where p1.id = "disruption_update".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "disruption_update" for update to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_update".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "disruption" p1 where p1.id = "disruption_update".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "disruption_update" for delete to hub_write using (exists (select from "disruption" p1 where p1.id = "disruption_update".disruption_id and (p1.sender_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "disruption_update" to hub_write;

grant select on "disruption_update" to hub_read;

alter table "identity_provider_version" enable row level security;

alter table "identity_provider_version" force row level security;

alter table "identity_provider_version" add constraint "ck_identity_provider_version_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "identity_provider_version" for select to hub_read using (true);

create policy see on "identity_provider_version" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "identity_provider_version" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "identity_provider_version" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "identity_provider_version" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "identity_provider_version" to hub_write;

grant select on "identity_provider_version" to hub_read;

alter table "inventory_position" enable row level security;

alter table "inventory_position" force row level security;

create policy read_all on "inventory_position" for select to hub_read using (true);

create policy see on "inventory_position" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid or owner_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "inventory_position" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "inventory_position" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "inventory_position" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "inventory_position" to hub_write;

grant select on "inventory_position" to hub_read;

alter table "invitation" enable row level security;

alter table "invitation" force row level security;

create policy read_all on "invitation" for select to hub_read using (true);

create policy see on "invitation" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "invitation" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "invitation" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "invitation" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "invitation" to hub_write;

grant select on "invitation" to hub_read;

alter table "item_alias" enable row level security;

alter table "item_alias" force row level security;

alter table "item_alias" add constraint "ck_item_alias_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id, partner_id]));

create policy read_all on "item_alias" for select to hub_read using (true);

create policy see on "item_alias" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "item_alias" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "item_alias" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "item_alias" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "item_alias" to hub_write;

grant select on "item_alias" to hub_read;

alter table "item_link" enable row level security;

alter table "item_link" force row level security;

create policy read_all on "item_link" for select to hub_read using (true);

create policy see on "item_link" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or owner_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "item_link" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "item_link" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "item_link" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "item_link" to hub_write;

grant select on "item_link" to hub_read;

alter table "local_account" enable row level security;

alter table "local_account" force row level security;

create policy read_all on "local_account" for select to hub_read using (true);

create policy see on "local_account" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "local_account" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "local_account" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "local_account" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "local_account" to hub_write;

alter table "login_grant" enable row level security;

alter table "login_grant" force row level security;

alter table "login_grant" add constraint "ck_login_grant_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "login_grant" for select to hub_read using (true);

create policy see on "login_grant" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "login_grant" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "login_grant" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "login_grant" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "login_grant" to hub_write;

grant select on "login_grant" to hub_read;

alter table "objective" enable row level security;

alter table "objective" force row level security;

alter table "objective" add constraint "ck_objective_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id, counterparty_id]));

create policy read_all on "objective" for select to hub_read using (true);

create policy see on "objective" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "objective" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "objective" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "objective" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "objective" to hub_write;

grant select on "objective" to hub_read;

alter table "purchase_order" enable row level security;

alter table "purchase_order" force row level security;

create policy read_all on "purchase_order" for select to hub_read using (true);

create policy see on "purchase_order" for select to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "purchase_order" for insert to hub_write with check (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "purchase_order" for update to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "purchase_order" for delete to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "purchase_order" to hub_write;

grant select on "purchase_order" to hub_read;

alter table "relationship_contact" enable row level security;

alter table "relationship_contact" force row level security;

alter table "relationship_contact" add constraint "ck_relationship_contact_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id, counterparty_id]));

create policy read_all on "relationship_contact" for select to hub_read using (true);

create policy see on "relationship_contact" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "relationship_contact" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "relationship_contact" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "relationship_contact" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "relationship_contact" to hub_write;

grant select on "relationship_contact" to hub_read;

alter table "relationship_event" enable row level security;

alter table "relationship_event" force row level security;

create policy read_all on "relationship_event" for select to hub_read using (true);

create policy see on "relationship_event" for select to hub_write using (exists (select from "relationship" p1 where p1.id = "relationship_event".relationship_id));

create policy add on "relationship_event" for insert to hub_write with check (exists (select from "relationship" p1 where p1.id = "relationship_event".relationship_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "relationship_event" for update to hub_write using (exists (select from "relationship" p1 where p1.id = "relationship_event".relationship_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "relationship" p1 where p1.id = "relationship_event".relationship_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "relationship_event" for delete to hub_write using (exists (select from "relationship" p1 where p1.id = "relationship_event".relationship_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "relationship_event" to hub_write;

grant select on "relationship_event" to hub_read;

alter table "relationship_profile" enable row level security;

alter table "relationship_profile" force row level security;

alter table "relationship_profile" add constraint "ck_relationship_profile_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id]));

create policy read_all on "relationship_profile" for select to hub_read using (true);

create policy see on "relationship_profile" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "relationship_profile" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "relationship_profile" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "relationship_profile" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "relationship_profile" to hub_write;

grant select on "relationship_profile" to hub_read;

alter table "risk" enable row level security;

alter table "risk" force row level security;

create policy read_all on "risk" for select to hub_read using (true);

create policy see on "risk" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or owner_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "risk" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "risk" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "risk" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "risk" to hub_write;

grant select on "risk" to hub_read;

alter table "scope" enable row level security;

alter table "scope" force row level security;

alter table "scope" add constraint "ck_scope_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[granter, grantee]));

create policy read_all on "scope" for select to hub_read, hub_pump using (true);

create policy see on "scope" for select to hub_write using (granter = nullif(current_setting('hub.partner', true), '')::uuid or grantee = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "scope" for insert to hub_write with check (granter = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "scope" for update to hub_write using (granter = nullif(current_setting('hub.partner', true), '')::uuid or grantee = nullif(current_setting('hub.partner', true), '')::uuid) with check (granter = nullif(current_setting('hub.partner', true), '')::uuid or grantee = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "scope" for delete to hub_write using (granter = nullif(current_setting('hub.partner', true), '')::uuid or grantee = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, delete on "scope" to hub_write;

grant select on "scope" to hub_pump;

grant select on "scope" to hub_read;

alter table "session" enable row level security;

alter table "session" force row level security;

create policy read_all on "session" for select to hub_read using (true);

create policy see on "session" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "session" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "session" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "session" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "session" to hub_write;

grant select on "session" to hub_read;

alter table "shipment" enable row level security;

alter table "shipment" force row level security;

create policy read_all on "shipment" for select to hub_read using (true);

create policy see on "shipment" for select to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "shipment" for insert to hub_write with check (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "shipment" for update to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "shipment" for delete to hub_write using (seller_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or carrier_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "shipment" to hub_write;

grant select on "shipment" to hub_read;

alter table "time_series" enable row level security;

alter table "time_series" force row level security;

create policy read_all on "time_series" for select to hub_read using (true);

create policy see on "time_series" for select to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid or publisher_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "time_series" for insert to hub_write with check (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "time_series" for update to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "time_series" for delete to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "time_series" to hub_write;

grant select on "time_series" to hub_read;

alter table "webhook_delivery" enable row level security;

alter table "webhook_delivery" force row level security;

alter table "webhook_delivery" add constraint "ck_webhook_delivery_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "webhook_delivery" for select to hub_read using (true);

create policy see on "webhook_delivery" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "webhook_delivery" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "webhook_delivery" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "webhook_delivery" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "webhook_delivery" to hub_write;

grant select on "webhook_delivery" to hub_read;

alter table "webhook_secret" enable row level security;

alter table "webhook_secret" force row level security;

alter table "webhook_secret" add constraint "ck_webhook_secret_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "webhook_secret" for select to hub_read using (true);

create policy see on "webhook_secret" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "webhook_secret" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "webhook_secret" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "webhook_secret" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "webhook_secret" to hub_write;

alter table "agreement_version" enable row level security;

alter table "agreement_version" force row level security;

alter table "agreement_version" add constraint "ck_agreement_version_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[provider_id, recipient_id]));

create policy read_all on "agreement_version" for select to hub_read using (true);

create policy see on "agreement_version" for select to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "agreement_version" for insert to hub_write with check (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "agreement_version" for update to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "agreement_version" for delete to hub_write using (provider_id = nullif(current_setting('hub.partner', true), '')::uuid or recipient_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "agreement_version" to hub_write;

grant select on "agreement_version" to hub_read;

alter table "authorization_code" enable row level security;

alter table "authorization_code" force row level security;

alter table "authorization_code" add constraint "ck_authorization_code_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "authorization_code" for select to hub_read using (true);

create policy see on "authorization_code" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "authorization_code" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "authorization_code" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "authorization_code" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "authorization_code" to hub_write;

alter table "breach_evidence" enable row level security;

alter table "breach_evidence" force row level security;

create policy read_all on "breach_evidence" for select to hub_read using (true);

create policy see on "breach_evidence" for select to hub_write using (exists (select from "breach" p1 where p1.id = "breach_evidence".breach_id));

create policy add on "breach_evidence" for insert to hub_write with check (exists (select from "breach" p1 where p1.id = "breach_evidence".breach_id and (p1.affected_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.other_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "breach_evidence" for update to hub_write using (exists (select from "breach" p1 where p1.id = "breach_evidence".breach_id and (p1.affected_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.other_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "breach" p1 where p1.id = "breach_evidence".breach_id and (p1.affected_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.other_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "breach_evidence" for delete to hub_write using (exists (select from "breach" p1 where p1.id = "breach_evidence".breach_id and (p1.affected_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.other_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert, delete on "breach_evidence" to hub_write;

grant select on "breach_evidence" to hub_read;

alter table "case_file" enable row level security;

alter table "case_file" force row level security;

create policy read_all on "case_file" for select to hub_read using (true);

create policy see on "case_file" for select to hub_write using (opener_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "case_file" for insert to hub_write with check (opener_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "case_file" for update to hub_write using (opener_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (opener_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "case_file" for delete to hub_write using (opener_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "case_file" to hub_write;

grant select on "case_file" to hub_read;

alter table "credential_proof" enable row level security;

alter table "credential_proof" force row level security;

alter table "credential_proof" add constraint "ck_credential_proof_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "credential_proof" for select to hub_read using (true);

create policy see on "credential_proof" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "credential_proof" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "credential_proof" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "credential_proof" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert on "credential_proof" to hub_write;

alter table "identity_provider_secret" enable row level security;

alter table "identity_provider_secret" force row level security;

alter table "identity_provider_secret" add constraint "ck_identity_provider_secret_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "identity_provider_secret" for select to hub_read using (true);

create policy see on "identity_provider_secret" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "identity_provider_secret" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "identity_provider_secret" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "identity_provider_secret" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert on "identity_provider_secret" to hub_write;

alter table "inventory_statement" enable row level security;

alter table "inventory_statement" force row level security;

alter table "inventory_statement" add constraint "ck_inventory_statement_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[owner_id, holder_id]));

create policy read_all on "inventory_statement" for select to hub_read using (true);

create policy see on "inventory_statement" for select to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid or owner_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "inventory_statement" for insert to hub_write with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "inventory_statement" for update to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "inventory_statement" for delete to hub_write using (owner_id = nullif(current_setting('hub.partner', true), '')::uuid or holder_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert on "inventory_statement" to hub_write;

grant select on "inventory_statement" to hub_read;

grant select, insert, delete on "invitation_proof" to hub_write;

alter table "order_line" enable row level security;

alter table "order_line" force row level security;

alter table "order_line" add constraint "ck_order_line_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[buyer_id, seller_id, consignee_id]));

create policy read_all on "order_line" for select to hub_read using (true);

create policy see on "order_line" for select to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or buyer_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "order_line" for insert to hub_write with check (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "order_line" for update to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "order_line" for delete to hub_write using (buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or seller_id = nullif(current_setting('hub.partner', true), '')::uuid or consignee_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "order_line" to hub_write;

grant select on "order_line" to hub_read;

alter table "refresh_token" enable row level security;

alter table "refresh_token" force row level security;

alter table "refresh_token" add constraint "ck_refresh_token_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[partner_id]));

create policy read_all on "refresh_token" for select to hub_read using (true);

create policy see on "refresh_token" for select to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "refresh_token" for insert to hub_write with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "refresh_token" for update to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "refresh_token" for delete to hub_write using (partner_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update, delete on "refresh_token" to hub_write;

alter table "series_comment" enable row level security;

alter table "series_comment" force row level security;

alter table "series_comment" add constraint "ck_series_comment_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[publisher_id, counterparty_id]));

create policy read_all on "series_comment" for select to hub_read using (true);

create policy see on "series_comment" for select to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "series_comment" for insert to hub_write with check (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "series_comment" for update to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "series_comment" for delete to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert on "series_comment" to hub_write;

grant select on "series_comment" to hub_read;

alter table "series_point" enable row level security;

alter table "series_point" force row level security;

alter table "series_point" add constraint "ck_series_point_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[publisher_id, counterparty_id]));

create policy read_all on "series_point" for select to hub_read using (true);

create policy see on "series_point" for select to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid or publisher_id in (select s.owner from scope s where s.grantee = nullif(current_setting('hub.partner', true), '')::uuid));

create policy add on "series_point" for insert to hub_write with check (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "series_point" for update to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "series_point" for delete to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "series_point" to hub_write;

grant select on "series_point" to hub_read;

alter table "series_version" enable row level security;

alter table "series_version" force row level security;

alter table "series_version" add constraint "ck_series_version_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[publisher_id, counterparty_id]));

create policy read_all on "series_version" for select to hub_read using (true);

create policy see on "series_version" for select to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy add on "series_version" for insert to hub_write with check (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy change on "series_version" for update to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid) with check (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

create policy remove on "series_version" for delete to hub_write using (publisher_id = nullif(current_setting('hub.partner', true), '')::uuid or counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid);

grant select, insert, update on "series_version" to hub_write;

grant select on "series_version" to hub_read;

grant select, insert, delete on "session_proof" to hub_write;

alter table "shipment_event" enable row level security;

alter table "shipment_event" force row level security;

create policy read_all on "shipment_event" for select to hub_read using (true);

create policy see on "shipment_event" for select to hub_write using (exists (select from "shipment" p1 where p1.id = "shipment_event".shipment_id));

create policy add on "shipment_event" for insert to hub_write with check (exists (select from "shipment" p1 where p1.id = "shipment_event".shipment_id and (p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.carrier_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "shipment_event" for update to hub_write using (exists (select from "shipment" p1 where p1.id = "shipment_event".shipment_id and (p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.carrier_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "shipment" p1 where p1.id = "shipment_event".shipment_id and (p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.carrier_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "shipment_event" for delete to hub_write using (exists (select from "shipment" p1 where p1.id = "shipment_event".shipment_id and (p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.carrier_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert, update, delete on "shipment_event" to hub_write;

grant select on "shipment_event" to hub_read;

alter table "agreement_signature" enable row level security;

alter table "agreement_signature" force row level security;

create policy read_all on "agreement_signature" for select to hub_read using (true);

create policy see on "agreement_signature" for select to hub_write using (exists (select from "agreement_version" p1 where p1.id = "agreement_signature".version_id));

create policy add on "agreement_signature" for insert to hub_write with check (exists (select from "agreement_version" p1 where p1.id = "agreement_signature".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "agreement_signature" for update to hub_write using (exists (select from "agreement_version" p1 where p1.id = "agreement_signature".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "agreement_version" p1 where p1.id = "agreement_signature".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "agreement_signature" for delete to hub_write using (exists (select from "agreement_version" p1 where p1.id = "agreement_signature".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "agreement_signature" to hub_write;

grant select on "agreement_signature" to hub_read;

alter table "case_entry" enable row level security;

alter table "case_entry" force row level security;

create policy read_all on "case_entry" for select to hub_read using (true);

create policy see on "case_entry" for select to hub_write using (exists (select from "case_file" p1 where p1.id = "case_entry".case_id));

create policy add on "case_entry" for insert to hub_write with check (exists (select from "case_file" p1 where p1.id = "case_entry".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "case_entry" for update to hub_write using (exists (select from "case_file" p1 where p1.id = "case_entry".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "case_file" p1 where p1.id = "case_entry".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "case_entry" for delete to hub_write using (exists (select from "case_file" p1 where p1.id = "case_entry".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "case_entry" to hub_write;

grant select on "case_entry" to hub_read;

alter table "case_reference" enable row level security;

alter table "case_reference" force row level security;

create policy read_all on "case_reference" for select to hub_read using (true);

create policy see on "case_reference" for select to hub_write using (exists (select from "case_file" p1 where p1.id = "case_reference".case_id));

create policy add on "case_reference" for insert to hub_write with check (exists (select from "case_file" p1 where p1.id = "case_reference".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "case_reference" for update to hub_write using (exists (select from "case_file" p1 where p1.id = "case_reference".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "case_file" p1 where p1.id = "case_reference".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "case_reference" for delete to hub_write using (exists (select from "case_file" p1 where p1.id = "case_reference".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "case_reference" to hub_write;

grant select on "case_reference" to hub_read;

alter table "case_step" enable row level security;

alter table "case_step" force row level security;

create policy read_all on "case_step" for select to hub_read using (true);

create policy see on "case_step" for select to hub_write using (exists (select from "case_file" p1 where p1.id = "case_step".case_id));

create policy add on "case_step" for insert to hub_write with check (exists (select from "case_file" p1 where p1.id = "case_step".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "case_step" for update to hub_write using (exists (select from "case_file" p1 where p1.id = "case_step".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "case_file" p1 where p1.id = "case_step".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "case_step" for delete to hub_write using (exists (select from "case_file" p1 where p1.id = "case_step".case_id and (p1.opener_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.counterparty_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert, update on "case_step" to hub_write;

grant select on "case_step" to hub_read;

alter table "fence_clause" enable row level security;

alter table "fence_clause" force row level security;

create policy read_all on "fence_clause" for select to hub_read using (true);

create policy see on "fence_clause" for select to hub_write using (exists (select from "agreement_version" p1 where p1.id = "fence_clause".version_id));

create policy add on "fence_clause" for insert to hub_write with check (exists (select from "agreement_version" p1 where p1.id = "fence_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "fence_clause" for update to hub_write using (exists (select from "agreement_version" p1 where p1.id = "fence_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "agreement_version" p1 where p1.id = "fence_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "fence_clause" for delete to hub_write using (exists (select from "agreement_version" p1 where p1.id = "fence_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "fence_clause" to hub_write;

grant select on "fence_clause" to hub_read;

alter table "response_clause" enable row level security;

alter table "response_clause" force row level security;

create policy read_all on "response_clause" for select to hub_read using (true);

create policy see on "response_clause" for select to hub_write using (exists (select from "agreement_version" p1 where p1.id = "response_clause".version_id));

create policy add on "response_clause" for insert to hub_write with check (exists (select from "agreement_version" p1 where p1.id = "response_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "response_clause" for update to hub_write using (exists (select from "agreement_version" p1 where p1.id = "response_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "agreement_version" p1 where p1.id = "response_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "response_clause" for delete to hub_write using (exists (select from "agreement_version" p1 where p1.id = "response_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "response_clause" to hub_write;

grant select on "response_clause" to hub_read;

alter table "schedule_line" enable row level security;

alter table "schedule_line" force row level security;

create policy read_all on "schedule_line" for select to hub_read using (true);

create policy see on "schedule_line" for select to hub_write using (exists (select from "order_line" p1 where p1.id = "schedule_line".line_id));

create policy add on "schedule_line" for insert to hub_write with check (exists (select from "order_line" p1 where p1.id = "schedule_line".line_id and (p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "schedule_line" for update to hub_write using (exists (select from "order_line" p1 where p1.id = "schedule_line".line_id and (p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "order_line" p1 where p1.id = "schedule_line".line_id and (p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "schedule_line" for delete to hub_write using (exists (select from "order_line" p1 where p1.id = "schedule_line".line_id and (p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert, update, delete on "schedule_line" to hub_write;

grant select on "schedule_line" to hub_read;

alter table "service_level_clause" enable row level security;

alter table "service_level_clause" force row level security;

create policy read_all on "service_level_clause" for select to hub_read using (true);

create policy see on "service_level_clause" for select to hub_write using (exists (select from "agreement_version" p1 where p1.id = "service_level_clause".version_id));

create policy add on "service_level_clause" for insert to hub_write with check (exists (select from "agreement_version" p1 where p1.id = "service_level_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "service_level_clause" for update to hub_write using (exists (select from "agreement_version" p1 where p1.id = "service_level_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "agreement_version" p1 where p1.id = "service_level_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "service_level_clause" for delete to hub_write using (exists (select from "agreement_version" p1 where p1.id = "service_level_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "service_level_clause" to hub_write;

grant select on "service_level_clause" to hub_read;

alter table "stock_policy_clause" enable row level security;

alter table "stock_policy_clause" force row level security;

create policy read_all on "stock_policy_clause" for select to hub_read using (true);

create policy see on "stock_policy_clause" for select to hub_write using (exists (select from "agreement_version" p1 where p1.id = "stock_policy_clause".version_id));

create policy add on "stock_policy_clause" for insert to hub_write with check (exists (select from "agreement_version" p1 where p1.id = "stock_policy_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "stock_policy_clause" for update to hub_write using (exists (select from "agreement_version" p1 where p1.id = "stock_policy_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "agreement_version" p1 where p1.id = "stock_policy_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "stock_policy_clause" for delete to hub_write using (exists (select from "agreement_version" p1 where p1.id = "stock_policy_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "stock_policy_clause" to hub_write;

grant select on "stock_policy_clause" to hub_read;

alter table "tolerance_clause" enable row level security;

alter table "tolerance_clause" force row level security;

create policy read_all on "tolerance_clause" for select to hub_read using (true);

create policy see on "tolerance_clause" for select to hub_write using (exists (select from "agreement_version" p1 where p1.id = "tolerance_clause".version_id));

create policy add on "tolerance_clause" for insert to hub_write with check (exists (select from "agreement_version" p1 where p1.id = "tolerance_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "tolerance_clause" for update to hub_write using (exists (select from "agreement_version" p1 where p1.id = "tolerance_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "agreement_version" p1 where p1.id = "tolerance_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "tolerance_clause" for delete to hub_write using (exists (select from "agreement_version" p1 where p1.id = "tolerance_clause".version_id and (p1.provider_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.recipient_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert on "tolerance_clause" to hub_write;

grant select on "tolerance_clause" to hub_read;

alter table "schedule_revision" enable row level security;

alter table "schedule_revision" force row level security;

create policy read_all on "schedule_revision" for select to hub_read using (true);

create policy see on "schedule_revision" for select to hub_write using (exists (select from "schedule_line" p1 where p1.id = "schedule_revision".schedule_line_id));

create policy add on "schedule_revision" for insert to hub_write with check (exists (select from "schedule_line" p1 join "order_line" p2 on p2.id = p1.line_id where p1.id = "schedule_revision".schedule_line_id and (p2.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p2.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p2.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "schedule_revision" for update to hub_write using (exists (select from "schedule_line" p1 join "order_line" p2 on p2.id = p1.line_id where p1.id = "schedule_revision".schedule_line_id and (p2.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p2.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p2.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "schedule_line" p1 join "order_line" p2 on p2.id = p1.line_id where p1.id = "schedule_revision".schedule_line_id and (p2.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p2.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p2.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "schedule_revision" for delete to hub_write using (exists (select from "schedule_line" p1 join "order_line" p2 on p2.id = p1.line_id where p1.id = "schedule_revision".schedule_line_id and (p2.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p2.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p2.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert, update, delete on "schedule_revision" to hub_write;

grant select on "schedule_revision" to hub_read;

alter table "shipment_line" enable row level security;

alter table "shipment_line" force row level security;

alter table "shipment_line" add constraint "ck_shipment_line_not_the_hub" check ('00000000-0000-0000-0000-000000000000'::uuid <> all (array[seller_id, buyer_id, consignee_id, carrier_id]));

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

create policy see on "receipt" for select to hub_write using (exists (select from "shipment_line" p1 where p1.id = "receipt".shipment_line_id));

create policy add on "receipt" for insert to hub_write with check (exists (select from "shipment_line" p1 where p1.id = "receipt".shipment_line_id and (p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.carrier_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "receipt" for update to hub_write using (exists (select from "shipment_line" p1 where p1.id = "receipt".shipment_line_id and (p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.carrier_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "shipment_line" p1 where p1.id = "receipt".shipment_line_id and (p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.carrier_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "receipt" for delete to hub_write using (exists (select from "shipment_line" p1 where p1.id = "receipt".shipment_line_id and (p1.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid or p1.carrier_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert, update, delete on "receipt" to hub_write;

grant select on "receipt" to hub_read;

alter table "schedule_slice" enable row level security;

alter table "schedule_slice" force row level security;

create policy read_all on "schedule_slice" for select to hub_read using (true);

create policy see on "schedule_slice" for select to hub_write using (exists (select from "schedule_revision" p1 where p1.id = "schedule_slice".revision_id));

create policy add on "schedule_slice" for insert to hub_write with check (exists (select from "schedule_revision" p1 join "schedule_line" p2 on p2.id = p1.schedule_line_id join "order_line" p3 on p3.id = p2.line_id where p1.id = "schedule_slice".revision_id and (p3.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p3.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p3.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy change on "schedule_slice" for update to hub_write using (exists (select from "schedule_revision" p1 join "schedule_line" p2 on p2.id = p1.schedule_line_id join "order_line" p3 on p3.id = p2.line_id where p1.id = "schedule_slice".revision_id and (p3.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p3.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p3.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid))) with check (exists (select from "schedule_revision" p1 join "schedule_line" p2 on p2.id = p1.schedule_line_id join "order_line" p3 on p3.id = p2.line_id where p1.id = "schedule_slice".revision_id and (p3.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p3.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p3.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

create policy remove on "schedule_slice" for delete to hub_write using (exists (select from "schedule_revision" p1 join "schedule_line" p2 on p2.id = p1.schedule_line_id join "order_line" p3 on p3.id = p2.line_id where p1.id = "schedule_slice".revision_id and (p3.buyer_id = nullif(current_setting('hub.partner', true), '')::uuid or p3.seller_id = nullif(current_setting('hub.partner', true), '')::uuid or p3.consignee_id = nullif(current_setting('hub.partner', true), '')::uuid)));

grant select, insert, update, delete on "schedule_slice" to hub_write;

grant select on "schedule_slice" to hub_read;
