-- Roles, database and rights for a journal that several hosts share. Run it once, as a superuser:
--   psql -f roles.sql
-- then, as the owner, make the tables:
--   orderbatch journal upgrade --journal postgresql://orderbatch_owner@HOST/orderbatch
-- and give the rights, again after each upgrade:
--   psql -d orderbatch -f grants.sql
-- Passwords are set by \password or by the server's own authentication; none stands in here.

CREATE ROLE orderbatch_owner LOGIN;
CREATE ROLE orderbatch_sender LOGIN;
CREATE ROLE orderbatch_viewer LOGIN;
CREATE DATABASE orderbatch OWNER orderbatch_owner;
