-- Least privilege for a PostgreSQL store. Run once as the database's owner, after
-- `evidence db upgrade`, and again after each later upgrade that brings new tables.
--
--   evidence_app    what a scheduled sync connects as: reads all, adds to the ledger, cannot alter
--                   or delete any of it, and works freely on what can be derived again.
--   evidence_purge  the same, and may delete a payload after the entry that purges it: only for the
--                   person who runs `evidence purge`.
--   evidence_read   reads all: for `trace`, `status`, `verify --store` and auditors.
--
-- Give them to logins of yours: GRANT evidence_app TO sync_user;
-- The owner and superusers can still take these guards away. What shows that are checkpoints kept
-- outside of the database (docs/how-to/anchor.md).

DO $$
DECLARE
  role_name text;
  tab text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['evidence_app', 'evidence_purge', 'evidence_read'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role_name);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', role_name);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA public TO %I', role_name);
  END LOOP;

  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  GRANT INSERT ON entry, payload, node, checkpoint TO evidence_app, evidence_purge;
  GRANT DELETE ON payload TO evidence_purge;

  FOR tab IN
    SELECT tablename FROM pg_tables
    WHERE schemaname = 'public'
      AND tablename NOT IN ('entry', 'payload', 'node', 'checkpoint', 'alembic_version')
  LOOP
    EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO evidence_app, evidence_purge', tab);
  END LOOP;
END $$;
