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
INSERT INTO "batches" VALUES('keknbh7c',1,'5114d09fe2b2088b614ebcd4e0b23b81a2330fc69c2c44b71599c040aee78cdc',1,'/srv/eod.csv',NULL,'[["symbol", "symbol", "A"], ["side", "side", "B"], ["size", "size", "C"], ["price", "price", "D"], ["time_in_force", "time_in_force", "E"], ["note", "note", "F"]]',4,0,'2026-11-25T09:11:48.303+00:00');
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
INSERT INTO "events" VALUES(1,'keknbh7c',NULL,'2026-11-25T09:11:48.303+00:00','planned',NULL,'4 rows of eod.csv, 0 already sent',NULL,'ops@desk-1 process 8601');
INSERT INTO "events" VALUES(2,'keknbh7c',NULL,'2026-11-25T09:11:48.373+00:00','run-started',NULL,'3 rows to send',NULL,'ops@desk-1 process 8601');
INSERT INTO "events" VALUES(3,'keknbh7c',2,'2026-11-25T09:11:48.385+00:00','claimed','SENDING','client order ID keknbh7c-2','c94e3394687749bfb9c697d104fbc256','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(4,'keknbh7c',3,'2026-11-25T09:11:48.385+00:00','claimed','SENDING','client order ID keknbh7c-3','7ab348178628473b952d95ceaa297adc','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(5,'keknbh7c',4,'2026-11-25T09:11:48.385+00:00','claimed','SENDING','client order ID keknbh7c-4','651d90b4dcb546e7afa2099364150386','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(6,'keknbh7c',2,'2026-11-25T09:11:48.400+00:00','accepted','OPEN','server order ID 4820276016, status RECEIVED','c94e3394687749bfb9c697d104fbc256','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(7,'keknbh7c',3,'2026-11-25T09:11:48.400+00:00','accepted','OPEN','server order ID 4820276017, status RECEIVED','7ab348178628473b952d95ceaa297adc','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(8,'keknbh7c',4,'2026-11-25T09:11:48.408+00:00','accepted','OPEN','server order ID 4820276018, status RECEIVED','651d90b4dcb546e7afa2099364150386','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(9,'keknbh7c',3,'2026-11-25T09:11:48.708+00:00','working','OPEN','status NEW','eea8d79df7df42e9968b83ad0ab87668','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(10,'keknbh7c',2,'2026-11-25T09:11:48.708+00:00','working','OPEN','status NEW','0d10710b35d24d56b8c4503e82765a3f','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(11,'keknbh7c',4,'2026-11-25T09:11:48.708+00:00','working','OPEN','status NEW','59a431600e3746e08049fc1870cd38d8','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(12,'keknbh7c',3,'2026-11-25T09:11:48.961+00:00','expired','EXPIRED','status EXPIRED','a6dbe93ee07e4a8789e819f2775816a0','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(13,'keknbh7c',2,'2026-11-25T09:11:48.961+00:00','filled','FILLED','status FILLED','7713e979a4c84830b306f2d13d19a468','ops@desk-1 process 8601');
INSERT INTO "events" VALUES(14,'keknbh7c',NULL,'2026-11-25T09:11:50.458+00:00','run-ended',NULL,'finished',NULL,'ops@desk-1 process 8601');
CREATE TABLE journal_meta (
	name VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "journal_meta" VALUES('version','2');
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
INSERT INTO "orders" VALUES('keknbh7c',2,1,'["EUR/USD", "Buy", "100001", "1.2", "IOC", "a"]','FILLED','keknbh7c-2','07f4d3dde41b016eca82340a0f04c1423d643cbf#1','{"coId": "keknbh7c-2", "type": "Limit", "side": "Buy", "symbol": "EUR/USD", "currency": "EUR", "size": 100001, "price": 1.2, "timeInForce": "IOC"}','EUR/USD','Buy','EUR','100001','1.2','IOC',NULL,NULL,NULL,NULL,NULL,'FILLED','4820276016','100001','1.11720','','2026-11-25T09:11:48.384+00:00','2026-11-25T09:11:48.911+00:00','c94e3394687749bfb9c697d104fbc256');
INSERT INTO "orders" VALUES('keknbh7c',3,1,'["EUR/USD", "Sell", "100002", "1.2", "IOC", "b"]','EXPIRED','keknbh7c-3','f25aee35c14b7bbadab001aadb02e5eb644464b7#1','{"coId": "keknbh7c-3", "type": "Limit", "side": "Sell", "symbol": "EUR/USD", "currency": "EUR", "size": 100002, "price": 1.2, "timeInForce": "IOC"}','EUR/USD','Sell','EUR','100002','1.2','IOC',NULL,NULL,NULL,NULL,NULL,'EXPIRED','4820276017','0',NULL,'','2026-11-25T09:11:48.384+00:00','2026-11-25T09:11:48.910+00:00','7ab348178628473b952d95ceaa297adc');
INSERT INTO "orders" VALUES('keknbh7c',4,1,'["GBP/USD", "Buy", "100003", "1.1", "GTC", "c"]','OPEN','keknbh7c-4','12dd9aac25195b802c2f791795033f0dc7c32e4f#1','{"coId": "keknbh7c-4", "type": "Limit", "side": "Buy", "symbol": "GBP/USD", "currency": "GBP", "size": 100003, "price": 1.1, "timeInForce": "GTC"}','GBP/USD','Buy','GBP','100003','1.1','GTC',NULL,NULL,NULL,NULL,NULL,'NEW','4820276018','0',NULL,'','2026-11-25T09:11:48.384+00:00',NULL,'651d90b4dcb546e7afa2099364150386');
INSERT INTO "orders" VALUES('keknbh7c',5,1,'["EUR/USD", "Buy", "-5", "1.1", "GTC", "d"]','INVALID',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'size: expected a number above 0, found "-5"',NULL,NULL,NULL);
CREATE TABLE venues (
	id INTEGER NOT NULL, 
	url TEXT NOT NULL, 
	org TEXT NOT NULL, 
	user TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "venues" VALUES(1,'http://127.0.0.1:8080','DESK','ops');
CREATE UNIQUE INDEX one_venue_login ON venues (url, org, user);
CREATE INDEX events_by_batch ON events (batch_id, id);
CREATE UNIQUE INDEX one_batch_a_generation ON batches (venue_id, content_hash, generation);
CREATE UNIQUE INDEX one_order_a_client_order_id ON orders (venue_id, client_order_id) WHERE state NOT IN ('INVALID', 'SKIPPED');
CREATE INDEX orders_by_fingerprint ON orders (venue_id, fingerprint);
CREATE INDEX orders_by_state ON orders (batch_id, state, "row");
CREATE TRIGGER events_kept_from_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'what events holds is never changed'); END;
CREATE TRIGGER events_kept_from_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'what events holds is never changed'); END;
CREATE TRIGGER batches_kept_from_update BEFORE UPDATE ON batches BEGIN SELECT RAISE(ABORT, 'what batches holds is never changed'); END;
CREATE TRIGGER batches_kept_from_delete BEFORE DELETE ON batches BEGIN SELECT RAISE(ABORT, 'what batches holds is never changed'); END;
CREATE TRIGGER orders_kept_from_delete BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'what orders holds is never changed'); END;
CREATE TRIGGER orders_kept_from_update BEFORE UPDATE OF batch_id, row, sheet_values, client_order_id, fingerprint, payload, size, price ON orders BEGIN SELECT RAISE(ABORT, 'what orders holds is never changed'); END;
COMMIT;
