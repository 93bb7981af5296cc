alter table change_outbox add acting_id uuid, add was jsonb, add audience varchar collate "C", add only_for uuid[];

grant select, delete on "change_outbox" to hub_pump;

CREATE TABLE change_head (
	id INTEGER NOT NULL, 
	seq BIGINT NOT NULL, 
	floor_seq BIGINT NOT NULL, 
	epoch BIGINT NOT NULL, 
	system_identifier BIGINT NOT NULL, 
	timeline INTEGER NOT NULL, 
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

grant select, insert, update on "change_head" to hub_pump;

grant select on "change_head" to hub_read;

grant select, insert, delete on "change_log" to hub_pump;

grant select on "change_log" to hub_read;
