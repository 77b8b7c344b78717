-- Least rights on the tables of a journal; run it as their owner, after each upgrade.
-- The sender sends and follows; it can neither delete nor rewrite what is on record.

GRANT USAGE ON SCHEMA public TO orderbatch_sender, orderbatch_viewer;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO orderbatch_sender, orderbatch_viewer;
GRANT INSERT ON venues, batches, orders, events, holds, stops, cancels, allotments
    TO orderbatch_sender;
GRANT UPDATE (state, venue_status, server_order_id, filled_size, average_price, message,
              submitted_at, finished_at, request_id, execution_id, claim_epoch)
    ON orders TO orderbatch_sender;
GRANT UPDATE (ended_at, seen_at, token_life_s, tokens_dead_at) ON holds TO orderbatch_sender;
GRANT UPDATE (released_at, released_by) ON stops TO orderbatch_sender;
GRANT UPDATE (ended_at) ON cancels TO orderbatch_sender;
GRANT UPDATE (next_at, paused_until) ON allotments TO orderbatch_sender;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO orderbatch_sender;
