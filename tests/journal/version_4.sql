BEGIN TRANSACTION;
CREATE TABLE batches (
	batch_id VARCHAR(40) NOT NULL, 
	venue_id INTEGER NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	run_key VARCHAR(40) NOT NULL, 
	generation INTEGER NOT NULL, 
	sheet_path TEXT NOT NULL, 
	worksheet TEXT, 
	columns TEXT NOT NULL, 
	row_count INTEGER NOT NULL, 
	simulated BOOLEAN NOT NULL, 
	created_at VARCHAR(32) NOT NULL, 
	PRIMARY KEY (batch_id), 
	FOREIGN KEY(venue_id) REFERENCES venues (id)
);
INSERT INTO "batches" VALUES('abc',1,'hash-abc','',1,'/desk/orders.xlsx','Orders','[["Pair", "symbol", "A"], ["Limit", "price", "B"], ["Desk", null, "C"]]',4,0,'2026-03-02T09:30:00.000+00:00');
CREATE TABLE cancels (
	id INTEGER NOT NULL, 
	batch_id VARCHAR(40) NOT NULL, 
	"row" INTEGER NOT NULL, 
	asked_at VARCHAR(32) NOT NULL, 
	asked_by TEXT NOT NULL, 
	ended_at VARCHAR(32), 
	PRIMARY KEY (id)
);
INSERT INTO "cancels" VALUES(1,'abc',2,'2026-03-02T09:30:00.000+00:00','ops@desk-1 process 28453',NULL);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	batch_id VARCHAR(40) NOT NULL, 
	"row" INTEGER, 
	at VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	state VARCHAR(16), 
	detail TEXT NOT NULL, 
	request_id VARCHAR(64), 
	actor TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "events" VALUES(1,'abc',NULL,'2026-03-02T09:30:00.000+00:00','planned',NULL,'4 rows',NULL,'ops@desk-1 process 28453');
