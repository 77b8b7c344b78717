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
INSERT INTO "batches" VALUES('inc73mmu',1,'51a4fca3b109db94caa4c6bf1cb0d72f41cf15e805bd39051153170648b7a6b2','eod',1,'/srv/eod.csv',NULL,'[["symbol", "symbol", "A"], ["side", "side", "B"], ["size", "size", "C"], ["price", "price", "D"], ["time_in_force", "time_in_force", "E"], ["note", "note", "F"]]',4,0,'2026-11-25T11:11:29.346+00:00');
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
INSERT INTO "events" VALUES(1,'inc73mmu',NULL,'2026-11-25T11:11:29.380+00:00','planned',NULL,'4 rows of eod.csv, 0 already sent',NULL,'ops@desk-1 process 28453');
INSERT INTO "events" VALUES(2,'inc73mmu',NULL,'2026-11-25T11:11:29.467+00:00','run-started',NULL,'3 rows to send',NULL,'ops@desk-1 process 28453');
INSERT INTO "events" VALUES(3,'inc73mmu',NULL,'2026-11-25T11:11:29.502+00:00','token-life',NULL,'59.999',NULL,'ops@desk-1 process 28453');
INSERT INTO "events" VALUES(4,'inc73mmu',2,'2026-11-25T11:11:29.514+00:00','claimed','SENDING','client order ID inc73mmu-2','ad729360142049bbb92778736fdd95ee','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(5,'inc73mmu',3,'2026-11-25T11:11:29.514+00:00','claimed','SENDING','client order ID inc73mmu-3','2a443d58c0aa4a158c7d34eda9f1af8b','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(6,'inc73mmu',4,'2026-11-25T11:11:29.514+00:00','claimed','SENDING','client order ID inc73mmu-4','864303255e6c4b749abb6ca34b3ec85a','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(7,'inc73mmu',4,'2026-11-25T11:11:29.532+00:00','accepted','OPEN','server order ID 4820276017, status RECEIVED','864303255e6c4b749abb6ca34b3ec85a','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(8,'inc73mmu',3,'2026-11-25T11:11:29.532+00:00','accepted','OPEN','server order ID 4820276018, status RECEIVED','2a443d58c0aa4a158c7d34eda9f1af8b','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(9,'inc73mmu',2,'2026-11-25T11:11:29.532+00:00','accepted','OPEN','server order ID 4820276016, status RECEIVED','ad729360142049bbb92778736fdd95ee','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(10,'inc73mmu',2,'2026-11-25T11:11:29.872+00:00','filled','FILLED','status FILLED','807d3bba848544b3b9f33476faf7bd21','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(11,'inc73mmu',3,'2026-11-25T11:11:29.872+00:00','expired','EXPIRED','status EXPIRED','cd0c1c5c692240a394d0142be9cf4905','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(12,'inc73mmu',4,'2026-11-25T11:11:29.872+00:00','working','OPEN','status NEW','a33044730c68401eb49fa7462feeb18b','ops@desk-1 process 28453');
INSERT INTO "events" VALUES(13,'inc73mmu',NULL,'2026-11-25T11:11:30.990+00:00','run-ended',NULL,'finished',NULL,'ops@desk-1 process 28453');
CREATE TABLE holds (
	batch_id VARCHAR(40) NOT NULL, 
	epoch INTEGER NOT NULL, 
	holder TEXT NOT NULL, 
	taken_at VARCHAR(32) NOT NULL, 
	ended_at VARCHAR(32), 
	token_life_s FLOAT, 
	PRIMARY KEY (batch_id, epoch), 
	FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
);
CREATE TABLE journal_meta (
	name VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "journal_meta" VALUES('version','3');
INSERT INTO "journal_meta" VALUES('journal_id','a20aa0c05bd54ce1b53dc7c44b3eea6e');
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
INSERT INTO "orders" VALUES('inc73mmu',2,1,'["EUR/USD", "Buy", "100000", "1.2", "IOC", "a"]','FILLED','inc73mmu-2','326cb3e32caa60730eb0a7185ab2a56e83f97f01','{"coId": "inc73mmu-2", "type": "Limit", "side": "Buy", "symbol": "EUR/USD", "currency": "EUR", "size": 100000, "price": 1.2, "timeInForce": "IOC"}','EUR/USD','Buy','EUR','100000','1.2','IOC',NULL,NULL,NULL,NULL,NULL,'FILLED','4820276016','100000','1.11720','','2026-11-25T11:11:29.513+00:00','2026-11-25T11:11:29.822+00:00','ad729360142049bbb92778736fdd95ee','4820276016-FILLED-100000',NULL);
INSERT INTO "orders" VALUES('inc73mmu',3,1,'["EUR/USD", "Buy", "100001", "1.0", "IOC", "b"]','EXPIRED','inc73mmu-3','120c9aa28d020b8e91f84dbcdc436c24d694879f','{"coId": "inc73mmu-3", "type": "Limit", "side": "Buy", "symbol": "EUR/USD", "currency": "EUR", "size": 100001, "price": 1.0, "timeInForce": "IOC"}','EUR/USD','Buy','EUR','100001','1.0','IOC',NULL,NULL,NULL,NULL,NULL,'EXPIRED','4820276018','0',NULL,'','2026-11-25T11:11:29.513+00:00','2026-11-25T11:11:29.822+00:00','2a443d58c0aa4a158c7d34eda9f1af8b','4820276018-EXPIRED-0',NULL);
INSERT INTO "orders" VALUES('inc73mmu',4,1,'["EUR/USD", "Buy", "100002", "1.0", "GTC", "c"]','OPEN','inc73mmu-4','54516da141df23ab763b68a0b46225c66b082774','{"coId": "inc73mmu-4", "type": "Limit", "side": "Buy", "symbol": "EUR/USD", "currency": "EUR", "size": 100002, "price": 1.0, "timeInForce": "GTC"}','EUR/USD','Buy','EUR','100002','1.0','GTC',NULL,NULL,NULL,NULL,NULL,'NEW','4820276017','0',NULL,'','2026-11-25T11:11:29.513+00:00',NULL,'864303255e6c4b749abb6ca34b3ec85a','4820276017-NEW-0',NULL);
INSERT INTO "orders" VALUES('inc73mmu',5,1,'["EUR/USD", "Buy", "-5", "1.0", "GTC", "d"]','INVALID',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'size: expected a number above 0, found "-5"',NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "stops" VALUES(1,'inc73mmu',0,'2026-11-25T11:11:34.287+00:00','ops@desk-1 process 28569',NULL,NULL);
CREATE TABLE venues (
	id INTEGER NOT NULL, 
	url TEXT NOT NULL, 
	org TEXT NOT NULL, 
	user TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "venues" VALUES(1,'https://venue.example','DESK','ops');
CREATE UNIQUE INDEX one_venue_login ON venues (url, org, user);
CREATE INDEX events_by_batch ON events (batch_id, id);
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
