-- A copy of the database must not book in the real ledger: no tokens, no app secret, nothing automatic.
DELETE FROM exact_token;
DELETE FROM exact_oauth_state;
DELETE FROM exact_webhook_event;
DELETE FROM exact_webhook_subscription;
UPDATE exact_authorization SET client_secret = NULL, webhook_secret = NULL;
UPDATE res_config_settings SET exact_client_secret = NULL, exact_webhook_secret = NULL;
UPDATE exact_connection SET auto_send = FALSE, import_customers = FALSE, update_customers = FALSE, look_at_once = FALSE;
UPDATE exact_exchange SET state = 'cancelled' WHERE state IN ('pending', 'sending', 'waiting', 'unclear');
