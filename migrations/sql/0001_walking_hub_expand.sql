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

grant insert on "change_outbox" to hub_write;

grant select on "change_outbox" to hub_read;
