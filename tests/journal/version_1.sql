BEGIN TRANSACTION;
CREATE TABLE batches (
	batch_id VARCHAR(40) NOT NULL, 
	venue_id INTEGER NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
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
INSERT INTO "batches" VALUES('old',1,'hash-old',1,'/desk/orders.xlsx','Orders','[["Pair", "symbol", "A"], ["Limit", "price", "B"], ["Desk", null, "C"]]',2,0,'2026-03-02T09:30:00.000+00:00');
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
INSERT INTO "events" VALUES(1,'old',NULL,'2026-03-02T09:30:00.000+00:00','planned',NULL,'2 rows',NULL,'desk@host process 1');
INSERT INTO "events" VALUES(2,'old',2,'2026-03-02T09:30:00.000+00:00','claimed','SENDING','to be sent','req-1','desk@host process 1');
INSERT INTO "events" VALUES(3,'old',2,'2026-03-02T09:30:00.000+00:00','accepted','OPEN','202',NULL,'desk@host process 1');
CREATE TABLE journal_meta (
	name VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "journal_meta" VALUES('version','1');
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
	PRIMARY KEY (batch_id, "row"), 
	FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
);
INSERT INTO "orders" VALUES('old',2,1,'["EUR/USD", "1.0971678", ""]','OPEN','old-2','print-old-2','{"coId": "old-2"}','EUR/USD','Buy','EUR','1000000','1.0971678','GTC',NULL,NULL,NULL,NULL,NULL,'NEW','S1',NULL,NULL,'','2026-03-02T09:30:00.000+00:00',NULL,'req-1');
INSERT INTO "orders" VALUES('old',3,1,'["EUR/USD", "1.0971678", ""]','PLANNED','old-3','print-old-3','{"coId": "old-3"}','EUR/USD','Buy','EUR','1000000','1.0971678','GTC',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'',NULL,NULL,NULL);
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
CREATE UNIQUE INDEX one_batch_a_generation ON batches (venue_id, content_hash, generation);
CREATE UNIQUE INDEX one_order_a_client_order_id ON orders (venue_id, client_order_id) WHERE state NOT IN ('INVALID', 'SKIPPED') AND client_order_id IS NOT NULL;
CREATE INDEX orders_by_fingerprint ON orders (venue_id, fingerprint);
CREATE INDEX orders_by_state ON orders (batch_id, state);
COMMIT;