INSERT INTO "events" VALUES(2,'abc',NULL,'2026-03-02T09:30:00.000+00:00','token-life',NULL,'20.000',NULL,'ops@desk-1 process 28453');
INSERT INTO "events" VALUES(3,'abc',2,'2026-03-02T09:30:00.000+00:00','claimed','SENDING','client order ID abc-2','77f1fd52f1cf4396ade6175af6453ec3','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(4,'abc',3,'2026-03-02T09:30:00.000+00:00','claimed','SENDING','client order ID abc-3','64c69708c154446292fe1a8a321dc168','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(5,'abc',4,'2026-03-02T09:30:00.000+00:00','claimed','SENDING','client order ID abc-4','9b762f841d3443af86c297c784d7153d','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(6,'abc',2,'2026-03-02T09:30:00.000+00:00','accepted','OPEN','',NULL,'ops@desk-1 process 28453');
INSERT INTO "events" VALUES(7,'abc',3,'2026-03-02T09:30:00.000+00:00','lost','UNKNOWN','',NULL,'ops@desk-1 process 28453');
INSERT INTO "events" VALUES(8,'abc',2,'2026-03-02T09:30:00.000+00:00','cancel-wanted',NULL,'asked for from the command line or a program',NULL,'ops@desk-1 process 28453');
CREATE TABLE holds (
	batch_id VARCHAR(40) NOT NULL, 
	epoch INTEGER NOT NULL, 
	holder TEXT NOT NULL, 
	taken_at VARCHAR(32) NOT NULL, 
	ended_at VARCHAR(32), 
	seen_at VARCHAR(32) NOT NULL, 
	ttl_s FLOAT NOT NULL, 
	token_life_s FLOAT, 
	tokens_dead_at VARCHAR(32), 
	PRIMARY KEY (batch_id, epoch)
);
INSERT INTO "holds" VALUES('abc',1,'ops@desk-1 process 28453','2026-03-02T09:30:00.000+00:00','2026-03-02T09:30:00.000+00:00','2026-03-02T09:30:00.000+00:00',0.0,20.0,'2026-03-02T09:30:20.000+00:00');
CREATE TABLE journal_meta (
	name VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "journal_meta" VALUES('version','4');
INSERT INTO "journal_meta" VALUES('journal_id','2e4922445a0141edb3fceec18c5afecd');
CREATE TABLE orders (
	batch_id VARCHAR(40) NOT NULL, 
	"row" INTEGER NOT NULL, 
	venue_id INTEGER NOT NULL, 
	sheet_values TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	client_order_id VARCHAR(255), 
	fingerprint VARCHAR(64), 
	payload TEXT, 
	symbol VARCHAR(7), 
	side VARCHAR(4), 
	currency VARCHAR(3), 
	size TEXT, 
	price TEXT, 
	time_in_force VARCHAR(3), 
	expiry_time_s INTEGER, 
	min_size TEXT, 
	org TEXT, 
	account TEXT, 
	own_client_order_id VARCHAR(255), 
	venue_status TEXT, 
	server_order_id TEXT, 
	filled_size TEXT, 
	average_price TEXT, 
	message TEXT NOT NULL, 
	submitted_at VARCHAR(32), 
	finished_at VARCHAR(32), 
	request_id VARCHAR(64), 
	execution_id TEXT, 
	claim_epoch INTEGER, 
	PRIMARY KEY (batch_id, "row"), 
	FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
);
INSERT INTO "orders" VALUES('abc',2,1,'["EUR/USD", "1.0971678", ""]','OPEN','abc-2','print-abc-2','{"coId": "abc-2"}','EUR/USD','Buy','EUR','1000000','1.0971678','GTC',NULL,NULL,NULL,NULL,NULL,NULL,'S1',NULL,NULL,'ok','2026-03-02T09:30:00.000+00:00',NULL,'77f1fd52f1cf4396ade6175af6453ec3',NULL,1);
INSERT INTO "orders" VALUES('abc',3,1,'["EUR/USD", "1.0971678", ""]','UNKNOWN','abc-3','print-abc-3','{"coId": "abc-3"}','EUR/USD','Buy','EUR','1000000','1.0971678','GTC',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'','2026-03-02T09:30:00.000+00:00',NULL,'64c69708c154446292fe1a8a321dc168',NULL,1);
INSERT INTO "orders" VALUES('abc',4,1,'["EUR/USD", "1.0971678", ""]','SENDING','abc-4','print-abc-4','{"coId": "abc-4"}','EUR/USD','Buy','EUR','1000000','1.0971678','GTC',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'','2026-03-02T09:30:00.000+00:00',NULL,'9b762f841d3443af86c297c784d7153d',NULL,1);
INSERT INTO "orders" VALUES('abc',5,1,'["EUR/USD", "1.0971678", ""]','PLANNED','abc-5','print-abc-5','{"coId": "abc-5"}','EUR/USD','Buy','EUR','1000000','1.0971678','GTC',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE stops (
	id INTEGER NOT NULL, 
	batch_id VARCHAR(40), 
	cancel BOOLEAN NOT NULL, 
	asked_at VARCHAR(32) NOT NULL, 
	asked_by TEXT NOT NULL, 
	released_at VARCHAR(32), 
	released_by TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "stops" VALUES(1,'abc',0,'2026-03-02T09:30:00.000+00:00','ana',NULL,NULL);
CREATE TABLE venues (
	id INTEGER NOT NULL, 
	url TEXT NOT NULL, 
	org TEXT NOT NULL, 
	user TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "venues" VALUES(1,'https://venue.example','ACME','desk');
CREATE UNIQUE INDEX one_venue_login ON venues (url, org, user);
CREATE INDEX events_by_batch ON events (batch_id, id);
CREATE INDEX cancels_by_batch ON cancels (batch_id, ended_at);
CREATE UNIQUE INDEX one_batch_a_generation ON batches (venue_id, content_hash, run_key, generation);
CREATE INDEX orders_by_server_order_id ON orders (venue_id, server_order_id);
CREATE INDEX orders_by_state ON orders (batch_id, state, "row");
CREATE INDEX orders_by_fingerprint ON orders (venue_id, fingerprint);
CREATE UNIQUE INDEX one_order_a_client_order_id ON orders (venue_id, client_order_id) WHERE state NOT IN ('INVALID', 'SKIPPED');
CREATE TRIGGER events_kept_from_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'what events holds is never changed'); END;
CREATE TRIGGER events_kept_from_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'what events holds is never changed'); END;
CREATE TRIGGER batches_kept_from_update BEFORE UPDATE ON batches BEGIN SELECT RAISE(ABORT, 'what batches holds is never changed'); END;
CREATE TRIGGER batches_kept_from_delete BEFORE DELETE ON batches BEGIN SELECT RAISE(ABORT, 'what batches holds is never changed'); END;
CREATE TRIGGER orders_kept_from_delete BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'what orders holds is never changed'); END;
CREATE TRIGGER orders_kept_from_update BEFORE UPDATE OF batch_id, row, sheet_values, client_order_id, fingerprint, payload, size, price ON orders BEGIN SELECT RAISE(ABORT, 'what orders holds is never changed'); END;
COMMIT;
