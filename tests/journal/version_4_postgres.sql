CREATE FUNCTION public.orderbatch_keep() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'what % holds is never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TABLE public.batches (
    batch_id character varying(40) NOT NULL COLLATE pg_catalog."C",
    venue_id integer NOT NULL,
    content_hash character varying(64) NOT NULL,
    run_key character varying(40) NOT NULL,
    generation integer NOT NULL,
    sheet_path text NOT NULL,
    worksheet text,
    columns text NOT NULL,
    row_count integer NOT NULL,
    simulated boolean NOT NULL,
    created_at character varying(32) NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.cancels (
    id integer NOT NULL,
    batch_id character varying(40) NOT NULL,
    "row" integer NOT NULL,
    asked_at character varying(32) NOT NULL,
    asked_by text NOT NULL,
    ended_at character varying(32)
);
CREATE SEQUENCE public.cancels_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.cancels_id_seq OWNED BY public.cancels.id;
CREATE TABLE public.events (
    id bigint NOT NULL,
    batch_id character varying(40) NOT NULL COLLATE pg_catalog."C",
    "row" integer,
    at character varying(32) NOT NULL COLLATE pg_catalog."C",
    kind character varying(32) NOT NULL,
    state character varying(16),
    detail text NOT NULL,
    request_id character varying(64),
    actor text NOT NULL
);
CREATE SEQUENCE public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.events_id_seq OWNED BY public.events.id;
CREATE TABLE public.holds (
    batch_id character varying(40) NOT NULL COLLATE pg_catalog."C",
    epoch integer NOT NULL,
    holder text NOT NULL,
    taken_at character varying(32) NOT NULL COLLATE pg_catalog."C",
    ended_at character varying(32) COLLATE pg_catalog."C",
    seen_at character varying(32) NOT NULL COLLATE pg_catalog."C",
    ttl_s double precision NOT NULL,
    token_life_s double precision,
    tokens_dead_at character varying(32) COLLATE pg_catalog."C"
);
CREATE TABLE public.journal_meta (
    name character varying(40) NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.orders (
    batch_id character varying(40) NOT NULL COLLATE pg_catalog."C",
    "row" integer NOT NULL,
    venue_id integer NOT NULL,
    sheet_values text NOT NULL,
    state character varying(16) NOT NULL,
    client_order_id character varying(255),
    fingerprint character varying(64),
    payload text,
    symbol character varying(7),
    side character varying(4),
    currency character varying(3),
    size text,
    price text,
    time_in_force character varying(3),
    expiry_time_s integer,
    min_size text,
    org text,
    account text,
    own_client_order_id character varying(255),
    venue_status text,
    server_order_id text,
    filled_size text,
    average_price text,
    message text NOT NULL,
    submitted_at character varying(32) COLLATE pg_catalog."C",
    finished_at character varying(32) COLLATE pg_catalog."C",
    request_id character varying(64),
    execution_id text,
    claim_epoch integer
);
CREATE TABLE public.stops (
    id integer NOT NULL,
    batch_id character varying(40) COLLATE pg_catalog."C",
    cancel boolean NOT NULL,
    asked_at character varying(32) NOT NULL COLLATE pg_catalog."C",
    asked_by text NOT NULL,
    released_at character varying(32) COLLATE pg_catalog."C",
    released_by text
);
CREATE SEQUENCE public.stops_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.stops_id_seq OWNED BY public.stops.id;
CREATE TABLE public.venues (
    id integer NOT NULL,
    url text NOT NULL,
    org text NOT NULL,
    "user" text NOT NULL
);
CREATE SEQUENCE public.venues_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.venues_id_seq OWNED BY public.venues.id;
ALTER TABLE ONLY public.cancels ALTER COLUMN id SET DEFAULT nextval('public.cancels_id_seq'::regclass);
ALTER TABLE ONLY public.events ALTER COLUMN id SET DEFAULT nextval('public.events_id_seq'::regclass);
ALTER TABLE ONLY public.stops ALTER COLUMN id SET DEFAULT nextval('public.stops_id_seq'::regclass);
ALTER TABLE ONLY public.venues ALTER COLUMN id SET DEFAULT nextval('public.venues_id_seq'::regclass);
INSERT INTO public.batches VALUES ('abc', 1, 'hash-abc', '', 1, '/desk/orders.xlsx', 'Orders', '[["Pair", "symbol", "A"], ["Limit", "price", "B"], ["Desk", null, "C"]]', 4, false, '2026-03-02T09:30:00.000+00:00');
INSERT INTO public.cancels VALUES (1, 'abc', 2, '2026-03-02T09:30:00.000+00:00', 'ops@desk-1 process 28453', NULL);
INSERT INTO public.events VALUES (1, 'abc', NULL, '2026-03-02T09:30:00.000+00:00', 'planned', NULL, '4 rows', NULL, 'ops@desk-1 process 28453');
INSERT INTO public.events VALUES (2, 'abc', NULL, '2026-03-02T09:30:00.000+00:00', 'token-life', NULL, '20.000', NULL, 'ops@desk-1 process 28453');
INSERT INTO public.events VALUES (3, 'abc', 2, '2026-03-02T09:30:00.000+00:00', 'claimed', 'SENDING', 'client order ID abc-2', 'aa545eabc4074bf58290a9e2a629c2d3', 'ops@desk-1 process 28453');
INSERT INTO public.events VALUES (4, 'abc', 3, '2026-03-02T09:30:00.000+00:00', 'claimed', 'SENDING', 'client order ID abc-3', 'b60459cff72844c0a63332c916eb98b8', 'ops@desk-1 process 28453');
INSERT INTO public.events VALUES (5, 'abc', 4, '2026-03-02T09:30:00.000+00:00', 'claimed', 'SENDING', 'client order ID abc-4', 'f891eba286764edaa019ba475c781592', 'ops@desk-1 process 28453');
INSERT INTO public.events VALUES (6, 'abc', 2, '2026-03-02T09:30:00.000+00:00', 'accepted', 'OPEN', '', NULL, 'ops@desk-1 process 28453');
INSERT INTO public.events VALUES (7, 'abc', 3, '2026-03-02T09:30:00.000+00:00', 'lost', 'UNKNOWN', '', NULL, 'ops@desk-1 process 28453');
INSERT INTO public.events VALUES (8, 'abc', 2, '2026-03-02T09:30:00.000+00:00', 'cancel-wanted', NULL, 'asked for from the command line or a program', NULL, 'ops@desk-1 process 28453');
INSERT INTO public.holds VALUES ('abc', 1, 'ops@desk-1 process 28453', '2026-11-29T23:29:12.875+00:00', '2026-11-29T23:29:13.009+00:00', '2026-11-29T23:29:12.875+00:00', 15, 20, '2026-11-29T23:29:32.972+00:00');
INSERT INTO public.journal_meta VALUES ('version', '4');
INSERT INTO public.journal_meta VALUES ('journal_id', '8b8b8e684228445193ce4a520a06c336');
INSERT INTO public.journal_meta VALUES ('made', '5bb0f267a119a3bca2a0fa24697f2360124835915af7720b25a8b18f432a07f1');
INSERT INTO public.orders VALUES ('abc', 5, 1, '["EUR/USD", "1.0971678", ""]', 'PLANNED', 'abc-5', 'print-abc-5', '{"coId": "abc-5"}', 'EUR/USD', 'Buy', 'EUR', '1000000', '1.0971678', 'GTC', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.orders VALUES ('abc', 4, 1, '["EUR/USD", "1.0971678", ""]', 'SENDING', 'abc-4', 'print-abc-4', '{"coId": "abc-4"}', 'EUR/USD', 'Buy', 'EUR', '1000000', '1.0971678', 'GTC', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', '2026-03-02T09:30:00.000+00:00', NULL, 'f891eba286764edaa019ba475c781592', NULL, 1);
INSERT INTO public.orders VALUES ('abc', 2, 1, '["EUR/USD", "1.0971678", ""]', 'OPEN', 'abc-2', 'print-abc-2', '{"coId": "abc-2"}', 'EUR/USD', 'Buy', 'EUR', '1000000', '1.0971678', 'GTC', NULL, NULL, NULL, NULL, NULL, NULL, 'S1', NULL, NULL, 'ok', '2026-03-02T09:30:00.000+00:00', NULL, 'aa545eabc4074bf58290a9e2a629c2d3', NULL, 1);
INSERT INTO public.orders VALUES ('abc', 3, 1, '["EUR/USD", "1.0971678", ""]', 'UNKNOWN', 'abc-3', 'print-abc-3', '{"coId": "abc-3"}', 'EUR/USD', 'Buy', 'EUR', '1000000', '1.0971678', 'GTC', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', '2026-03-02T09:30:00.000+00:00', NULL, 'b60459cff72844c0a63332c916eb98b8', NULL, 1);
INSERT INTO public.stops VALUES (1, 'abc', false, '2026-03-02T09:30:00.000+00:00', 'ana', NULL, NULL);
INSERT INTO public.venues VALUES (1, 'https://venue.example', 'ACME', 'desk');
SELECT pg_catalog.setval('public.cancels_id_seq', 1, true);
SELECT pg_catalog.setval('public.events_id_seq', 8, true);
SELECT pg_catalog.setval('public.stops_id_seq', 1, true);
SELECT pg_catalog.setval('public.venues_id_seq', 1, true);
ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (batch_id);
ALTER TABLE ONLY public.cancels
    ADD CONSTRAINT cancels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (batch_id, epoch);
ALTER TABLE ONLY public.journal_meta
    ADD CONSTRAINT journal_meta_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (batch_id, "row");
ALTER TABLE ONLY public.stops
    ADD CONSTRAINT stops_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.venues
    ADD CONSTRAINT venues_pkey PRIMARY KEY (id);
CREATE INDEX cancels_by_batch ON public.cancels USING btree (batch_id, ended_at);
CREATE INDEX events_by_batch ON public.events USING btree (batch_id, id);
CREATE UNIQUE INDEX one_batch_a_generation ON public.batches USING btree (venue_id, content_hash, run_key, generation);
CREATE UNIQUE INDEX one_order_a_client_order_id ON public.orders (venue_id, client_order_id) WHERE state NOT IN ('INVALID', 'SKIPPED');
CREATE UNIQUE INDEX one_venue_login ON public.venues USING btree (url, org, "user");
CREATE INDEX orders_by_fingerprint ON public.orders USING btree (venue_id, fingerprint);
CREATE INDEX orders_by_server_order_id ON public.orders USING btree (venue_id, server_order_id);
CREATE INDEX orders_by_state ON public.orders USING btree (batch_id, state, "row");
CREATE TRIGGER batches_kept_from_truncate BEFORE TRUNCATE ON public.batches FOR EACH STATEMENT EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER batches_kept_from_update BEFORE DELETE OR UPDATE ON public.batches FOR EACH ROW EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER events_kept_from_truncate BEFORE TRUNCATE ON public.events FOR EACH STATEMENT EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER events_kept_from_update BEFORE DELETE OR UPDATE ON public.events FOR EACH ROW EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER holds_kept_from_delete BEFORE DELETE ON public.holds FOR EACH ROW EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER holds_kept_from_truncate BEFORE TRUNCATE ON public.holds FOR EACH STATEMENT EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER orders_kept_from_delete BEFORE DELETE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER orders_kept_from_truncate BEFORE TRUNCATE ON public.orders FOR EACH STATEMENT EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER orders_kept_from_update BEFORE UPDATE OF batch_id, "row", sheet_values, client_order_id, fingerprint, payload, size, price ON public.orders FOR EACH ROW EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER stops_kept_from_delete BEFORE DELETE ON public.stops FOR EACH ROW EXECUTE FUNCTION public.orderbatch_keep();
CREATE TRIGGER stops_kept_from_truncate BEFORE TRUNCATE ON public.stops FOR EACH STATEMENT EXECUTE FUNCTION public.orderbatch_keep();
ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_venue_id_fkey FOREIGN KEY (venue_id) REFERENCES public.venues(id);
ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.batches(batch_id);
